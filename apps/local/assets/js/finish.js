// What is done to pixels after the network: fine detail, grain, the photo's own colours. See artnet/image/postprocess.py and
// artnet/image/compose.py.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData.

const PHOTO_DETAIL = 6.1;
const MOST_GRAIN = 7.65;
const MEDIAN_OF_NORMAL = 0.6745;
const BAND = 512; // side of the grain's pattern
const FADING = 0.2; // strength below which the content itself shows through

/** The finish of a style's picture: {detail: share of the content's finest detail that is kept, grain: deviation}. */
export function finishOf({width, height, data}) {
  let [deviation, median] = [0, 0];
  for (let channel = 0; channel < 3; channel++) {
    const counts = new Uint32Array(8 * 2041); // of the filter's values, -2040..2040 times 4 at most
    const middle = counts.length >> 1;
    let [sum, squares, count] = [0, 0, 0];
    for (let row = 1; row < height - 1; row++) {
      for (let column = 1; column < width - 1; column++) {
        const at = (y, x) => data[4 * ((row + y) * width + column + x) + channel];
        const line = (y) => at(y, -1) - 2 * at(y, 0) + at(y, 1);
        const value = line(-1) - 2 * line(0) + line(1);
        counts[middle + value] += 1;
        sum += value;
        squares += value * value;
        count += 1;
      }
    }
    deviation += Math.sqrt(squares / count - (sum / count) ** 2) / 18; // a sixth of the filter, a third of the channels
    median += medianOf(counts, middle, count) / 18;
  }
  return {detail: Math.min(1, deviation / PHOTO_DETAIL), grain: Math.min(MOST_GRAIN, median / MEDIAN_OF_NORMAL)};
}

/** Median of absolute values, of counts of values around `middle`. */
function medianOf(counts, middle, count) {
  const ranks = [(count - 1) >> 1, count >> 1];
  const found = [];
  for (let size = 0, seen = 0; found.length < 2; size++) {
    seen += counts[middle + size] + (size ? counts[middle - size] : 0);
    while (found.length < 2 && ranks[found.length] < seen) found.push(size);
  }
  return (found[0] + found[1]) / 2;
}

/** A style's finish as it counts at a strength, with so much of its grain. */
export function weakened({detail, grain}, strength, share) {
  return {detail: 1 + strength * (detail - 1), grain: strength * share * grain};
}

/**
 * Adds detail and grain to a painted picture, in place.
 * @param noise {values: Int8Array (512 x 512), steps: of them in one deviation}.
 */
export function applyFinish(painted, content, finish, noise) {
  const {width, height, data} = painted;
  const luma = lumaOf(content);
  const deviation = Math.round(100 * finish.grain) / 100 / noise.steps;
  const pattern = Int16Array.from(noise.values, (value) => Math.round(deviation * value));
  for (let row = 0; row < height; row++) {
    const [above, here, below] = [Math.max(0, row - 1), row, Math.min(height - 1, row + 1)].map((y) => y * width);
    for (let column = 0; column < width; column++) {
      const [left, right] = [Math.max(0, column - 1), Math.min(width - 1, column + 1)];
      const line = (start) => luma[start + left] + 2 * luma[start + column] + luma[start + right];
      const band = 16 * luma[here + column] - line(above) - 2 * line(here) - line(below);
      const change = band * finish.detail / 16 + pattern[(row % BAND) * BAND + column % BAND];
      const first = 4 * (here + column);
      for (let i = first; i < first + 3; i++) data[i] += change; // rounded and clamped by the array
    }
  }
}

/** Brightness as OpenCV computes it. */
export function lumaOf({width, height, data}) {
  const luma = new Uint8Array(width * height);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = (9798 * data[4 * i] + 19235 * data[4 * i + 1] + 3735 * data[4 * i + 2] + 16384) >> 15;
  }
  return luma;
}

/** Fades a painted picture to its content, in place, as the strength goes to 0. */
export function fade(painted, content, strength) {
  const share = Math.min(1, strength / FADING);
  if (share === 1) return;
  for (let i = 0; i < painted.data.length; i++) {
    painted.data[i] = content.data[i] * (1 - share) + painted.data[i] * share; // rounded by the array
  }
}

/** Gives a painted picture the content's colours, in place, and leaves it its brightness. */
export function preserveColor(painted, content) {
  const brightness = (data, i) => 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
  for (let i = 0; i < painted.data.length; i += 4) {
    const luma = brightness(painted.data, i);
    const own = brightness(content.data, i);
    let fit = 1;
    for (let j = i; j < i + 3; j++) {
      const chroma = content.data[j] - own;
      const room = chroma > 0 ? 255 - luma : luma;
      fit = Math.min(fit, room / Math.max(Math.abs(chroma), 1e-3));
    }
    for (let j = i; j < i + 3; j++) painted.data[j] = luma + fit * (content.data[j] - own);
  }
}
