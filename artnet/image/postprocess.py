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

import cv2
import numpy as np

from artnet.image.blocks import softened
from artnet.image.strips import for_strips, lit

PHOTO_DETAIL = 6.1
"""Deviation of Immerkaer's filter over a sharp photo, in levels of 0..255 (the training photos: 5.7 in the mean). In a
style of as much detail the content's stays whole."""
MOST_GRAIN = 7.65
"""Of 255 levels. What is measured as more is texture, such as hatching, which noise would only dirty."""
MEDIAN_OF_NORMAL = 0.6745  # of the absolute value of a standard normal variable
BAND = 512
"""Side of the pattern of grain, which repeats."""
ROWS = 256
"""Finished at a time; `BAND` is a multiple."""


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
    if not (finish.detail or finish.grain):
        return
    deviation = round(finish.grain, 2)

    def finish_strip(top: int) -> None:
        strip = painted[top : top + ROWS]
        change = finish.detail * fine_rows(content, top)
        if deviation:
            height, width = change.shape
            change += np.tile(grain_pattern(deviation)[top % BAND :][:height], (1, -(-width // BAND)))[:, :width]
        strip[:] = lit(strip, change)

    for_strips(finish_strip, len(painted), ROWS)


def fine_rows(content: np.ndarray, top: int) -> np.ndarray:
    """The finest Laplacian band of the luma of (H, W, 3) uint8 in a strip, from a row on: float32 levels."""
    first = max(0, top - 1)  # with the neighbours, of which the outermost are repeated
    light = cv2.cvtColor(content[first : top + ROWS + 1], cv2.COLOR_RGB2GRAY).astype(np.float32)
    light -= softened(light)
    return light[top - first :][:ROWS]


@lru_cache(maxsize=8)
def grain_pattern(deviation: float) -> np.ndarray:
    """(BAND, BAND) float32 white noise in whole levels, always the same."""
    noise = np.random.default_rng(0).standard_normal((BAND, BAND), dtype=np.float32)
    return np.rint(deviation * noise)
