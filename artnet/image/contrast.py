"""A painting's marks of 1 to 16 pixels, made as strong as its style's.

The network matches statistics of features; how strong marks come out depends on the photo all the same. Bands of a
Laplacian pyramid are scaled to the style's energy, a simple form of the matching of histograms by which Heeger and
Bergen (SIGGRAPH 1995) make textures. That it is done to paintings is our own addition. `artnet.model.drafts` has the
same for tensors.
"""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import cv2
import numpy as np

from artnet.image.blocks import enlarged_rows, halved_rows
from artnet.image.strips import for_strips

BANDS = 4
"""The finest has marks of one and two pixels, each next one marks twice as large."""
MOST = 2.0
"""How many times stronger or weaker marks get at most: what a plain picture lacks, it is not to be given."""
FAINT = 1e-3
"""Levels that count as nothing."""
MIDDLE = 128
"""The level that stands for no change where changes are held in bytes."""
ROWS = 256
"""Of a strip."""


def contrast_of(picture: np.ndarray) -> tuple[float, ...]:
    """How strong each band of an (H, W, 3) uint8 picture is, finest first: what halving it loses, in levels of 255."""
    return contrasts_of(sizes_of(picture))


def match_contrast(painted: np.ndarray, wanted: Sequence[float] | np.ndarray, strength: float = 1.0) -> None:
    """Scale the bands of a painted picture, in place.

    Args:
        painted: (H, W, 3) uint8.
        wanted: the style's `contrast_of`.
        strength: 0 changes nothing.
    """
    sizes = sizes_of(painted)
    times = (np.add(wanted, FAINT) / np.add(contrasts_of(sizes), FAINT)).clip(1 / MOST, MOST) ** strength
    # A band is a size less the next one, enlarged. So the picture with its bands scaled is the sum of all sizes,
    # enlarged, each as many times as its band more than the finer one's.
    shares = np.diff([0, *times, 1])
    height, width, channels = sizes[-1].shape
    total = np.full((-(-height // 2), -(-width // 2), channels), MIDDLE, np.uint8)
    for size, share in zip(reversed(sizes), reversed(shares.tolist()), strict=True):
        result = painted if size is painted else np.empty_like(size)
        add(result, size, share, total)
        total = result


def sizes_of(picture: np.ndarray) -> list[np.ndarray]:
    """The picture, and half the size of each one before; sides are rounded up."""
    sizes = [picture]
    for _ in range(BANDS):
        strips = for_strips(partial(halved_rows, sizes[-1], rows=ROWS), -(-len(sizes[-1]) // 2), ROWS)
        sizes.append(np.concatenate(strips))
    return sizes


def contrasts_of(sizes: Sequence[np.ndarray]) -> tuple[float, ...]:
    """The contrast of a picture's bands, of its `sizes_of`."""
    energies = [mean_square(size) for size in sizes]
    return tuple(max(0.0, fine - coarse) ** 0.5 for fine, coarse in pairwise(energies))


def mean_square(picture: np.ndarray) -> float:
    """Of all samples of (H, W, 3) uint8, from the middle on."""

    def total(top: int) -> float:
        strip = picture[top : top + ROWS]
        squares, levels = cv2.norm(strip, cv2.NORM_L2SQR), sum(cv2.sumElems(strip))
        return squares - 2 * MIDDLE * levels + MIDDLE**2 * strip.size

    return sum(for_strips(total, len(picture), ROWS)) / picture.size


def add(result: np.ndarray, size: np.ndarray, share: float, total: np.ndarray) -> None:
    """Fill with (H, W, 3) uint8 from the middle on, some times over, and the sum of the coarser ones, enlarged.

    Args:
        result: of that size, or the very array.
        size: as it is.
        share: how many times.
        total: half as high and wide.
    """

    def fill(top: int) -> None:
        strip = size[top : top + ROWS]
        coarse = enlarged_rows(total, 2, top, len(strip))[:, : strip.shape[1]]
        result[top : top + ROWS] = cv2.addWeighted(strip, share, coarse, 1, -share * MIDDLE)

    for_strips(fill, len(size), ROWS)
