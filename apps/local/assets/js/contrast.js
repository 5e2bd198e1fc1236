// A painting's marks of 4 to 16 pixels, made as strong as its style's. See artnet/image/contrast.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData; planes the same with three floats a pixel.

import {filters, TRIANGLE} from './resize.js';

const FINEST = 4; // pixels of the finest marks
const MOST = 1.5; // times stronger or weaker at most
const FAINT = 1e-3;

/** How strong each of a picture's bands is, in levels of 255. */
export function contrastOf(picture) {
  return bandsOf(picture).map(rootMeanSquare);
}

/** Scales the bands of a painted picture, in place. @param wanted the style's `contrastOf`. */
export function matchContrast(painted, wanted, strength) {
  const [fine, coarse] = bandsOf(painted).map((band, i) => {
    const gain = wanted[i] / Math.max(FAINT, rootMeanSquare(band));
    const share = Math.min(MOST, Math.max(1 / MOST, gain)) ** strength - 1;
    return {...band, data: band.data.map((value) => share * value)};
  });
  const both = combined(fine, resized(coarse, fine.width, fine.height), 1);
  const change = resized(both, FINEST * fine.width, FINEST * fine.height);
  const {width, height, data} = painted;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [to, from] = [4 * (row * width + column), 3 * (row * change.width + column)];
      for (let channel = 0; channel < 3; channel++) data[to + channel] += Math.round(change.data[from + channel]);
    }
  }
}

/** Two planes, a quarter and an eighth of the picture's size: each size of it less the next one, enlarged. */
function bandsOf(picture) {
  const sizes = [means(picture)];
  for (let i = 0; i < 2; i++) {
    const {width, height} = sizes[i];
    sizes.push(resized(sizes[i], Math.ceil(width / 2), Math.ceil(height / 2)));
  }
  return sizes.slice(0, 2).map((fine, i) => combined(fine, resized(sizes[i + 1], fine.width, fine.height), -1));
}

function rootMeanSquare({data}) {
  return Math.sqrt(data.reduce((sum, value) => sum + value ** 2, 0) / data.length);
}

function combined(plane, other, share) {
  return {...plane, data: plane.data.map((value, i) => value + share * other.data[i])};
}

/** Means of blocks; those at the right and lower edges may be smaller. */
function means({width, height, data}) {
  const [columns, rows] = [Math.ceil(width / FINEST), Math.ceil(height / FINEST)];
  const sums = new Float32Array(3 * columns * rows);
  const counts = new Uint8Array(columns * rows);
  for (let row = 0, from = 0; row < height; row++) {
    for (let column = 0; column < width; column++, from += 4) {
      const block = Math.floor(row / FINEST) * columns + Math.floor(column / FINEST);
      counts[block] += 1;
      for (let channel = 0; channel < 3; channel++) sums[3 * block + channel] += data[from + channel];
    }
  }
  return {width: columns, height: rows, data: sums.map((sum, i) => Math.floor(sum / counts[Math.floor(i / 3)] + 0.5))};
}

/** A plane at another size, bilinear; made smaller by a wider triangle. */
function resized({width, height, data}, columns, rows) {
  const wide = new Float32Array(3 * columns * height);
  for (const [column, {first, weights}] of filters(width, columns, TRIANGLE).entries()) {
    for (let row = 0; row < height; row++) {
      for (const [i, weight] of weights.entries()) {
        const [to, from] = [3 * (row * columns + column), 3 * (row * width + first + i)];
        for (let channel = 0; channel < 3; channel++) wide[to + channel] += weight * data[from + channel];
      }
    }
  }
  const [line, result] = [3 * columns, new Float32Array(3 * columns * rows)];
  for (const [row, {first, weights}] of filters(height, rows, TRIANGLE).entries()) {
    for (const [i, weight] of weights.entries()) {
      for (let j = 0; j < line; j++) result[row * line + j] += weight * wide[(first + i) * line + j];
    }
  }
  return {width: columns, height: rows, data: result};
}
