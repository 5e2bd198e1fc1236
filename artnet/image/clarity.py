"""A photo made clear before it is painted: the fainter its detail, the stronger it gets.

Painting brings all of a photo's features to the style's statistics, and strong edges are most of these: faint ones,
which tell a face from another, drown in strokes. Their contrast is raised by as much as the local contrast lacks, as by
Wallis' filter. That it is done for a style transfer is our own addition. `artnet.model.drafts` has the same for
tensors.
"""

import numpy as np

from artnet.image.blocks import ROWS, detail_rows, enlarged_rows, light_means, light_rows, means_of
from artnet.image.memmap import empty_beside
from artnet.image.strips import for_strips, lit

BLOCK = 4
"""Pixels whose mean is not detail."""
CLARITY = 1.9
"""How many times its own strength is added to the faintest detail."""
FAINT = 10.0
"""Detail of so many levels of 255 gets half of that."""
UNSEEN = 2.0
"""Detail of so many levels gets half of what it would, as it is noise more often than not."""


def clarified(rgb: np.ndarray, strength: float) -> np.ndarray:
    """A picture with more of its own detail in all three channels.

    Args:
        rgb: (H, W, 3) uint8.
        strength: 0 (the picture itself) to 1.
    """
    if strength == 0:
        return rgb
    result, height = empty_beside(rgb), len(rgb)
    # Luma is taken anew each time: that is quick, and a large picture's is a third of all its memory.
    means = light_means(rgb, BLOCK)

    def detail_of(top: int) -> np.ndarray:
        return detail_rows(light_rows(rgb, BLOCK, top), means, BLOCK, top)

    energies = for_strips(lambda top: means_of(np.square(detail_of(top)), BLOCK), height, ROWS)
    amounts = strength * amount_for(np.concatenate(energies))

    def add(top: int) -> None:
        change = detail_of(top)
        change *= enlarged_rows(amounts, BLOCK, top, len(change))
        strip = rgb[top : top + ROWS]
        result[top : top + ROWS] = lit(strip, change[: len(strip), : strip.shape[1]])

    for_strips(add, height, ROWS)
    return result


def amount_for(energy: np.ndarray) -> np.ndarray:
    """How many times detail of so much energy (levels of 255, squared) is added to a picture."""
    size = np.sqrt(energy)
    return CLARITY * (FAINT / (FAINT + size)) * (size / (UNSEEN + size))
