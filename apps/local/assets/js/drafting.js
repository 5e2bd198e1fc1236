// Draft and revise: a smaller size, and the enlarged draft with the content's detail. See artnet/image/drafting.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

import {lumaOf} from './finish.js';

export const MOST_FACTOR = 4;
const [SMALL, LARGE] = [384, 768];
const EXAGGERATION = 2; // of the content's detail, which painting weakens
const BAND = 4; // pixels of a draft whose mean is not detail
const UNSEEN = 2; // levels up to which detail counts half as much
const MOST = 127; // what fine detail is cut off at

/** How many times smaller a draft is for strokes of a size: 1, where there is none, 2 or 4. */
export function factorOf(strokeSize) {
  if (strokeSize < SMALL) return 1;
  return strokeSize < LARGE ? 2 : MOST_FACTOR;
}

/** A picture at the size of drafts; both sides multiples of the factor. */
export function reduced({width, height, data}, factor) {
  return {width: width / factor, height: height / factor, data: means(data, width, height, 4, factor)};
}

/**
 * What is painted at full size: the enlarged draft with the content's detail, exaggerated.
 * @param content both sides multiples of BAND times the factor.
 */
export function revisable(draft, content) {
  const {width, height} = content;
  const factor = width / draft.width;
  const luma = lumaOf(content);
  const small = means(luma, width, height, 1, factor);
  const smooth = enlarged(small, draft.width, draft.height, 1, factor);
  const data = enlarged(outlined(draft, small), draft.width, draft.height, 4, factor);
  for (let i = 0; i < luma.length; i++) {
    const change = EXAGGERATION * Math.min(MOST, Math.max(-MOST, luma[i] - smooth[i]));
    for (let j = 4 * i; j < 4 * i + 3; j++) data[j] += change; // clamped by the array
  }
  return {width, height, data};
}

/** A draft's bytes; its middle detail gives way to the content's, exaggerated, where that is the stronger one. */
function outlined(draft, light) {
  const {width, height} = draft;
  const [wanted, own] = [light, lumaOf(draft)].map((luma) => bandOf(luma, width, height));
  const [content, strokes] = [wanted, own].map((band) => energyOf(band, width, height));
  const data = draft.data.slice();
  for (let i = 0; i < light.length; i++) {
    const share = content[i] / (content[i] + strokes[i] + UNSEEN ** 2);
    const change = Math.round(share * (EXAGGERATION * wanted[i] - own[i]));
    for (let j = 4 * i; j < 4 * i + 3; j++) data[j] += change;
  }
  return data;
}

/** Luma without its means in blocks. */
function bandOf(luma, width, height) {
  const smooth = enlarged(means(luma, width, height, 1, BAND), width / BAND, height / BAND, 1, BAND);
  return Float32Array.from(luma, (value, i) => value - smooth[i]);
}

/** Mean squares of a band in blocks, at its size. */
function energyOf(band, width, height) {
  const squares = means(band.map((value) => value ** 2), width, height, 1, BAND);
  return enlarged(squares, width / BAND, height / BAND, 1, BAND);
}

/** Means of blocks of factor x factor, channel by channel, in the data's type. */
function means(data, width, height, channels, factor) {
  const columns = width / factor;
  const sums = new Float32Array(columns * (height / factor) * channels);
  for (let row = 0, from = 0; row < height; row++) {
    const line = Math.floor(row / factor) * columns;
    for (let column = 0; column < width; column++) {
      const to = (line + Math.floor(column / factor)) * channels;
      for (let channel = 0; channel < channels; channel++, from++) sums[to + channel] += data[from];
    }
  }
  const round = roundingOf(data);
  return data.constructor.from(sums, (sum) => round(sum / factor ** 2));
}

/** Bilinear, so many times as wide and high, in the data's type. */
function enlarged(data, width, height, channels, factor) {
  const wide = alongRows(data, width, height, channels, factor);
  return alongColumns(wide, width * factor * channels, height, factor);
}

function alongRows(data, width, height, channels, factor) {
  const result = new data.constructor(data.length * factor);
  const round = roundingOf(data);
  const between = neighbours(width, factor);
  for (let row = 0, to = 0; row < height; row++) {
    for (const [first, second, share] of between) {
      const [a, b] = [(row * width + first) * channels, (row * width + second) * channels];
      for (let channel = 0; channel < channels; channel++, to++) {
        result[to] = round(data[a + channel] * (1 - share) + data[b + channel] * share);
      }
    }
  }
  return result;
}

function alongColumns(data, line, height, factor) {
  const result = new data.constructor(data.length * factor);
  const round = roundingOf(data);
  for (const [row, [first, second, share]] of neighbours(height, factor).entries()) {
    const [to, a, b] = [row * line, first * line, second * line];
    for (let i = 0; i < line; i++) result[to + i] = round(data[a + i] * (1 - share) + data[b + i] * share);
  }
  return result;
}

/** For every new position the two old ones beside it, and the second's share. */
function neighbours(length, factor) {
  return Array.from({length: length * factor}, (_, i) => {
    const at = Math.min(Math.max((i + 0.5) / factor - 0.5, 0), length - 1);
    const first = Math.floor(at);
    return [first, Math.min(first + 1, length - 1), at - first];
  });
}

/** How values are stored in an array: of bytes halves are rounded up, as Pillow does. */
function roundingOf(data) {
  return data instanceof Float32Array ? (value) => value : (value) => Math.floor(value + 0.5);
}
