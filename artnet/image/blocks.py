"""Strips of a picture at another size; means in square blocks of pixels, and what is beyond them: detail."""

import numpy as np
from PIL import Image

from artnet.image.strips import for_strips

ROWS = 128
"""Of a strip; a multiple of every block whose mean is taken."""


def light_of(content: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Luma of (H, W, 3) uint8, and its means in blocks: (H, W) and (H / block, W / block) uint8."""
    light = np.empty(content.shape[:2], np.uint8)

    def means(top: int) -> np.ndarray:
        strip = light_rows(content, block, top)
        light[top : top + ROWS] = strip
        return means_of(strip, block)

    return light, np.concatenate(for_strips(means, len(content), ROWS))


def light_means(content: np.ndarray, block: int, side: int | None = None) -> np.ndarray:
    """The means of `light_of` alone; the edge is repeated up to a multiple of a side, by default the block's."""
    strips = for_strips(lambda top: means_of(light_rows(content, side or block, top), block), len(content), ROWS)
    return np.concatenate(strips)


def light_rows(content: np.ndarray, block: int, top: int) -> np.ndarray:
    """Luma of a strip of (H, W, 3) uint8, its right and bottom edge repeated until all blocks are whole."""
    light = np.asarray(Image.fromarray(content[top : top + ROWS]).convert("L"))
    missing = [(0, -side % block) for side in light.shape]
    return np.pad(light, missing, mode="edge") if any(map(any, missing)) else light


def means_of(light: np.ndarray, block: int) -> np.ndarray:
    """Means in blocks, of the type of the values."""
    return np.asarray(Image.fromarray(light).reduce(block))


def detail_rows(light: np.ndarray, means: Image.Image, block: int, top: int, dtype: type) -> np.ndarray:
    """A strip of luma, from a row on, less the means in blocks of the whole picture, enlarged."""
    return np.subtract(light, enlarged_rows(means, block, top, len(light)), dtype=dtype)


def enlarged_rows(picture: Image.Image, times: int, top: int, rows: int) -> np.ndarray:
    """Some rows of a picture that is so many times as high and wide."""
    return resized_rows(picture, (times * picture.height, times * picture.width), top, rows)


def resized_rows(picture: Image.Image, size: tuple[int, ...], top: int, rows: int) -> np.ndarray:
    """Some rows of a picture at another height and width, bilinear; made smaller by a wider triangle, not by blocks."""
    scale = picture.height / size[0]
    box = 0, top * scale, picture.width, min(picture.height, (top + rows) * scale)
    return np.asarray(picture.resize((size[1], rows), Image.Resampling.BILINEAR, box))
