// A painting's colours, no stronger than those of its style. See artnet/image/chroma.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

const RARE = 0.0002; // share of a style's samples beyond a bound, at either end
const GREY = 128;
const SHIFT = 14; // bits behind the point of the shares of colours, which are OpenCV's
const HALF = 1 << SHIFT - 1;

/** What the blue and the red difference of a picture stay within, but for rare ones: [{low, high}, {low, high}]. */
export function chromaOf({data}) {
  const [blues, reds] = [new Uint32Array(256), new Uint32Array(256)];
  for (let i = 0; i < data.length; i += 4) {
    blues[blueOf(data, i)]++;
    reds[redOf(data, i)]++;
  }
  const rare = RARE * data.length / 4;
  return [blues, reds].map((counts) => ({low: least(counts, rare), high: 255 - least(counts.toReversed(), rare)}));
}

/** Cuts off, in place, the colours that go beyond the style's. @param bounds its `chromaOf`. */
export function limitChroma({data}, bounds, strength) {
  const [blues, reds] = bounds.map(({low, high}) => (
    {low: Math.round(strength * low), high: Math.round(255 + strength * (high - 255))}));
  for (let i = 0; i < data.length; i += 4) {
    const [oldBlue, oldRed] = [blueOf(data, i), redOf(data, i)];
    const [blue, red] = [within(blues, oldBlue), within(reds, oldRed)];
    if (blue === oldBlue && red === oldRed) continue;
    const luma = lightOf(data, i);
    data[i] = luma + 1.403 * (red - GREY); // clamped and rounded by the array
    data[i + 1] = luma - 0.344 * (blue - GREY) - 0.714 * (red - GREY);
    data[i + 2] = luma + 1.773 * (blue - GREY);
  }
}

/** The blue difference of the pixel that begins there, 0..255. */
function blueOf(data, i) {
  return level(9241 * (data[i + 2] - lightOf(data, i)));
}

/** The red difference of the pixel that begins there, 0..255. */
function redOf(data, i) {
  return level(11682 * (data[i] - lightOf(data, i)));
}

function lightOf(data, i) {
  return (4899 * data[i] + 9617 * data[i + 1] + 1868 * data[i + 2] + HALF) >> SHIFT;
}

function level(difference) {
  return Math.min(255, (difference + (GREY << SHIFT) + HALF) >> SHIFT);
}

function within({low, high}, value) {
  return Math.min(high, Math.max(low, value));
}

/** The first level up to which samples are not rare any more. */
function least(counts, rare) {
  let first = 0;
  for (let sum = counts[0]; sum <= rare; sum += counts[first]) first++;
  return first;
}
