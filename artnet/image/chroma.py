"""A painting's colours, no stronger than those of its style.

What is scaled to the style's statistics overshoots them here and there, in colours that the style does not have. That
they are cut off is our own addition.
"""

from collections.abc import Sequence
from itertools import accumulate

import cv2
import numpy as np

from artnet.image.strips import for_strips

RARE = 0.0002
"""Share of a style's samples beyond a bound, at either end."""
ROWS = 256
"""Of a strip."""

Bounds = tuple[int, int, int, int]
"""Least and most blue, least and most red difference (Cb and Cr), 0..255; grey has 128 of both."""


def chroma_of(picture: np.ndarray) -> Bounds:
    """What the differences of an (H, W, 3) uint8 picture stay within, but for rare ones."""
    _, reds, blues = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb))
    blue, red = (np.bincount(levels.ravel(), minlength=256).tolist() for levels in (blues, reds))
    return least(blue), 255 - least(blue[::-1]), least(red), 255 - least(red[::-1])


def least(counts: Sequence[int]) -> int:
    """The first level up to which samples are not rare any more."""
    return sum(so_far <= RARE * sum(counts) for so_far in accumulate(counts))


def limit_chroma(painted: np.ndarray, styles: Sequence[Bounds], strength: float = 1.0) -> None:
    """Cut off, in place, the colours that go beyond all styles'.

    Args:
        painted: (H, W, 3) uint8.
        styles: `chroma_of` each.
        strength: 0 limits nothing.
    """
    # Luma, then red, then blue, as OpenCV has them.
    lows, highs = np.min(styles, axis=0)[[2, 0]], np.max(styles, axis=0)[[3, 1]]
    low = np.array([0, *np.rint(strength * lows)])
    high = np.array([255, *np.rint(255 + strength * (highs - 255))])
    table = np.arange(256)[:, None].clip(low, high).astype(np.uint8)[None]

    def limit(top: int) -> None:
        strip = painted[top : top + ROWS]
        found = cv2.cvtColor(strip, cv2.COLOR_RGB2YCrCb)
        beyond = cv2.bitwise_not(cv2.inRange(found, low, high))
        if cv2.hasNonZero(beyond):
            limited = cv2.cvtColor(cv2.LUT(found, table), cv2.COLOR_YCrCb2RGB)
            # All others stay to the level, which on the way there and back they would not.
            strip[:] = cv2.copyTo(limited, beyond, strip.copy())

    for_strips(limit, len(painted), ROWS)
