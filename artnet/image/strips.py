"""Work on some rows at a time: they stay in the processor's cache, and cores share the strips."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from artnet.image.memmap import empty_beside

ROWS, COLUMNS = 256, 16_384
"""Of a strip; only pictures that are wider are also divided across."""

THREADS = min(4, os.cpu_count() or 1)
Made = TypeVar("Made")


def for_strips(work: Callable[[int], Made], height: int, rows: int) -> list[Made]:
    """What `work` makes of the first row of every strip; several strips at once, which numpy and Pillow allow."""
    tops = range(0, height, rows)
    if len(tops) == 1:
        return [work(0)]
    with ThreadPoolExecutor(min(THREADS, len(tops))) as pool:
        return list(pool.map(work, tops))


def in_strips(work: Callable[..., np.ndarray], first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """What `work` makes of the same pixels of all pictures, in levels of 0..255: clipped and rounded to uint8.

    The result has the shape of the first picture, and lies beside it where that is a scratch array.
    """
    result = empty_beside(first)
    for top in range(0, result.shape[0], ROWS):
        for left in range(0, result.shape[1], COLUMNS):
            part = slice(top, top + ROWS), slice(left, left + COLUMNS)
            result[part] = np.rint(np.clip(work(first[part], *(other[part] for other in others)), 0, 255))
    return result
