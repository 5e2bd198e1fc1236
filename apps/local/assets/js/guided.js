// A painting's masses of light, guided by the photo. See artnet/image/guided.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

import {addLight, enlarged, means} from './blocks.js';
import {lumaOf} from './finish.js';
import {padded} from './resize.js';

const CELL = 16; // pixels of the photo from one linear function to the next
const BLOCK = 8; // pixels whose mean is guided in a painting
const EDGE = 35; // deviation of a cell's light at which half of it is guided

/** Guides a painting's light, in place. @param content what it was painted from, of its size. */
export function guidePainting(painted, content) {
  const wholes = [painted, content].map((picture) => padded(picture, CELL));
  const {width, height} = wholes[0];
  const [columns, rows] = [width / BLOCK, height / BLOCK];
  const [own, light] = wholes.map((whole) => means(lumaOf(whole), width, height, 1, BLOCK));
  const change = enlarged(changeOf(own, light, columns, rows, CELL / BLOCK), columns, rows, 1, BLOCK);
  for (let row = 0, to = 0; row < painted.height; row++) {
    for (let i = row * width; i < row * width + painted.width; i++, to += 4) addLight(painted.data, to, change[i]);
  }
}

/**
 * A draft's bytes with its light guided.
 * @param light the content's luma at the size of drafts, both sides multiples of CELL over the factor.
 */
export function guidedDraft(draft, light, factor) {
  const change = changeOf(lumaOf(draft), light, draft.width, draft.height, CELL / factor);
  const data = draft.data.slice();
  for (let i = 0; i < change.length; i++) addLight(data, 4 * i, change[i]);
  return data;
}

/** What changes at each place. @param cell places along a side. */
function changeOf(light, guide, width, height, cell) {
  const [y, x] = [light, guide].map((levels) => Float32Array.from(levels));
  const mean = (values) => softened(means(values, width, height, 1, cell), width / cell);
  const [wanted, own] = [x, y].map(mean);
  const [squares, products] = [x.map((value) => value ** 2), x.map((value, i) => value * y[i])].map(mean);
  const variance = squares.map((square, i) => square - wanted[i] ** 2);
  const share = variance.map((value) => value / (value + EDGE ** 2));
  const slope = variance.map((value, i) => share[i] * (products[i] - wanted[i] * own[i]) / (value + 1));
  const offset = slope.map((value, i) => share[i] * own[i] - value * wanted[i]);
  const [slopes, offsets, shares] = [slope, offset, share].map((part) => (
    enlarged(part, width / cell, height / cell, 1, cell)));
  return y.map((value, i) => slopes[i] * x[i] + offsets[i] - shares[i] * value);
}

/** Means with those of the neighbours. */
function softened(values, width) {
  const height = values.length / width;
  const at = (row, column) => values[
    Math.min(Math.max(row, 0), height - 1) * width + Math.min(Math.max(column, 0), width - 1)];
  const line = (row, column) => at(row, column - 1) + 2 * at(row, column) + at(row, column + 1);
  return values.map((_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return (line(row - 1, column) + 2 * line(row, column) + line(row + 1, column)) / 16;
  });
}
