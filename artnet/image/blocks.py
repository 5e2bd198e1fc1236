"""Means in square blocks of pixels, and what is beyond them: detail."""

import numpy as np
from PIL import Image

from artnet.image.strips import for_strips

ROWS = 128
"""Of a strip; a multiple of every block whose mean is taken."""


def light_of(content: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Luma of (H, W, 3) uint8, its right and bottom edge repeated until all blocks are whole, and the blocks' means."""
    height, width = content.shape[:2]
    light = np.empty([-(-side // block) * block for side in (height, width)], np.uint8)

    def means(top: int) -> np.ndarray:
        strip, found = light[top : top + ROWS], Image.fromarray(content[top : top + ROWS]).convert("L")
        missing = len(strip) - found.height, light.shape[1] - width
        strip[:] = np.pad(found, [(0, count) for count in missing], mode="edge") if any(missing) else found
        return np.asarray(Image.fromarray(strip).reduce(block))

    return light, np.concatenate(for_strips(means, len(light), ROWS))


def enlarged_rows(picture: Image.Image, times: int, top: int, rows: int) -> np.ndarray:
    """Some rows of a picture that is enlarged bilinearly."""
    box = 0, top / times, picture.width, (top + rows) / times
    return np.asarray(picture.resize((times * picture.width, rows), Image.Resampling.BILINEAR, box))
