// A painting's masses of light, guided by the photo. See artnet/image/guided.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

import {enlarged, means} from './blocks.js';
import {lumaOf} from './finish.js';
import {padded} from './resize.js';

const CELL = 16; // pixels of the photo from one linear function to the next
const BLOCK = 8; // pixels whose mean is guided in a painting
const DRAFT_BLOCK = 2; // the same in a draft, in pixels of its own
const DRAFT_TIMES = 1.5; // a draft is changed by as much
const EDGE = 20; // deviation of a cell's light at which half of it is guided
const MOST = 127; // what a change is cut off at

/** Guides a painting's light, in place. @param content what it was painted from, of its size. */
export function guidePainting(painted, content) {
  const [own, light] = [painted, content].map((picture) => padded(picture, CELL));
  const {width, height} = own;
  const change = changeOf(lumaOf(own), lumaOf(light), width, height, BLOCK, CELL / BLOCK);
  for (let row = 0, to = 0; row < painted.height; row++) {
    for (let column = 0; column < painted.width; column++, to += 4) add(painted.data, to, change[row * width + column]);
  }
}

/**
 * A draft's bytes with its light guided.
 * @param light the content's luma at the size of drafts, both sides multiples of CELL over the factor.
 */
export function guidedDraft(draft, light, factor) {
  const {width, height} = draft;
  const change = changeOf(lumaOf(draft), light, width, height, DRAFT_BLOCK, CELL / factor / DRAFT_BLOCK);
  const data = draft.data.slice();
  for (const [i, levels] of change.entries()) add(data, 4 * i, DRAFT_TIMES * levels);
  return data;
}

function add(data, first, levels) {
  const change = Math.round(Math.min(MOST, Math.max(-MOST, levels)));
  for (let i = first; i < first + 3; i++) data[i] += change; // clamped by the array
}

/** What changes in each pixel. @param block pixels along a side whose mean is guided. @param cell blocks along a side. */
function changeOf(luma, guide, width, height, block, cell) {
  const [columns, rows] = [width / block, height / block];
  const [y, x] = [luma, guide].map((light) => Float32Array.from(means(light, width, height, 1, block)));
  const mean = (values) => softened(means(values, columns, rows, 1, cell), columns / cell);
  const [own, wanted, squares, products] = [y, x, x.map((value) => value ** 2), x.map((value, i) => value * y[i])].map(mean);
  const variance = squares.map((square, i) => square - wanted[i] ** 2);
  const share = variance.map((value) => value / (value + EDGE ** 2));
  const slope = variance.map((value, i) => share[i] * (products[i] - wanted[i] * own[i]) / (value + 1));
  const offset = slope.map((value, i) => share[i] * own[i] - value * wanted[i]);
  const [slopes, offsets, shares] = [slope, offset, share].map((part) => (
    enlarged(part, columns / cell, rows / cell, 1, cell)));
  return enlarged(y.map((value, i) => slopes[i] * x[i] + offsets[i] - shares[i] * value), columns, rows, 1, block);
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
