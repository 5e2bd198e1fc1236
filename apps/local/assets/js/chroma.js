// A painting's colours, no stronger than those of its style. See artnet/image/chroma.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

const RARE = 0.0002; // share of a style's samples beyond a bound, at either end
const GREY = 128;

/** What the blue and the red difference of a picture stay within, but for rare ones: [{low, high}, {low, high}]. */
export function chromaOf({data}) {
  const counts = [new Uint32Array(256), new Uint32Array(256)];
  for (let i = 0; i < data.length; i += 4) {
    for (const [k, level] of differences(data, i).entries()) counts[k][level]++;
  }
  const rare = RARE * data.length / 4;
  return counts.map((count) => ({low: least(count, rare), high: 255 - least(count.toReversed(), rare)}));
}

/** Cuts off, in place, the colours that go beyond the style's. @param bounds its `chromaOf`. */
export function limitChroma({data}, bounds, strength) {
  const limits = bounds.map(({low, high}) => [strength * low, 255 + strength * (high - 255)].map(Math.round));
  for (let i = 0; i < data.length; i += 4) {
    const found = differences(data, i);
    const [blue, red] = found.map((level, k) => Math.min(limits[k][1], Math.max(limits[k][0], level)) - GREY);
    if (blue + GREY === found[0] && red + GREY === found[1]) continue;
    const luma = Math.round(0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2]);
    data[i] = luma + 1.402 * red; // clamped and rounded by the array
    data[i + 1] = luma - 0.344136 * blue - 0.714136 * red;
    data[i + 2] = luma + 1.772 * blue;
  }
}

/** [blue, red] difference of a pixel, 0..255. */
function differences(data, i) {
  const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
  const levels = [-0.168736 * r - 0.331264 * g + 0.5 * b, 0.5 * r - 0.418688 * g - 0.081312 * b];
  return levels.map((level) => Math.min(255, Math.round(level + GREY)));
}

/** The first level up to which samples are not rare any more. */
function least(counts, rare) {
  let level = 0;
  for (let sum = counts[0]; sum <= rare; sum += counts[level]) level++;
  return level;
}
