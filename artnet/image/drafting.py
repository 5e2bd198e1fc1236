"""Draft and revise: a picture is painted at half its size first, and the enlarged draft is painted again at full size.

What a network of a given receptive field paints at half the size shows twice the strokes. Drafting small and revising
at full size is LapStyle's design (Lin et al., CVPR 2021), there with two networks for each style; here one network for
all styles does both. `artnet.model.drafts` has the same two steps for tensors.
"""

import numpy as np
from PIL import Image, ImageChops

FACTOR = 2
"""How many times smaller a draft is."""
BAND = 4
"""Detail is what is finer than about so many pixels: a draft cannot show it."""
DETAIL = 0.8
"""Share of the content's detail that is given back to an enlarged draft, before it is painted again."""
MIDDLE = 128
"""The level that stands for no detail where detail is held in bytes; what exceeds their range is cut off."""
SHARES = [round(MIDDLE + DETAIL * (level - MIDDLE)) for level in range(256)]


def reduced(content: np.ndarray) -> np.ndarray:
    """An (H, W, 3) uint8 picture at the size of drafts; H and W multiples of FACTOR."""
    return np.asarray(Image.fromarray(content).reduce(FACTOR))


def revisable(draft: np.ndarray, content: np.ndarray) -> np.ndarray:
    """What is painted at full size: the enlarged draft with the content's detail in all three channels.

    Args:
        draft: (H / FACTOR, W / FACTOR, 3) uint8.
        content: (H, W, 3) uint8, H and W multiples of BAND.
    """
    size = content.shape[1], content.shape[0]
    enlarged = Image.fromarray(draft).resize(size, Image.Resampling.BILINEAR)
    luma = Image.fromarray(content).convert("L")
    smooth = luma.reduce(BAND).resize(size, Image.Resampling.BILINEAR)
    detail = ImageChops.subtract(luma, smooth, 1.0, MIDDLE).point(SHARES)
    return np.asarray(ImageChops.add(enlarged, Image.merge("RGB", [detail] * 3), 1.0, -MIDDLE))
