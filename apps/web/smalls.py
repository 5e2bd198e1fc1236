"""Photos as previews need them: scaled down, read once, and kept for the next change."""

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from apps.web.uploads import Check, read_small
from artnet.image import Picture, fit_short_side

MAX_PIXELS = 60_000_000
"""Of all that is kept: 180 MB."""


@dataclass(frozen=True)
class Small:
    """A photo made small, and the (height, width) that it has in truth."""

    picture: Picture
    full: tuple[int, int]

    def middle(self, side: int) -> np.ndarray:
        """(side, side, 3) uint8: the middle of the photo."""
        rgb = fit_short_side(Picture(self.picture.rgb), side).rgb
        top, left = ((length - side) // 2 for length in rgb.shape[:2])
        return np.ascontiguousarray(rgb[top : top + side, left : left + side])


class Smalls:
    """The small photos that were last asked for; safe to call from several threads."""

    def __init__(self, most: int = MAX_PIXELS):
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[tuple[str, int, bool], Small] = OrderedDict()

    def get(self, path: str, side: int, check: Check = None) -> Small:
        """The photo with at most `side` pixels on its longer side. ValueError where it cannot be read."""
        key = (path, side, os.path.isfile(path))  # uploads never change; reading one that is gone says so
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        small = Small(*read_small(path, side, check))
        with self._lock:
            self._kept[key] = small
            while len(self._kept) > 1 and sum(_pixels(kept) for kept in self._kept.values()) > self._most:
                self._kept.popitem(last=False)
        return small


def _pixels(small: Small) -> int:
    height, width = small.picture.rgb.shape[:2]
    return height * width
