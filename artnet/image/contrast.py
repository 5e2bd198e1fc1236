"""A painting's marks of 4 to 16 pixels, made as strong as its style's.

The network matches statistics of features; how strong marks come out depends on the photo all the same. Bands of a
Laplacian pyramid are scaled to the style's energy, a simple form of the matching of histograms by which Heeger and
Bergen (SIGGRAPH 1995) make textures. That it is done to paintings is our own addition.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PIL import Image

from artnet.image.strips import for_strips

FINEST = 4
"""Pixels of the finest marks that are changed; the second band is twice as coarse."""
MOST = 1.5
"""How many times stronger or weaker marks get at most: what a plain picture lacks, it is not to be given."""
FAINT = 1e-3
MIDDLE = 128
"""The level that stands for no change where changes are held in bytes."""
ROWS = 256
"""Of a strip; a multiple of the coarsest marks."""


def contrast_of(picture: np.ndarray) -> tuple[float, ...]:
    """Root mean square of each band of an (H, W, 3) uint8 picture, finest first, in levels of 255."""
    return tuple(root_mean_square(band) for band in bands_of(picture))


def match_contrast(painted: np.ndarray, wanted: Sequence[float] | np.ndarray, strength: float = 1.0) -> None:
    """Scale the bands of a painted picture, in place.

    Args:
        painted: (H, W, 3) uint8.
        wanted: the style's `contrast_of`.
        strength: 0 changes nothing.
    """
    fine, coarse = (
        (np.clip(want / max(FAINT, root_mean_square(band)), 1 / MOST, MOST) ** strength - 1) * band
        for band, want in zip(bands_of(painted), wanted, strict=True)
    )
    change = fine + resized(coarse, fine.shape)
    held = Image.fromarray(np.clip(np.rint(change + MIDDLE), 0, 255).astype(np.uint8))
    height, width = painted.shape[:2]

    def add(top: int) -> None:
        strip = painted[top : top + ROWS]
        box = 0, top / FINEST, width / FINEST, (top + len(strip)) / FINEST
        rows = np.asarray(held.resize((width, len(strip)), Image.Resampling.BILINEAR, box))
        changed = np.add(strip, rows, dtype=np.int16)
        changed -= MIDDLE
        strip[:] = np.clip(changed, 0, 255, out=changed)

    for_strips(add, height, ROWS)


def bands_of(picture: np.ndarray) -> list[np.ndarray]:
    """(H / 4, W / 4, 3) float32 and one of half that size: each size of the picture less the next one, enlarged."""

    def means(top: int) -> np.ndarray:
        return np.asarray(Image.fromarray(picture[top : top + ROWS]).reduce(FINEST))

    sizes = [np.concatenate(for_strips(means, len(picture), ROWS)).astype(np.float32)]
    for _ in range(2):
        height, width, _ = sizes[-1].shape
        sizes.append(resized(sizes[-1], (-(-height // 2), -(-width // 2))))
    return [fine - resized(coarse, fine.shape) for fine, coarse in pairwise(sizes)]


def root_mean_square(values: np.ndarray) -> float:
    """Of all values, as one number."""
    return float(np.sqrt(np.square(values).mean()))


def resized(picture: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(H, W, 3) float32 at the height and width of a shape, bilinear; made smaller by a wider triangle, not by blocks.

    Blocks would leave finer and coarser marks in a band, which do not get stronger with it.
    """
    result = np.empty((shape[0], shape[1], 3), np.float32)
    for channel in range(3):
        plane = Image.fromarray(np.ascontiguousarray(picture[..., channel]))
        result[..., channel] = np.asarray(plane.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
    return result
