// Draft and revise: a smaller size, and the enlarged draft with the content's detail. See artnet/image/drafting.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

import {lumaOf} from './finish.js';

export const MOST_FACTOR = 4;
const [SMALL, LARGE] = [384, 768];
const DETAIL = 0.8;
const MOST = [-128, 127]; // what detail is cut off at

/** How many times smaller a draft is for strokes of a size: 1, where there is none, 2 or 4. */
export function factorOf(strokeSize) {
  if (strokeSize < SMALL) return 1;
  return strokeSize < LARGE ? 2 : MOST_FACTOR;
}

/** A picture at the size of drafts; both sides multiples of the factor. */
export function reduced({width, height, data}, factor) {
  return {width: width / factor, height: height / factor, data: means(data, width, height, 4, factor)};
}

/** What is painted at full size. @param content both sides multiples of twice the factor. */
export function revisable(draft, content) {
  const {width, height} = content;
  const factor = width / draft.width;
  const band = 2 * factor;
  const luma = lumaOf(content);
  const smooth = enlarged(means(luma, width, height, 1, band), width / band, height / band, 1, band);
  const data = enlarged(draft.data, draft.width, draft.height, 4, factor);
  for (let i = 0; i < luma.length; i++) {
    const detail = Math.min(MOST[1], Math.max(MOST[0], luma[i] - smooth[i]));
    const change = Math.round(DETAIL * detail);
    for (let j = 4 * i; j < 4 * i + 3; j++) data[j] += change; // clamped by the array
  }
  return {width, height, data};
}

/** Rounded means of blocks of factor x factor, channel by channel. */
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
  return Uint8ClampedArray.from(sums, (sum) => Math.floor(sum / factor ** 2 + 0.5));
}

/** Bilinear, so many times as wide and high; halves are rounded up, as Pillow does. */
function enlarged(data, width, height, channels, factor) {
  const wide = alongRows(data, width, height, channels, factor);
  return alongColumns(wide, width * factor * channels, height, factor);
}

function alongRows(data, width, height, channels, factor) {
  const result = new Uint8ClampedArray(data.length * factor);
  const between = neighbours(width, factor);
  for (let row = 0, to = 0; row < height; row++) {
    for (const [first, second, share] of between) {
      const [a, b] = [(row * width + first) * channels, (row * width + second) * channels];
      for (let channel = 0; channel < channels; channel++, to++) {
        result[to] = Math.floor(data[a + channel] * (1 - share) + data[b + channel] * share + 0.5);
      }
    }
  }
  return result;
}

function alongColumns(data, line, height, factor) {
  const result = new Uint8ClampedArray(data.length * factor);
  for (const [row, [first, second, share]] of neighbours(height, factor).entries()) {
    const [to, a, b] = [row * line, first * line, second * line];
    for (let i = 0; i < line; i++) result[to + i] = Math.floor(data[a + i] * (1 - share) + data[b + i] * share + 0.5);
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
