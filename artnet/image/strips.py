"""Work on single pixels, some at a time: in floating point a whole picture takes many times its size."""

from collections.abc import Callable

import numpy as np

from artnet.image.memmap import empty_beside

ROWS, COLUMNS = 256, 16_384
"""Of a strip; only pictures that are wider are also divided across."""


def in_strips(work: Callable[..., np.ndarray], first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """What `work` makes of the same rows of all pictures, in levels of 0..255: clipped and rounded to uint8.

    The result has the shape of the first picture, and lies beside it where that is a scratch array.
    """
    result = empty_beside(first)
    for top in range(0, result.shape[0], ROWS):
        for left in range(0, result.shape[1], COLUMNS):
            part = slice(top, top + ROWS), slice(left, left + COLUMNS)
            result[part] = np.rint(np.clip(work(first[part], *(other[part] for other in others)), 0, 255))
    return result
