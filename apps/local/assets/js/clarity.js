// A photo made clear before it is painted. See artnet/image/clarity.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

import {addLight, detailOf, energyOf, enlarged} from './blocks.js';
import {lumaOf} from './finish.js';
import {cropped, padded} from './resize.js';

const BLOCK = 4; // pixels whose mean is not detail
const CLARITY = 1.9; // times the faintest detail is added
const FAINT = 10; // levels of detail that get half of that
const UNSEEN = 2; // levels of detail that get half, as they are noise more often than not

/** A picture with more of its own detail. @param strength 0 (the picture itself) to 1. */
export function clarified(picture, strength) {
  const whole = padded(picture, BLOCK);
  const {width, height} = whole;
  const detail = detailOf(lumaOf(whole), width, height, BLOCK);
  const amounts = energyOf(detail, width, height, BLOCK).map((energy) => strength * amountFor(energy));
  const amount = enlarged(amounts, width / BLOCK, height / BLOCK, 1, BLOCK);
  const data = new Uint8ClampedArray(whole.data);
  for (let i = 0; i < detail.length; i++) addLight(data, 4 * i, amount[i] * detail[i]);
  return cropped({width, height, data}, {x: 0, y: 0, width: picture.width, height: picture.height});
}

/** How many times detail of so much energy is added. */
function amountFor(energy) {
  const size = Math.sqrt(energy);
  return CLARITY * (FAINT / (FAINT + size)) * (size / (UNSEEN + size));
}
