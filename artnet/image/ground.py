"""The ground that pictures are painted on: faint noise with marks of several sizes, as canvas and primer have.

Where a photo is nearly flat, a transfer enlarges whatever is there, which is the steps of 8 bits and the blocks of a
JPEG: skies get lines along both. On a ground it finds something to make strokes of. `artnet.model.drafts` lays the same
ground on tensors, and the page that paints in the browser has it too.
"""

from functools import lru_cache

import numpy as np

from artnet.image.strips import for_strips, lit

SIZES = ((320, 297), (297, 275), (275, 252), (252, 320))
"""(height, width) of tiles that are repeated without a seam and added up. The sum does not repeat within any picture,
so that no mark of the ground comes back as in wallpaper."""
WIDTHS = (2, 4, 8, 16)
"""Sizes of the marks in pixels, all of the same contrast."""
CONTRAST = 8.0
"""Standard deviation in levels of 255, at full strength."""
ROWS = 256


def on_ground(rgb: np.ndarray, strength: float, at: tuple[int, int] = (0, 0)) -> np.ndarray:
    """A picture with the ground added to all three channels.

    Args:
        rgb: (H, W, 3) uint8.
        strength: 0 (no ground) to 1.
        at: row and column of its first pixel in the whole picture, if it is a tile of one.
    """
    if strength == 0:
        return rgb
    level = levels(rgb.shape[:2], strength, at)
    result = np.empty_like(rgb, order="C")

    def lay(top: int) -> None:
        result[top : top + ROWS] = lit(rgb[top : top + ROWS], level[top : top + ROWS])

    for_strips(lay, len(rgb), ROWS)
    return result


@lru_cache(2)  # the frames of a video have one size
def levels(size: tuple[int, int], strength: float, at: tuple[int, int]) -> np.ndarray:
    """(H, W) int8: what the ground adds to a channel."""
    total = np.zeros(size, np.int8)
    for tile in tiles(strength):
        rows, columns = (
            (first + np.arange(side)) % period for first, side, period in zip(at, size, tile.shape, strict=True)
        )
        total += tile[:, columns][rows]
    return total


@lru_cache(4)
def tiles(strength: float) -> tuple[np.ndarray, ...]:
    """What is added up, int8 levels of 255 of each size. The sum of all fits into int8 too."""
    deviation = strength * CONTRAST / len(SIZES) ** 0.5
    return tuple(np.rint(deviation * noise).astype(np.int8) for noise in patterns())


@lru_cache(1)
def patterns() -> tuple[np.ndarray, ...]:
    """Float64 noise of mean 0 and deviation 1 of each size, always the same."""
    random = np.random.default_rng(0)
    return tuple(marks(random.standard_normal(size)) for size in SIZES)


def marks(white: np.ndarray) -> np.ndarray:
    """White noise, shaped by its spectrum; around the edges it goes on at the other side."""
    height, width = white.shape
    frequencies = np.fft.fftfreq(height)[:, None] ** 2 + np.fft.rfftfreq(width) ** 2  # squared, in cycles a pixel
    # White noise through a Gaussian for each kind of marks (deviation: half their size), brought to the same contrast.
    power = sum(size**2 * np.exp(-((np.pi * size) ** 2) * frequencies) for size in WIDTHS)
    noise = np.fft.irfft2(np.fft.rfft2(white) * np.sqrt(power), s=white.shape)
    return (noise - noise.mean()) / noise.std()
