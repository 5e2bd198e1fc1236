// A painting's marks of 1 to 16 pixels, made as strong as its style's. See artnet/image/contrast.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

import {enlarged, halved} from './blocks.js';
import {cropped} from './resize.js';

const BANDS = 4;
const MOST = 2; // times stronger or weaker at most
const FAINT = 1e-3;
const MIDDLE = 128;

/** How strong each of a picture's bands is: what halving it loses, in levels of 255. */
export function contrastOf(picture) {
  return contrastsOf(sizesOf(picture));
}

/** Scales the bands of a painted picture, in place. @param wanted the style's `contrastOf`. */
export function matchContrast(painted, wanted, strength) {
  const sizes = sizesOf(painted);
  const times = contrastsOf(sizes).map((own, i) => {
    const gain = Math.min(MOST, Math.max(1 / MOST, (wanted[i] + FAINT) / (own + FAINT)));
    return gain ** strength;
  });
  const shares = [...times, 1].map((share, i) => share - (times[i - 1] ?? 0));
  const {width, height} = halved(sizes.at(-1));
  let total = {width, height, data: new Uint8ClampedArray(4 * width * height).fill(MIDDLE)};
  for (const [i, size] of [...sizes.entries()].reverse()) total = added(size, shares[i], total);
  painted.data.set(total.data);
}

/** The picture, and half the size of each one before; sides are rounded up. */
function sizesOf(picture) {
  const sizes = [picture];
  for (let i = 0; i < BANDS; i++) sizes.push(halved(sizes[i]));
  return sizes;
}

function contrastsOf(sizes) {
  const energies = sizes.map(meanSquare);
  return energies.slice(1).map((coarse, i) => Math.sqrt(Math.max(0, energies[i] - coarse)));
}

/** Of all samples, from the middle on. */
function meanSquare({width, height, data}) {
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) {
    for (let j = i; j < i + 3; j++) sum += (data[j] - MIDDLE) ** 2;
  }
  return sum / (3 * width * height);
}

/** A size from the middle on, some times over, added to the sum of the coarser ones, which is enlarged. */
function added(size, share, total) {
  const {width, height} = size;
  const large = {width: 2 * total.width, height: 2 * total.height};
  large.data = enlarged(total.data, total.width, total.height, 4, 2);
  const {data} = cropped(large, {x: 0, y: 0, width, height});
  for (let i = 0; i < data.length; i += 4) {
    for (let j = i; j < i + 3; j++) data[j] += share * (size.data[j] - MIDDLE); // rounded by the array
    data[i + 3] = size.data[i + 3];
  }
  return {width, height, data};
}
