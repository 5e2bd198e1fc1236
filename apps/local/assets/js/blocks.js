// Means in square blocks of pixels, and what is beyond them: detail. See artnet/image/blocks.py.
//
// Values of some channels lie row by row; sides are multiples of the block's, but for `means`.

const MOST = 127; // what a change of light is cut off at

/** Luma without its means in blocks. */
export function detailOf(luma, width, height, block) {
  const smooth = enlarged(means(luma, width, height, 1, block), width / block, height / block, 1, block);
  return Float32Array.from(luma, (value, i) => value - smooth[i]);
}

/** Mean squares of detail, one a block. */
export function energyOf(detail, width, height, block) {
  return means(detail.map((value) => value ** 2), width, height, 1, block);
}

/** Means of blocks of factor x factor, smaller at the right and bottom, channel by channel, in the data's type. */
export function means(data, width, height, channels, factor) {
  const columns = Math.ceil(width / factor);
  const sums = new Float32Array(columns * Math.ceil(height / factor) * channels);
  for (let row = 0, from = 0; row < height; row++) {
    const line = Math.floor(row / factor) * columns;
    for (let column = 0; column < width; column++) {
      const to = (line + Math.floor(column / factor)) * channels;
      for (let channel = 0; channel < channels; channel++, from++) sums[to + channel] += data[from];
    }
  }
  const round = roundingOf(data);
  return data.constructor.from(sums, (sum, i) => {
    const block = Math.floor(i / channels);
    const across = Math.min(factor, width - (block % columns) * factor);
    const down = Math.min(factor, height - Math.floor(block / columns) * factor);
    return round(sum / (across * down));
  });
}

/** Bilinear, so many times as wide and high, in the data's type. */
export function enlarged(data, width, height, channels, factor) {
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

/** Adds levels to the three colours of the pixel that begins at a place of RGBA bytes. */
export function addLight(data, first, levels) {
  const change = Math.round(Math.min(MOST, Math.max(-MOST, levels)));
  for (let i = first; i < first + 3; i++) data[i] += change; // clamped by the array
}

/** How values are stored in an array: of bytes halves are rounded up, as Pillow does. */
function roundingOf(data) {
  return data instanceof Float32Array ? (value) => value : (value) => Math.floor(value + 0.5);
}
