"""Draft and revise: a picture is painted small first, and the enlarged draft is painted again at full size.

What a network of a given receptive field paints at half the size shows twice the strokes, so the size of strokes sets
that of the draft. Drafting small and revising at full size is LapStyle's design (Lin et al., CVPR 2021), there with two
networks for each style; here one network for all styles does both. `artnet.model.drafts` has the same two steps for
tensors.
"""

import numpy as np
from PIL import Image

from artnet.image.strips import add_to_channels, for_strips

FACTOR = 2
"""How many times smaller a draft is in training, and for strokes of middle size."""
MOST_FACTOR = 4
SMALL, LARGE = 384, 768
"""Stroke sizes in pixels below which there is no draft, and from which it is as small as it gets."""
DETAIL = 0.8
"""Share of the content's detail that is given back to an enlarged draft, before it is painted again."""
MIDDLE = 128
"""The level that stands for no detail where detail is held in bytes; what exceeds their range is cut off."""
SHARES = np.array([round(DETAIL * (level - MIDDLE)) for level in range(256)], np.int8)
"""By how much detail of each level changes a sample."""
ROWS = 128
"""Of a strip; a multiple of every band of detail."""


def factor_of(stroke_size: int) -> int:
    """How many times smaller a draft is: 1, where there is none, 2 or 4."""
    return 1 if stroke_size < SMALL else FACTOR if stroke_size < LARGE else MOST_FACTOR


def reduced(content: np.ndarray, factor: int) -> np.ndarray:
    """An (H, W, 3) uint8 picture at the size of drafts; H and W multiples of the factor."""
    return np.asarray(Image.fromarray(content).reduce(factor))


def revisable(draft: np.ndarray, content: np.ndarray) -> np.ndarray:
    """What is painted at full size: the enlarged draft with the content's detail in all three channels.

    Args:
        draft: (H / factor, W / factor, 3) uint8.
        content: (H, W, 3) uint8, H and W multiples of twice the factor.
    """
    height, width = content.shape[:2]
    factor = height // draft.shape[0]
    band, small = 2 * factor, Image.fromarray(draft)
    luma, result = np.empty((height, width), np.uint8), np.empty(content.shape, np.uint8)

    def smoothed(top: int) -> np.ndarray:
        strip = Image.fromarray(content[top : top + ROWS]).convert("L")
        luma[top : top + ROWS] = np.asarray(strip)
        return np.asarray(strip.reduce(band))

    smooth = Image.fromarray(np.concatenate(for_strips(smoothed, height, ROWS)))

    def mix(top: int) -> None:
        strip = result[top : top + ROWS]
        strip[:] = enlarged_rows(small, factor, top, len(strip))
        difference = np.subtract(luma[top : top + ROWS], enlarged_rows(smooth, band, top, len(strip)), dtype=np.int16)
        detail = np.clip(difference + MIDDLE, 0, 255).astype(np.uint8)
        add_to_channels(strip, np.take(SHARES, detail))

    for_strips(mix, height, ROWS)
    return result


def enlarged_rows(picture: Image.Image, times: int, top: int, rows: int) -> np.ndarray:
    """Some rows of a picture that is enlarged bilinearly."""
    box = 0, top / times, picture.width, (top + rows) / times
    return np.asarray(picture.resize((times * picture.width, rows), Image.Resampling.BILINEAR, box))
