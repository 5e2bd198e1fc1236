"""Strips of a picture at another size; means in square blocks of pixels, and what is beyond them: detail."""

import cv2
import numpy as np

from artnet.image.strips import for_strips

ROWS = 256
"""Of a strip; a multiple of every block whose mean is taken."""
HALVES_UP = 2**-13
"""Less than any two different values between bytes differ by, up to 32 times as large: what OpenCV's rounding to even
numbers needs to round as the page in the browser does."""


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
    return whole_blocks(cv2.cvtColor(content[top : top + ROWS], cv2.COLOR_RGB2GRAY), block)


def whole_blocks(values: np.ndarray, block: int) -> np.ndarray:
    """Values with their right and bottom edge repeated until all blocks are whole."""
    down, across = (-side % block for side in values.shape[:2])
    return cv2.copyMakeBorder(values, 0, down, 0, across, cv2.BORDER_REPLICATE) if down or across else values


def means_of(values: np.ndarray, block: int) -> np.ndarray:
    """Means in blocks, of the type of the values; the right and bottom edge is repeated until they are whole."""
    whole = whole_blocks(values, block)
    size = whole.shape[1] // block, whole.shape[0] // block
    return cv2.resize(whole, size, interpolation=cv2.INTER_AREA)


def detail_rows(light: np.ndarray, means: np.ndarray, block: int, top: int) -> np.ndarray:
    """A strip of luma, from a row on, less the means in blocks of the whole picture, enlarged: float32 levels."""
    return cv2.subtract(light, enlarged_rows(means, block, top, len(light)), dtype=cv2.CV_32F)


def enlarged_rows(picture: np.ndarray, times: int, top: int, rows: int) -> np.ndarray:
    """Some rows of a picture that is so many times as high and wide, bilinear; bytes are rounded once, halves up."""
    first, last = max(0, top // times - 1), -(-(top + rows) // times) + 1  # with the neighbours that they lie between
    part = picture[first:last]
    # Among bytes OpenCV rounds down on the way, or takes longer than by way of floats.
    size = times * part.shape[1], times * part.shape[0]
    large = cv2.resize(part.astype(np.float32, copy=False), size, interpolation=cv2.INTER_LINEAR)
    wanted = large[top - times * first :][:rows]
    return cv2.convertScaleAbs(wanted, beta=HALVES_UP) if picture.dtype == np.uint8 else wanted


def halved_rows(picture: np.ndarray, top: int, rows: int) -> np.ndarray:
    """Some rows of a picture at half of its size, sides rounded up: each pixel of the two and their neighbours.

    The weights are 1, 3, 3, 1 along both sides. By the means of two alone, finer and coarser marks than half of the
    size shows would be left in what halving loses.
    """
    first = max(0, 2 * top - 2)
    part = whole_blocks(picture[first : 2 * (top + rows) + 2], 2)
    return means_of(softened(part), 2)[top - first // 2 :][:rows]


def softened(values: np.ndarray) -> np.ndarray:
    """Values with those of their neighbours, weighed 1, 2, 1 along both sides; the outermost are repeated."""
    return cv2.GaussianBlur(values, (3, 3), 0, borderType=cv2.BORDER_REPLICATE)
