"""Draft and revise: a picture is painted small first, and the enlarged draft is painted again at full size.

What a network of a given receptive field paints at half the size shows twice the strokes, so the size of strokes sets
that of the draft. Drafting small and revising at full size is LapStyle's design (Lin et al., CVPR 2021), there with two
networks for each style; here one network for all styles does both. `artnet.model.drafts` has the same two steps for
tensors.
"""

import numpy as np
from PIL import Image, ImageChops

FACTOR = 2
"""How many times smaller a draft is in training, and for strokes of middle size."""
MOST_FACTOR = 4
SMALL, LARGE = 384, 768
"""Stroke sizes in pixels below which there is no draft, and from which it is as small as it gets."""
DETAIL = 0.8
"""Share of the content's detail that is given back to an enlarged draft, before it is painted again."""
MIDDLE = 128
"""The level that stands for no detail where detail is held in bytes; what exceeds their range is cut off."""
SHARES = [round(MIDDLE + DETAIL * (level - MIDDLE)) for level in range(256)]


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
    size, band = (content.shape[1], content.shape[0]), 2 * content.shape[0] // draft.shape[0]
    enlarged = Image.fromarray(draft).resize(size, Image.Resampling.BILINEAR)
    luma = Image.fromarray(content).convert("L")
    smooth = luma.reduce(band).resize(size, Image.Resampling.BILINEAR)
    detail = ImageChops.subtract(luma, smooth, 1.0, MIDDLE).point(SHARES)
    return np.asarray(ImageChops.add(enlarged, Image.merge("RGB", [detail] * 3), 1.0, -MIDDLE))
