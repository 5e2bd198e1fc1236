"""The ground that pictures are painted on: faint noise with marks of several sizes, as canvas and primer have.

Where a photo is nearly flat, a transfer enlarges whatever is there, which is the steps of 8 bits and the blocks of a
JPEG: skies get lines along both. On a ground it finds something to make strokes of. `artnet.model.drafts` lays the same
ground on tensors, and the page that paints in the browser has it too.
"""

from functools import lru_cache

import numpy as np

SIZE = 512
"""Side of the ground in pixels, after which it repeats without a seam."""
WIDTHS = (2, 4, 8, 16)
"""Sizes of its marks in pixels, all of the same contrast."""
CONTRAST = 8.0
"""Standard deviation in levels of 255, at full strength."""


def on_ground(rgb: np.ndarray, strength: float, at: tuple[int, int] = (0, 0)) -> np.ndarray:
    """A picture with the ground added to all three channels.

    Args:
        rgb: (H, W, 3) uint8.
        strength: 0 (no ground) to 1.
        at: row and column of its first pixel in the whole picture, if it is a tile of one.
    """
    if strength == 0:
        return rgb
    up, down = (np.roll(part, (-at[0], -3 * at[1]), (0, 1)) for part in raised_and_lowered(strength))
    result = np.array(rgb).reshape(rgb.shape[0], -1)
    for top in range(0, result.shape[0], SIZE):
        for left in range(0, result.shape[1], 3 * SIZE):
            part = result[top : top + SIZE, left : left + 3 * SIZE]
            here = np.s_[: part.shape[0], : part.shape[1]]
            # What would leave 0..255 is cut off without a wider type, which takes several times as long.
            part += np.minimum(up[here], 255 - part)
            part -= np.minimum(down[here], part)
    return result.reshape(rgb.shape)


@lru_cache(4)
def raised_and_lowered(strength: float) -> tuple[np.ndarray, np.ndarray]:
    """By how much the ground raises and lowers every sample, each (SIZE, 3 * SIZE) uint8."""
    samples = np.repeat(levels(strength), 3, axis=1)
    return np.maximum(samples, 0).astype(np.uint8), np.maximum(-samples, 0).astype(np.uint8)


def levels(strength: float) -> np.ndarray:
    """(SIZE, SIZE) int16: what the ground adds to a channel."""
    return np.rint(strength * CONTRAST * pattern()).astype(np.int16)


@lru_cache(1)
def pattern() -> np.ndarray:
    """(SIZE, SIZE) float64 noise of mean 0 and deviation 1, always the same."""
    white = np.random.default_rng(0).standard_normal((SIZE, SIZE))
    frequencies = np.fft.fftfreq(SIZE)[:, None] ** 2 + np.fft.rfftfreq(SIZE) ** 2  # squared, in cycles a pixel
    # White noise through a Gaussian for each kind of marks (deviation: half their size), brought to the same contrast.
    power = sum(width**2 * np.exp(-((np.pi * width) ** 2) * frequencies) for width in WIDTHS)
    noise = np.fft.irfft2(np.fft.rfft2(white) * np.sqrt(power), s=white.shape)
    return (noise - noise.mean()) / noise.std()
