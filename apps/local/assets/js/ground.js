// The ground that pictures are painted on. See artnet/image/ground.py.

const SIZES = [[320, 297], [297, 275], [275, 252], [252, 320]]; // (height, width) of the tiles that are added up

/**
 * A picture with the ground added to its colours.
 *
 * @param strength 0 (none) to 1.
 * @param levels Int8Array: the tiles, one after the other, as they are at full strength.
 */
export function onGround({width, height, data}, strength, levels) {
  const tiles = tilesOf(levels.map((level) => Math.round(strength * level)));
  const laid = new Uint8ClampedArray(data);
  for (let row = 0, i = 0; row < height; row++) {
    const lines = tiles.map(({tile, size: [tall, wide]}) => tile.subarray(row % tall * wide, (row % tall + 1) * wide));
    for (let column = 0; column < width; column++, i += 4) {
      let level = 0;
      for (const line of lines) level += line[column % line.length];
      for (let j = i; j < i + 3; j++) laid[j] += level; // clamped by the array
    }
  }
  return {width, height, data: laid};
}

function tilesOf(levels) {
  let end = 0;
  return SIZES.map((size) => {
    const start = end;
    end += size[0] * size[1];
    return {size, tile: levels.subarray(start, end)};
  });
}
