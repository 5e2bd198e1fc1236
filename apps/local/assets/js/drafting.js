// Draft and revise: a smaller size, and the enlarged draft with the content's detail. See artnet/image/drafting.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

import {detailOf, energyOf, enlarged, means} from './blocks.js';
import {lumaOf} from './finish.js';
import {guidedDraft} from './guided.js';

export const MOST_FACTOR = 4;
const [SMALL, LARGE] = [384, 768];
const EXAGGERATION = 2; // of the content's detail, which painting weakens
const BAND = 4; // pixels of a draft whose mean is not detail
const UNSEEN = 2; // levels up to which detail counts half as much
const MOST = 127; // what fine detail is cut off at

/** How many times smaller a draft is for strokes of a size: 1, where there is none, 2 or 4. */
export function factorOf(strokeSize) {
  if (strokeSize < SMALL) return 1;
  return strokeSize < LARGE ? 2 : MOST_FACTOR;
}

/** A picture at the size of drafts; both sides multiples of the factor. */
export function reduced({width, height, data}, factor) {
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
  for (let i = 0; i < luma.length; i++) {
    const change = EXAGGERATION * Math.min(MOST, Math.max(-MOST, luma[i] - smooth[i]));
    for (let j = 4 * i; j < 4 * i + 3; j++) data[j] += change; // clamped by the array
  }
  return {width, height, data};
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
    const change = Math.round(share * (EXAGGERATION * wanted[i] - own[i]));
    for (let j = 4 * i; j < 4 * i + 3; j++) data[j] += change;
  }
  return data;
}
