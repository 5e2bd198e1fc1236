// A painting's marks of 1 to 16 pixels, made as strong as its style's. See artnet/image/contrast.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

import {resize, TRIANGLE} from './resize.js';

const BANDS = 4;
const MOST = 2; // times stronger or weaker at most
const FAINT = 1e-3;
const MIDDLE = 128;
const STEPS = 64; // of a share

/** How strong each of a picture's bands is: what halving it loses, in levels of 255. */
export function contrastOf(picture) {
  return contrastsOf(sizesOf(picture));
}

/** Scales the bands of a painted picture, in place. @param wanted the style's `contrastOf`. */
export function matchContrast(painted, wanted, strength) {
  const sizes = sizesOf(painted);
  const times = contrastsOf(sizes).map((own, i) => {
    const gain = Math.min(MOST, Math.max(1 / MOST, (wanted[i] + FAINT) / (own + FAINT)));
    return Math.round(STEPS * gain ** strength);
  });
  const shares = [...times, STEPS].map((share, i) => share - (times[i - 1] ?? 0));
  const coarsest = sizes.at(-1);
  let total = {...coarsest, data: new Uint8ClampedArray(coarsest.data).fill(MIDDLE)};
  for (const [i, size] of [...sizes.entries()].reverse()) total = added(size, shares[i], total);
  painted.data.set(total.data);
}

/** The picture, and half the size of each one before; sides are rounded up. */
function sizesOf(picture) {
  const sizes = [picture];
  for (let i = 0; i < BANDS; i++) {
    sizes.push(resize(sizes[i], Math.ceil(sizes[i].width / 2), Math.ceil(sizes[i].height / 2), TRIANGLE));
  }
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
  const {width, height, data} = resize(total, size.width, size.height, TRIANGLE);
  const half = share < 0 ? STEPS / 2 - 1 : STEPS / 2; // so that halves do not add up to a lighter picture
  for (let i = 0; i < data.length; i += 4) {
    for (let j = i; j < i + 3; j++) data[j] += Math.floor((share * (size.data[j] - MIDDLE) + half) / STEPS);
    data[i + 3] = size.data[i + 3];
  }
  return {width, height, data};
}
