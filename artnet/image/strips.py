"""Work on some rows at a time: they stay in the processor's cache, and cores share the strips."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
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

    The caller takes strips, too: to wake another thread and to wait for it costs as much as some of them.
    """
    tops = range(0, height, rows)
    waiting = deque(tops[1:])

    def take(*own: int) -> dict[int, Made]:
        made = {top: work(top) for top in own}
        while waiting:
            try:
                top = waiting.popleft()
            except IndexError:  # another was quicker
                break
            made[top] = work(top)
        return made

    others: list[Future[dict[int, Made]]] = []
    with suppress(RuntimeError):  # when the interpreter ends, threads begin nothing any more
        for _ in range(min(THREADS, len(tops)) - 1):
            others.append(threads().submit(take))
    try:
        made = take(*tops[:1])  # so that what is wrong with all strips is said of the first
        for other in others:
            if not other.cancel():  # one that has not begun is not waited for
                made |= other.result()
    finally:
        waiting.clear()
    return [made[top] for top in tops]


@cache
def threads() -> ThreadPoolExecutor:
    """The threads that all strips share: new ones each time would cost more than the work on a small picture."""
    return ThreadPoolExecutor(max(1, THREADS - 1), "strips")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=threads.cache_clear)  # a child has none of its parent's threads


def lit(rgb: np.ndarray, change: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 with (H, W) levels, rounded, added to all three channels; what leaves 0..255 is cut off."""
    # OpenCV adds and subtracts bytes in half of the time that sums of floats and bytes take.
    size = cv2.convertScaleAbs(change)
    more = size * (change > 0)
    less = cv2.subtract(size, more)
    lighter = cv2.add(rgb, cv2.cvtColor(more, cv2.COLOR_GRAY2RGB))
    return cv2.subtract(lighter, cv2.cvtColor(less, cv2.COLOR_GRAY2RGB))


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
