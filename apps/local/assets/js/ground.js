// The ground that pictures are painted on. See artnet/image/ground.py.

const SIZE = 512;

/**
 * A picture with the ground added to its colours.
 *
 * @param strength 0 (none) to 1.
 * @param levels Int8Array (SIZE x SIZE): what is added at full strength.
 */
export function onGround({width, height, data}, strength, levels) {
  const added = levels.map((level) => Math.round(strength * level));
  const laid = new Uint8ClampedArray(data);
  for (let row = 0, i = 0; row < height; row++) {
    const line = (row % SIZE) * SIZE;
    for (let column = 0; column < width; column++, i += 4) {
      const level = added[line + column % SIZE];
      for (let j = i; j < i + 3; j++) laid[j] += level; // clamped by the array
    }
  }
  return {width, height, data: laid};
}
