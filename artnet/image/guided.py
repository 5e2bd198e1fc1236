"""A painting's masses of light, guided by the photo: no rims beside them.

Painting leaves bright and dark rims beside strong edges, and light that flows over them. In every cell that has an edge
the painting's light becomes that linear function of the photo's which fits it best. This is the guided filter (He, Sun
and Tang, ECCV 2010) at a smaller size (He and Sun, 2015, arXiv 1505.00996); strokes in plain cells stay. That it is
done to drafts and to paintings is our own addition. `artnet.model.drafts` has the same for tensors.
"""

import numpy as np

from artnet.image.blocks import ROWS, enlarged_rows, light_means, means_of, softened
from artnet.image.strips import for_strips, lit

CELL = 16
"""Pixels of the photo from one linear function to the next; each is of its cell and half of the neighbours'."""
BLOCK = 8
"""Pixels whose mean is guided in a painting; strokes that are finer stay."""
EDGE = 35.0
"""Deviation, in levels of 255, of a cell's light in the photo at which half of the painting's is guided."""


def guide_painting(painted: np.ndarray, content: np.ndarray) -> None:
    """Guide a painting's light, in place.

    Args:
        painted: (H, W, 3) uint8.
        content: (H, W, 3) uint8, which it was painted from.
    """
    own, guide = (light_means(x, BLOCK, CELL) for x in (painted, content))
    guidance = Guidance(own, guide, CELL // BLOCK)
    change = np.concatenate(for_strips(guidance.rows, len(guidance.light), ROWS))

    def add(top: int) -> None:
        strip = painted[top : top + ROWS]
        strip[:] = lit(strip, enlarged_rows(change, BLOCK, top, len(strip))[:, : strip.shape[1]])

    for_strips(add, len(painted), ROWS)


def guided_draft(draft: np.ndarray, light: np.ndarray, factor: int) -> np.ndarray:
    """A draft with its light guided.

    Args:
        draft: (H, W, 3) uint8, H and W multiples of `CELL / factor`.
        light: (H, W) uint8, the content's luma at the size of drafts.
        factor: how many times smaller than the photo a draft is.
    """
    guidance = Guidance(light_means(draft, 1), light, CELL // factor)
    strips = for_strips(lambda top: lit(draft[top : top + ROWS], guidance.rows(top)), len(draft), ROWS)
    return np.concatenate(strips)


class Guidance:
    """What guiding a picture's light changes.

    Args:
        light, guide: (H, W) uint8, the picture's and what guides it; H and W multiples of a cell's side.
        cell: its side.
    """

    def __init__(self, light: np.ndarray, guide: np.ndarray, cell: int):
        self.light, self.guide, self.cell = light, guide, cell
        strips = for_strips(self.moments, len(light), ROWS)
        means = [softened(np.concatenate(strip)) for strip in zip(*strips, strict=True)]
        variance = means[2] - means[0] ** 2
        slope = (means[3] - means[0] * means[1]) / (variance + 1)
        share = variance / (variance + EDGE**2)
        self.lines = share * slope, share * (means[1] - slope * means[0]), share

    def moments(self, top: int) -> list[np.ndarray]:
        """Of the cells in a strip: means of the guide, of the light, of the guide's square and of the product."""
        x, y = self.strips(top)
        return [means_of(values, self.cell) for values in (x, y, x * x, x * y)]

    def strips(self, top: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of guide and light, float32."""
        x, y = (values[top : top + ROWS].astype(np.float32) for values in (self.guide, self.light))
        return x, y

    def rows(self, top: int) -> np.ndarray:
        """What changes in a strip, float32 levels."""
        x, y = self.strips(top)
        slopes, offsets, shares = (enlarged_rows(line, self.cell, top, len(x)) for line in self.lines)
        slopes *= x  # in place: new arrays take longer than sums
        slopes += offsets
        shares *= y
        slopes -= shares
        return slopes
