// Resampling, to the pixel as Pillow does it: pictures then come out as on the command line.

const LOBES = 3;

/** A picture {width, height, data: RGBA} at another size, by Lanczos' filter. */
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

/**
 * The picture with its right and bottom edge repeated until both sides are multiples of the stride.
 * @param least of strides along a side.
 */
export function padded(picture, stride, least = 1) {
  const up = (side) => Math.max(least, Math.ceil(side / stride)) * stride;
  const [width, height] = [up(picture.width), up(picture.height)];
  if (width === picture.width && height === picture.height) return picture;
  const from = new Uint32Array(picture.data.buffer, picture.data.byteOffset, picture.width * picture.height);
  const to = new Uint32Array(width * height);
  for (let row = 0; row < height; row++) {
    const start = Math.min(row, picture.height - 1) * picture.width;
    to.set(from.subarray(start, start + picture.width), row * width);
    to.fill(from[start + picture.width - 1], row * width + picture.width, (row + 1) * width);
  }
  return {width, height, data: new Uint8ClampedArray(to.buffer)};
}

function alongRows({width, height, data}, newWidth) {
  if (width === newWidth) return {width, height, data};
  const result = new Uint8ClampedArray(4 * newWidth * height);
  for (const [column, {first, weights}] of filters(width, newWidth).entries()) {
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
function filters(length, newLength) {
  const scale = length / newLength;
  const stretch = Math.max(1, scale);
  return Array.from({length: newLength}, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - LOBES * stretch + 0.5));
    const end = Math.min(length, Math.floor(centre + LOBES * stretch + 0.5));
    const weights = Array.from({length: end - first}, (__, j) => lanczos((first + j - centre + 0.5) / stretch));
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
