// The ground that pictures are painted on. See artnet/image/ground.py, whose levels these are.

export const SIZE = 512;
const WIDTHS = [2, 4, 8, 16];
const CONTRAST = 8;

let pattern; // made once

/** A picture {width, height, data} (RGBA) with the ground added to its colours. @param strength 0 (none) to 1. */
export function onGround({width, height, data}, strength) {
  if (strength === 0) return {width, height, data};
  pattern ??= makePattern();
  const levels = Int16Array.from(pattern, (x) => Math.round(strength * CONTRAST * x));
  const laid = new Uint8ClampedArray(data);
  for (let row = 0, i = 0; row < height; row++) {
    const line = (row % SIZE) * SIZE;
    for (let column = 0; column < width; column++, i += 4) {
      const level = levels[line + column % SIZE];
      for (let j = i; j < i + 3; j++) laid[j] += level; // clamped by the array
    }
  }
  return {width, height, data: laid};
}

/** SIZE x SIZE numbers of mean 0 and deviation 1. */
export function makePattern() {
  const total = new Float64Array(SIZE * SIZE);
  for (const [bit, width] of WIDTHS.entries()) {
    let marks = Int32Array.from(total, (_, i) => ((hash(i) >>> bit) & 1) * 2 - 1);
    for (let turn = 0; turn < 3; turn++) {
      for (const step of [SIZE, 1]) {
        for (let shift = 1; shift < width; shift *= 2) marks = withShifted(marks, shift, step);
      }
    }
    for (const [i, x] of normalised(marks).entries()) total[i] += x;
  }
  return normalised(total);
}

/** Every mark and the one that lies so many rows (step SIZE) or columns (step 1) before it, around the edge. */
function withShifted(marks, shift, step) {
  const line = step * SIZE;
  return marks.map((x, i) => {
    const start = i - i % line;
    return x + marks[start + (i - start + line - shift * step) % line];
  });
}

function normalised(values) {
  let [sum, squares] = [0, 0];
  for (const x of values) sum += x;
  const mean = sum / values.length;
  for (const x of values) squares += (x - mean) ** 2;
  const deviation = Math.sqrt(squares / values.length);
  return Float64Array.from(values, (x) => (x - mean) / deviation);
}

/** MurmurHash3's finaliser. */
function hash(i) {
  let mixed = Math.imul(i ^ (i >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
