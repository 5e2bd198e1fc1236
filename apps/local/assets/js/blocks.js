// Means in square blocks of pixels, and what is beyond them: detail. See artnet/image/blocks.py.
//
// Values of some channels lie row by row; sides are multiples of the block's.

import {padded} from './resize.js';

/** Luma without its means in blocks. */
export function detailOf(luma, width, height, block) {
  const smooth = enlarged(means(luma, width, height, 1, block), width / block, height / block, 1, block);
  return Float32Array.from(luma, (value, i) => value - smooth[i]);
}

/** Mean squares of detail, one a block. */
export function energyOf(detail, width, height, block) {
  return means(detail.map((value) => value ** 2), width, height, 1, block);
}

/** Means of blocks of factor x factor, channel by channel, in the data's type. */
export function means(data, width, height, channels, factor) {
  const columns = width / factor;
  const sums = new Float32Array(columns * height / factor * channels);
  for (let row = 0, from = 0; row < height; row++) {
    const line = Math.floor(row / factor) * columns;
    for (let column = 0; column < width; column++) {
      const to = (line + Math.floor(column / factor)) * channels;
      for (let channel = 0; channel < channels; channel++, from++) sums[to + channel] += data[from];
    }
  }
  // Means of bytes are rounded as by OpenCV: halves up in blocks of two, else to even.
  const round = data instanceof Float32Array ? (value) => value : factor === 2 ? roundUp : roundEven;
  return data.constructor.from(sums, (sum) => round(sum / factor ** 2));
}

/** Bilinear, so many times as wide and high, in the data's type. */
export function enlarged(data, width, height, channels, factor) {
  const wide = alongRows(data, width, height, channels, factor);
  const large = alongColumns(wide, width * factor * channels, height, factor);
  return data instanceof Float32Array ? large : data.constructor.from(large, roundUp);
}

/** A picture at half of its size, sides rounded up: each pixel of the two and their neighbours, weighed 1, 3, 3, 1. */
export function halved(picture) {
  const {width, height, data} = padded(picture, 2);
  const soft = new Uint8ClampedArray(data.length);
  for (let row = 0; row < height; row++) {
    const rows = [Math.max(0, row - 1), row, Math.min(height - 1, row + 1)].map((y) => 4 * y * width);
    for (let column = 0; column < width; column++) {
      const [left, right] = [4 * Math.max(0, column - 1), 4 * Math.min(width - 1, column + 1)];
      for (let channel = 0; channel < 4; channel++) {
        const [above, here, below] = rows.map((at) => (
          data[at + left + channel] + 2 * data[at + 4 * column + channel] + data[at + right + channel]));
        soft[rows[1] + 4 * column + channel] = (above + 2 * here + below + 8) >> 4;
      }
    }
  }
  return {width: width / 2, height: height / 2, data: means(soft, width, height, 4, 2)};
}

function alongRows(data, width, height, channels, factor) {
  const result = new Float32Array(data.length * factor);
  const between = neighbours(width, factor);
  for (let row = 0, to = 0; row < height; row++) {
    for (const [first, second, share] of between) {
      const [a, b] = [(row * width + first) * channels, (row * width + second) * channels];
      for (let channel = 0; channel < channels; channel++, to++) {
        result[to] = data[a + channel] * (1 - share) + data[b + channel] * share;
      }
    }
  }
  return result;
}

function alongColumns(data, line, height, factor) {
  const result = new Float32Array(data.length * factor);
  for (const [row, [first, second, share]] of neighbours(height, factor).entries()) {
    const [to, a, b] = [row * line, first * line, second * line];
    for (let i = 0; i < line; i++) result[to + i] = data[a + i] * (1 - share) + data[b + i] * share;
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

/** Adds levels to the three colours of the pixel that begins at a place of RGBA bytes. */
export function addLight(data, first, levels) {
  for (let i = first; i < first + 3; i++) data[i] += levels; // rounded and clamped by the array
}

function roundUp(value) {
  return Math.floor(value + 0.5);
}

function roundEven(value) {
  const up = roundUp(value);
  return up - (up - value === 0.5 && up % 2);
}
