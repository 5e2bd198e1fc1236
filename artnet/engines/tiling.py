"""Pictures of any size: painted tile by tile with the statistics of the whole, so that no seam shows.

Statistics come from one pass over the picture, scaled down where it is large (as Chen et al., arXiv 2103.11784, do for
instance normalisation); styles and their patches are the same for all tiles anyway. Tiles lie on the network's grid and
overlap by as much of a pixel's reach through it as can be seen.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from PIL import Image

from artnet.engines.base import Engine, Held, Look, Statistics, padded_shape
from artnet.image.ground import on_ground
from artnet.image.memmap import empty_beside

TILE = 2560
"""Longest side of a tile in pixels, its overlap included: 4 x 4 of them cover 10,000 x 10,000. Larger ones take longer
for a pixel, smaller ones overlap more."""
THUMBNAIL_PIXELS = 8_000_000
"""What statistics are measured on at most. More would be truer to the whole, but already so many add a tenth to the
time of 100 megapixels."""
STRIP = 256
"""Rows of the picture that are scaled down at a time."""
REACH = 5
"""Strides of the network beyond which nothing that a pixel of the result depends on can be seen in it. Content up to
61 pixels away has a share in it at stride 8; against an overlap of 64, one of 40 changed the difference between tiled
and whole pictures of 2048 x 2048 by 0.1 dB at 42 to 49 (2 pairs), one of 24 by 1."""


class Span(NamedTuple):
    """A tile along one axis: pixels start..stop are painted, of which keep_start..keep_stop stay."""

    start: int
    stop: int
    keep_start: int
    keep_stop: int


def spans(length: int, tile: int, margin: int, stride: int) -> list[Span]:
    """As few tiles of at most `tile` pixels as cover `length`, about equally long, on multiples of `stride`."""
    if length <= tile:
        return [Span(0, length, 0, length)]
    strides, overlap = -(-length // stride), 2 * margin // stride
    count = -(-(strides - overlap) // (tile // stride - overlap))
    size = (-(-(strides - overlap) // count) + overlap) * stride
    last = strides * stride - size
    starts = [round(last / stride * i / (count - 1)) * stride for i in range(count)]
    seams = [0, *(start + margin for start in starts[1:]), length]
    return [Span(start, min(start + size, length), seams[i], seams[i + 1]) for i, start in enumerate(starts)]


def paint_tiled(
    engine: Engine,
    rgb: np.ndarray,
    look: Look,
    held: Held | None = None,
    *,
    tile: int = TILE,
    progress: Callable[[float], None] | None = None,
) -> tuple[np.ndarray, Statistics]:
    """What `engine.paint` makes of a picture on the ground, in bounded memory.

    Args:
        rgb: (H, W, 3) uint8 of any size.
        tile: side of a tile in pixels, overlap included; rounded up to the network's stride.
        progress: called with the share that is done, 0..1.

    Raises:
        ValueError: tiles too small for their overlap.
    """
    margin = REACH * engine.stride
    if tile < 4 * margin:
        raise ValueError(f"tiles must be at least {4 * margin} pixels wide, got {tile}: they overlap by {2 * margin}")
    tile = -(-tile // engine.stride) * engine.stride
    boxes = list(tiles(rgb.shape[0], rgb.shape[1], tile, margin, engine.stride))
    if len(boxes) == 1:
        return engine.paint(on_ground(rgb, look.ground), look, held)
    small = on_ground(thumbnail(rgb, min(THUMBNAIL_PIXELS, engine.whole_pixels), engine.stride), look.ground)
    statistics = engine.paint(small, look, held)[1] if held and held.share else engine.measure(small, look)
    painted = empty_beside(rgb)

    def place(result: np.ndarray, rows: Span, columns: Span) -> None:
        kept = result[
            rows.keep_start - rows.start : rows.keep_stop - rows.start,
            columns.keep_start - columns.start : columns.keep_stop - columns.start,
        ]
        painted[rows.keep_start : rows.keep_stop, columns.keep_start : columns.keep_stop] = kept

    # Touching new memory takes a core's time, which the engine, working on the next tile, does not always fill.
    with ThreadPoolExecutor(1) as placing:
        placed: Future[None] | None = None
        for done, (rows, columns) in enumerate(boxes, 1):
            part = rgb[rows.start : rows.stop, columns.start : columns.stop]
            grounded = on_ground(part, look.ground, (rows.start, columns.start))
            result, _ = engine.paint(grounded, look, Held(statistics, 1.0))
            if placed:
                placed.result()  # no more than one waits, however slow the memory (or file) is
            placed = placing.submit(place, result, rows, columns)
            if progress:
                progress(done / len(boxes))
        if placed:
            placed.result()
    return painted, statistics if held else {}


def tiles(height: int, width: int, tile: int, margin: int, stride: int) -> Iterator[tuple[Span, Span]]:
    """Rows and columns of every tile, line by line."""
    for rows in spans(height, tile, margin, stride):
        for columns in spans(width, tile, margin, stride):
            yield rows, columns


def painted_pixels(height: int, width: int, stride: int) -> int:
    """How many pixels an engine works on for a picture of that size: for one of 1 x 1,000,000 16 times as many."""
    height, width = padded_shape(height, width, stride)
    return height * width


def thumbnail(rgb: np.ndarray, pixels: int, stride: int) -> np.ndarray:
    """The picture, scaled down until it has about so many pixels where it has more, as an engine counts them.

    A short side that an engine would have to pad stays longer than that of the same shape would be.
    """
    height, width = rgb.shape[:2]
    if painted_pixels(height, width, stride) <= pixels or max(height, width) <= 2 * stride:
        return rgb
    scale, least = min(1.0, (pixels / (height * width)) ** 0.5), 2 * stride
    sides = [max(1, round(side * scale)) for side in (height, width)]
    scales = [scale, scale]
    if min(sides) < least:
        short, long = (0, 1) if height < width else (1, 0)
        sides[short] = min(least, rgb.shape[short])
        sides[long] = max(least, min(rgb.shape[long], pixels // least // stride * stride))
        scales = [sides[axis] / rgb.shape[axis] for axis in (0, 1)]
    return _scaled_down(rgb, sides, scales)


def _scaled_down(rgb: np.ndarray, sides: list[int], scales: list[float]) -> np.ndarray:
    # Averaging whole blocks first, in strips, is several times as quick, and statistics cannot tell.
    down, across = (int(1 / scale) for scale in scales)
    rows = STRIP // down * down or down
    strips = [Image.fromarray(rgb[top : top + rows]).reduce((across, down)) for top in range(0, len(rgb), rows)]
    reduced = np.concatenate([np.asarray(strip) for strip in strips])
    return np.array(Image.fromarray(reduced).resize((sides[1], sides[0]), Image.Resampling.BILINEAR))
