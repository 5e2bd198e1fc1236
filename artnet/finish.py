"""What lies beyond the network's reach and a finished picture has: the content's finest detail, the style's grain.

The decoder paints from features of every fourth pixel, so what is as fine as a pixel gets lost: whiskers, lashes, and
the canvas, paper or film of the style. Detail is added back as the content's finest Laplacian band in luma (Burt and
Adelson, 1983), as strongly as the style is detailed itself. Grain is noise as strong as the style's, measured by
Immerkaer's filter (Fast Noise Variance Estimation, 1996) with the median, which edges hardly move. Both are our own
addition; `benchmarks/finish.py` measures what they give.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter

PHOTO_DETAIL = 6.1
"""Deviation of Immerkaer's filter over a sharp photo, in levels of 0..255 (the training photos: 5.7 in the mean). In a
style of as much detail the content's stays whole."""
MOST_GRAIN = 7.65
"""Of 255 levels. What is measured as more is texture, such as hatching, which noise would only dirty."""
MEDIAN_OF_NORMAL = 0.6745  # of the absolute value of a standard normal variable
BAND = 512
"""Side of the pattern of grain, which repeats, and rows that are finished at a time."""
ZERO = 128
"""Level that stands for no change in an image of changes."""


@dataclass(frozen=True)
class Finish:
    """How a style finishes a picture.

    Attributes:
        detail: share of the content's finest detail that is kept, 0..1.
        grain: standard deviation of the noise, in levels of 0..255.
    """

    detail: float
    grain: float


def finish_of(style: np.ndarray) -> Finish:
    """The finish of a style's (H, W, 3) uint8 picture, at least 3 pixels high and wide."""
    x = style.astype(np.float32)
    rows = x[:-2] - 2 * x[1:-1] + x[2:]
    fine = (rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]) / 6  # deviation 1 for noise of deviation 1
    detail = min(1.0, float(fine.std((0, 1)).mean()) / PHOTO_DETAIL)
    grain = float(np.median(np.abs(fine), (0, 1)).mean()) / MEDIAN_OF_NORMAL
    return Finish(detail, min(MOST_GRAIN, grain))


def mixed(finishes: Sequence[Finish], weights: Sequence[float], strength: float, grain: float) -> Finish:
    """Of several styles by weight, from the content's own (all detail, no grain) at strength 0 to theirs at 1."""
    detail, noise = np.average([(f.detail, f.grain) for f in finishes], axis=0, weights=weights).tolist()
    return Finish(1 + strength * (detail - 1), strength * grain * noise)


def apply_finish(painted: np.ndarray, content: np.ndarray, finish: Finish) -> None:
    """Add detail and grain to a painted picture in place.

    Grain is a fixed pattern that repeats every `BAND` pixels from the upper left corner.

    Args:
        painted: (H, W, 3) uint8.
        content: (H, W, 3) uint8, which it was painted from.
    """
    width = painted.shape[1]
    pattern = np.tile(grain_pattern(round(finish.grain, 2)), (1, -(-width // BAND)))[:, :width]
    for top in range(0, len(painted), BAND):
        part = painted[top : top + BAND]
        change = ImageChops.add(
            detail_of(content, top, len(part), finish.detail), Image.fromarray(pattern[: len(part)]), 1, -ZERO
        )
        part[:] = ImageChops.add(Image.fromarray(part), Image.merge("RGB", [change] * 3), 1, -ZERO)


def detail_of(content: np.ndarray, top: int, height: int, share: float) -> Image.Image:
    """A share of the finest Laplacian band of some rows' luma, as levels around `ZERO`."""
    if share < 1e-3:
        return Image.new("L", (content.shape[1], height), ZERO)
    rows = np.clip(np.arange(top - 1, top + height + 1), 0, len(content) - 1)
    luma = np.asarray(Image.fromarray(content[rows[0] : rows[-1] + 1]).convert("L"))
    # Pillow leaves the outermost pixels as they are: they are repeated, and cut off again.
    luma = np.pad(luma, ((int(rows[0] == rows[1]), int(rows[-1] == rows[-2])), (1, 1)), mode="edge")
    less_its_blur = ImageFilter.Kernel((3, 3), (-1, -2, -1, -2, 12, -2, -1, -2, -1), 16 / share, ZERO)
    band = Image.fromarray(luma).filter(less_its_blur)
    return band.crop((1, 1, band.width - 1, band.height - 1))


@lru_cache(maxsize=8)
def grain_pattern(deviation: float) -> np.ndarray:
    """(BAND, BAND) uint8 white noise around `ZERO`, always the same."""
    noise = np.random.default_rng(0).standard_normal((BAND, BAND), dtype=np.float32)
    return np.clip(np.rint(ZERO + deviation * noise), 0, 255).astype(np.uint8)
