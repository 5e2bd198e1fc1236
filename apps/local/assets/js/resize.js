// Resampling by Lanczos' filter, to the pixel as Pillow does it: styles then come out as on the command line.

const LOBES = 3;
const LANCZOS = {reach: LOBES, weigh: lanczos};
/** Bilinear; a wider triangle where it makes smaller. */
export const TRIANGLE = {reach: 1, weigh: (x) => Math.max(0, 1 - Math.abs(x))};

/** A picture {width, height, data: RGBA} at another size. */
export function resize(picture, width, height) {
  if (picture.width === width && picture.height === height) return picture;
  const wide = alongRows(picture, width);
  return transposed(alongRows(transposed(wide), height));
}

/** A part of a picture. */
export function cropped(picture, {x, y, width, height}) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let row = 0; row < height; row++) {
    const from = 4 * ((y + row) * picture.width + x);
    data.set(picture.data.subarray(from, from + 4 * width), 4 * row * width);
  }
  return {width, height, data};
}

function alongRows({width, height, data}, newWidth) {
  if (width === newWidth) return {width, height, data};
  const result = new Uint8ClampedArray(4 * newWidth * height);
  for (const [column, {first, weights}] of filters(width, newWidth, LANCZOS).entries()) {
    for (let row = 0; row < height; row++) {
      for (let channel = 0; channel < 4; channel++) {
        let sum = 0;
        for (let i = 0, from = 4 * (row * width + first) + channel; i < weights.length; i++, from += 4) {
          sum += weights[i] * data[from];
        }
        result[4 * (row * newWidth + column) + channel] = Math.floor(sum + 0.5);
      }
    }
  }
  return {width: newWidth, height, data: result};
}

/** For every new pixel the first old one that it sees, and the weights of those from there. */
export function filters(length, newLength, {reach, weigh}) {
  const scale = length / newLength;
  const stretch = Math.max(1, scale);
  return Array.from({length: newLength}, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach * stretch + 0.5));
    const end = Math.min(length, Math.floor(centre + reach * stretch + 0.5));
    const weights = Array.from({length: end - first}, (__, j) => weigh((first + j - centre + 0.5) / stretch));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return {first, weights: Float64Array.from(weights, (weight) => weight / total)};
  });
}

function lanczos(x) {
  if (x === 0) return 1;
  if (Math.abs(x) >= LOBES) return 0;
  return LOBES * Math.sin(Math.PI * x) * Math.sin(Math.PI * x / LOBES) / (Math.PI * x) ** 2;
}

function transposed({width, height, data}) {
  const [from, to] = [new Uint32Array(data.buffer, data.byteOffset, width * height), new Uint32Array(width * height)];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) to[column * height + row] = from[row * width + column];
  }
  return {width: height, height: width, data: new Uint8ClampedArray(to.buffer)};
}
