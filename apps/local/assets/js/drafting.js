// Draft and revise: a smaller size, and the enlarged draft with the content's detail. See artnet/image/drafting.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

import {addLight, detailOf, energyOf, enlarged, means} from './blocks.js';
import {lumaOf} from './finish.js';
import {guidedDraft} from './guided.js';
import {cropped, padded} from './resize.js';

/** How many times smaller than the painting a draft is. */
export const FACTOR = 2;
const [SMALL, LARGE] = [384, 768];
const SHORT_SIDE = 1536; // of a picture, from which on strokes grow with it
const EXAGGERATION = 2; // of the content's detail, which painting weakens
const BAND = 4; // pixels of a draft whose mean is not detail
const UNSEEN = 2; // levels up to which detail counts half as much
const SHOWN_DETAIL = 0.8; // share of the content's detail that is given to what is enlarged and shown

/** Whether there is a draft for strokes of a size. */
export function isDrafted(strokeSize) {
  return strokeSize >= SMALL;
}

/** How many times smaller a picture is painted, to be enlarged, for strokes of a size: 1, 2 or 4. */
export function scaleOfStrokes(strokeSize) {
  return scaleFrom(LARGE, strokeSize);
}

/** How many times smaller a picture of some size is painted, whatever the strokes: 1, 2 or 4. */
export function scaleOfPicture({width, height}) {
  return scaleFrom(SHORT_SIDE, Math.min(width, height));
}

function scaleFrom(first, length) {
  if (length < first) return 1;
  return length < 2 * first ? 2 : 4;
}

/** A picture, so many times smaller; its edge is repeated until sides are multiples. */
export function reduced(picture, factor) {
  const {width, height, data} = padded(picture, factor);
  return {width: width / factor, height: height / factor, data: means(data, width, height, 4, factor)};
}

/**
 * What is painted at full size: the enlarged draft, its light guided, with the content's detail, exaggerated.
 * @param content both sides multiples of CELL in guided.js.
 */
export function revisable(draft, content) {
  const {width, height} = content;
  const factor = width / draft.width;
  const luma = lumaOf(content);
  const small = means(luma, width, height, 1, factor);
  const smooth = enlarged(small, draft.width, draft.height, 1, factor);
  const guided = {width: draft.width, height: draft.height, data: guidedDraft(draft, small, factor)};
  const data = enlarged(outlined(guided, small), draft.width, draft.height, 4, factor);
  for (let i = 0; i < luma.length; i++) addLight(data, 4 * i, EXAGGERATION * (luma[i] - smooth[i]));
  return {width, height, data};
}

/** What was painted smaller, enlarged, with some of the content's detail. @param painted `reduced` content, painted. */
export function shown(painted, content, factor) {
  const block = 2 * factor;
  const {width, height, data: pixels} = padded(content, block);
  const detail = detailOf(lumaOf({width, height, data: pixels}), width, height, block);
  const small = padded(painted, 2);
  const data = enlarged(small.data, small.width, small.height, 4, factor);
  for (let i = 0; i < detail.length; i++) addLight(data, 4 * i, SHOWN_DETAIL * detail[i]);
  return cropped({width, height, data}, {x: 0, y: 0, width: content.width, height: content.height});
}

/** A draft's bytes; its middle detail gives way to the content's, exaggerated, where that is the stronger one. */
function outlined(draft, light) {
  const {width, height} = draft;
  const [wanted, own] = [light, lumaOf(draft)].map((luma) => detailOf(luma, width, height, BAND));
  const [content, strokes] = [wanted, own].map((detail) => {
    const energy = energyOf(detail, width, height, BAND);
    return enlarged(energy, width / BAND, height / BAND, 1, BAND);
  });
  const data = draft.data.slice();
  for (let i = 0; i < light.length; i++) {
    const share = content[i] / (content[i] + strokes[i] + UNSEEN ** 2);
    addLight(data, 4 * i, share * (EXAGGERATION * wanted[i] - own[i]));
  }
  return data;
}
