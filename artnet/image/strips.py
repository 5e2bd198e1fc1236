"""Work on some rows at a time: they stay in the processor's cache, and cores share the strips."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import cv2
import numpy as np

from artnet.image.memmap import empty_beside

ROWS, COLUMNS = 256, 16_384
"""Of a strip; only pictures that are wider are also divided across."""

THREADS = min(4, os.cpu_count() or 1)
Made = TypeVar("Made")


def for_strips(work: Callable[[int], Made], height: int, rows: int) -> list[Made]:
    """What `work` makes of the first row of every strip; several strips at once, which numpy and OpenCV allow.

    `work` must not itself divide anything into strips: it would wait for threads that wait for it.
    """
    tops = range(0, height, rows)
    if len(tops) == 1:
        return [work(0)]
    try:
        made = threads().map(work, tops)
    except RuntimeError:  # the interpreter ends, and threads begin nothing any more
        return [work(top) for top in tops]
    return list(made)


@cache
def threads() -> ThreadPoolExecutor:
    """The threads that all strips share: new ones each time would cost more than the work on a small picture."""
    return ThreadPoolExecutor(THREADS, "strips")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=threads.cache_clear)  # a child has none of its parent's threads


def add_light(rgb: np.ndarray, change: np.ndarray) -> None:
    """Add (H, W) levels to all three channels of (H, W, 3) uint8, in place, rounded; what leaves 0..255 is cut off."""
    rgb[:] = cv2.add(rgb, cv2.merge([change] * 3), dtype=cv2.CV_8U)  # OpenCV itself writes to few layouts only


def in_strips(work: Callable[..., np.ndarray], first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """What `work` makes of the same pixels of all pictures, in levels of 0..255: clipped and rounded to uint8.

    By strips, as in floating point a whole picture takes many times its size. The result has the shape of the first
    picture, and lies beside it where that is a scratch array.
    """
    result = empty_beside(first)
    for top in range(0, result.shape[0], ROWS):
        for left in range(0, result.shape[1], COLUMNS):
            part = slice(top, top + ROWS), slice(left, left + COLUMNS)
            result[part] = np.rint(np.clip(work(first[part], *(other[part] for other in others)), 0, 255))
    return result
