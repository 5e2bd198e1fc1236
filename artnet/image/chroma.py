"""A painting's colours, no stronger than those of its style.

What is scaled to the style's statistics overshoots them here and there, in colours that the style does not have. That
they are cut off is our own addition.
"""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from PIL import Image, ImageChops

from artnet.image.strips import for_strips

RARE = 0.0002
"""Share of a style's samples beyond a bound, at either end."""
ROWS = 128
"""Of a strip."""

Bounds = tuple[int, int, int, int]
"""Least and most blue, least and most red difference (Cb and Cr), 0..255; grey has 128 of both."""


def chroma_of(picture: np.ndarray) -> Bounds:
    """What the differences of an (H, W, 3) uint8 picture stay within, but for rare ones."""
    counts = Image.fromarray(picture).convert("YCbCr").histogram()
    blue, red = counts[256:512], counts[512:]
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
    lows, highs = np.min(styles, axis=0)[[0, 2]], np.max(styles, axis=0)[[1, 3]]
    levels = np.arange(256)
    bounds = zip(np.rint(strength * lows), np.rint(255 + strength * (highs - 255)), strict=True)
    limited = [levels, *(levels.clip(low, high) for low, high in bounds)]
    table = np.concatenate(limited).astype(int).tolist()
    beyond = np.concatenate([255 * (levels != kept) for kept in limited]).tolist()

    def limit(top: int) -> None:
        strip = painted[top : top + ROWS]
        picture = Image.fromarray(strip)
        found = picture.convert("YCbCr")
        _, blue, red = found.point(beyond).split()
        mask = ImageChops.lighter(blue, red)
        if mask.getbbox():
            # All others stay to the level, which on the way there and back they would not.
            picture.paste(found.point(table).convert("RGB"), mask=mask)
            strip[:] = picture

    for_strips(limit, len(painted), ROWS)
