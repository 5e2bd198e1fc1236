"""A painting's marks of 1 to 16 pixels, made as strong as its style's.

The network matches statistics of features; how strong marks come out depends on the photo all the same. Bands of a
Laplacian pyramid are scaled to the style's energy, a simple form of the matching of histograms by which Heeger and
Bergen (SIGGRAPH 1995) make textures. That it is done to paintings is our own addition. `artnet.model.drafts` has the
same for tensors.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from PIL import Image

from artnet.image.blocks import resized_rows
from artnet.image.strips import for_strips

BANDS = 4
"""The finest has marks of one and two pixels, each next one marks twice as large."""
MOST = 2.0
"""How many times stronger or weaker marks get at most: what a plain picture lacks, it is not to be given."""
FAINT = 1e-3
"""Levels that count as nothing."""
MIDDLE = 128
"""The level that stands for no change where changes are held in bytes."""
SHIFT = 6
"""Bits behind the point of a share: in 16 bits all is many times as fast as in floating point."""
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
    steps = np.diff([0, *np.rint(2**SHIFT * times).astype(int), 2**SHIFT])
    total = np.full_like(sizes[-1], MIDDLE)
    for size, share in zip(reversed(sizes), reversed(steps.tolist()), strict=True):
        result = painted if size is painted else np.empty_like(size)
        add(result, size, share, total)
        total = result


def sizes_of(picture: np.ndarray) -> list[np.ndarray]:
    """The picture, and half the size of each one before; sides are rounded up."""
    sizes = [picture]
    for _ in range(BANDS):
        height, width = (-(-side // 2) for side in sizes[-1].shape[:2])
        sizes.append(np.concatenate(for_strips(rows_at(sizes[-1], (height, width)), height, ROWS)))
    return sizes


def contrasts_of(sizes: Sequence[np.ndarray]) -> tuple[float, ...]:
    """The contrast of a picture's bands, of its `sizes_of`."""
    energies = [mean_square(size) for size in sizes]
    return tuple(max(0.0, fine - coarse) ** 0.5 for fine, coarse in pairwise(energies))


def mean_square(picture: np.ndarray) -> float:
    """Of all samples of (H, W, 3) uint8, from the middle on."""
    counts = np.reshape(Image.fromarray(picture).histogram(), (3, 256)).sum(0)
    return float(counts @ np.square(np.arange(256) - MIDDLE)) / picture.size


def add(result: np.ndarray, size: np.ndarray, share: int, total: np.ndarray) -> None:
    """Fill with (H, W, 3) uint8 from the middle on, some times over, and the sum of the coarser ones, enlarged.

    Args:
        result: of that size, or the very array.
        size: as it is.
        share: in steps of 2 ** -SHIFT.
        total: half as high and wide.
    """
    rows = rows_at(total, size.shape[:2])
    # Halves go up for some shares and down for others, so that they do not add up to a lighter picture.
    half = np.int16(2 ** (SHIFT - 1) - (share < 0))

    def fill(top: int) -> None:
        strip = np.subtract(size[top : top + ROWS], MIDDLE, dtype=np.int16)
        strip *= np.int16(share)
        strip += half
        strip >>= SHIFT
        strip += rows(top)
        result[top : top + ROWS] = np.clip(strip, 0, 255, out=strip)

    for_strips(fill, len(size), ROWS)


def rows_at(picture: np.ndarray, size: tuple[int, ...]) -> Callable[[int], np.ndarray]:
    """What makes the strips of an (H, W, 3) uint8 picture at another size, from their first row on.

    Made smaller by blocks, a size would leave finer and coarser marks in a band, which do not get stronger with it.
    """
    image = Image.fromarray(picture)
    return lambda top: resized_rows(image, size, top, min(ROWS, size[0] - top))
