// Large pictures in tiles that overlap, so that layers of full size never fill the memory.

const TILE = 1024; // longest side of a tile, its overlap included
const REACH = 5; // strides beyond which no pixel sees anything, on the way in and on the way out

/** Tiles {x, y, width, height, keep: the box that stays} of a picture whose sides are multiples of the stride. */
export function tilesOf(width, height, stride) {
  const columns = spans(width, stride);
  return spans(height, stride).flatMap((rows) => columns.map((column) => ({
    x: column.start, width: column.stop - column.start, y: rows.start, height: rows.stop - rows.start,
    keep: {x: column.keep, width: column.end - column.keep, y: rows.keep, height: rows.end - rows.keep},
  })));
}

/** As few spans as cover a length, about equally long, on multiples of the stride. */
function spans(length, stride) {
  if (length <= TILE) return [{start: 0, stop: length, keep: 0, end: length}];
  const strides = length / stride;
  const count = Math.ceil((strides - 2 * REACH) / (TILE / stride - 2 * REACH));
  const size = (Math.ceil((strides - 2 * REACH) / count) + 2 * REACH) * stride;
  const step = (strides - size / stride) / (count - 1);
  const starts = Array.from({length: count}, (_, i) => Math.round(step * i) * stride);
  const seams = [0, ...starts.slice(1).map((start) => start + REACH * stride), length];
  return starts.map((start, i) => ({start, stop: start + size, keep: seams[i], end: seams[i + 1]}));
}
