"""Work on some rows at a time: they stay in the processor's cache, and cores share the strips."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import numpy as np

from artnet.image.memmap import empty_beside

ROWS, COLUMNS = 256, 16_384
"""Of a strip; only pictures that are wider are also divided across."""

THREADS = min(4, os.cpu_count() or 1)
Made = TypeVar("Made")


def for_strips(work: Callable[[int], Made], height: int, rows: int) -> list[Made]:
    """What `work` makes of the first row of every strip; several strips at once, which numpy and Pillow allow.

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


def add_to_channels(rgb: np.ndarray, change: np.ndarray) -> None:
    """Add (H, W) int8 from -127 on to all three channels of (H, W, 3) uint8, in place; what leaves 0..255 is cut off.

    Without a wider type, which would take several times as long.
    """
    samples = rgb.reshape(len(rgb), -1)
    changes = in_channels(change).reshape(samples.shape)
    zeros = np.zeros_like(changes)  # numpy compares bytes with an array ten times as fast as with a number
    raised, lowered = (np.maximum(part, zeros).view(np.uint8) for part in (changes, -changes))
    samples += np.minimum(raised, 255 - samples)
    samples -= np.minimum(lowered, samples)


def add_light(rgb: np.ndarray, change: np.ndarray) -> None:
    """Add (H, W) float levels to all three channels of (H, W, 3) uint8, in place; beyond 127 they are cut."""
    add_to_channels(rgb, np.rint(np.clip(change, -127, 127)).astype(np.int8))


def in_channels(values: np.ndarray) -> np.ndarray:
    """(H, W) as (H, W, 3), all three channels the same, in a third of the time of `np.repeat`."""
    result = np.empty((*values.shape, 3), values.dtype)
    for channel in range(3):
        result[..., channel] = values
    return result


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
