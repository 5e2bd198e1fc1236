"""A painting's masses of light, guided by the photo: no rims beside them.

Painting leaves bright and dark rims beside strong edges, and light that flows over them. In every cell that has an edge
the painting's light becomes that linear function of the photo's which fits it best. This is the guided filter (He, Sun
and Tang, ECCV 2010) at a smaller size (He and Sun, 2015, arXiv 1505.00996); strokes in plain cells stay. That it is
done to drafts and to paintings is our own addition. `artnet.model.drafts` has the same for tensors.
"""

import numpy as np
from PIL import Image

from artnet.image.blocks import ROWS, enlarged_rows, light_means, means_of
from artnet.image.strips import add_to_channels, for_strips

CELL = 16
"""Pixels of the photo from one linear function to the next; each is of its cell and half of the neighbours'."""
BLOCK = 8
"""Pixels whose mean is guided in a painting; strokes that are finer stay."""
DRAFT_BLOCK = 2
"""The same in a draft, in pixels of its own."""
DRAFT_TIMES = 1.5
"""How many times a draft is changed by as much, as painting it again takes some of that back."""
EDGE = 20.0
"""Deviation, in levels of 255, of a cell's light in the photo at which half of it is guided."""


def guide_painting(painted: np.ndarray, content: np.ndarray) -> None:
    """Guide a painting's light, in place.

    Args:
        painted: (H, W, 3) uint8.
        content: (H, W, 3) uint8, which it was painted from.
    """
    own, guide = (light_means(x, BLOCK, CELL) for x in (painted, content))
    add_light(painted, change_of(own, guide, CELL // BLOCK), BLOCK)


def guided_draft(draft: np.ndarray, light: np.ndarray, factor: int) -> np.ndarray:
    """A draft with its light guided.

    Args:
        draft: (H, W, 3) uint8, H and W multiples of `CELL / factor`.
        light: (H, W) uint8, the content's luma at the size of drafts.
        factor: how many times smaller than the photo a draft is.
    """
    own, guide = light_means(draft, DRAFT_BLOCK), means_of(light, DRAFT_BLOCK)
    result = draft.copy()
    add_light(result, DRAFT_TIMES * change_of(own, guide, CELL // factor // DRAFT_BLOCK), DRAFT_BLOCK)
    return result


def change_of(light: np.ndarray, guide: np.ndarray, cell: int) -> np.ndarray:
    """What guiding changes, (H, W) float32.

    Args:
        light, guide: (H, W) uint8, H and W multiples of a cell's side.
        cell: its side.
    """
    y, x = light.astype(np.float32), guide.astype(np.float32)
    means = [softened(means_of(values, cell)) for values in (x, y, x * x, x * y)]
    variance = means[2] - means[0] ** 2
    slope = (means[3] - means[0] * means[1]) / (variance + 1)
    share = variance / (variance + EDGE**2)
    lines = share * slope, share * (means[1] - slope * means[0]), share
    slopes, offsets, shares = (enlarged_rows(Image.fromarray(part), cell, 0, len(y)) for part in lines)
    return slopes * x + offsets - shares * y


def softened(values: np.ndarray) -> np.ndarray:
    """(H, W) means with those of the neighbours."""
    around = np.pad(values, 1, mode="edge")
    rows = around[:-2] + 2 * around[1:-1] + around[2:]
    return (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16


def add_light(picture: np.ndarray, change: np.ndarray, block: int) -> None:
    """Add to all channels of (H, W, 3) uint8, in place, what is to change in its blocks, float32."""
    changes = Image.fromarray(change)

    def add(top: int) -> None:
        strip = picture[top : top + ROWS]
        levels = enlarged_rows(changes, block, top, -(-len(strip) // block) * block)[: len(strip), : strip.shape[1]]
        add_to_channels(strip, np.rint(np.clip(levels, -127, 127)).astype(np.int8))

    for_strips(add, len(picture), ROWS)
