"""Draft and revise: a picture is painted at half its size first, and the enlarged draft is painted again at full size.

What a network of a given receptive field paints at half the size shows twice the strokes. Drafting small and revising
at full size is LapStyle's design (Lin et al., CVPR 2021), there with two networks for each style; here one network for
all styles does both. `artnet.training.drafts` has the same two steps for tensors.
"""

import numpy as np
from PIL import Image

FACTOR = 2
"""How many times smaller a draft is."""
BAND = 4
"""Detail is what is finer than about so many pixels: a draft cannot show it."""
DETAIL = 0.8
"""Share of the content's detail that is given back to an enlarged draft, before it is painted again."""
ROWS = 128
"""Of the enlarged draft that get their detail at a time: all at once they would leave the processor's cache."""


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
    enlarged = np.array(Image.fromarray(draft).resize(size, Image.Resampling.BILINEAR))
    luma = Image.fromarray(content).convert("L")
    smooth = np.asarray(luma.reduce(BAND).resize(size, Image.Resampling.BILINEAR))
    for top in range(0, len(enlarged), ROWS):
        part = slice(top, top + ROWS)
        detail = np.asarray(luma.crop((0, top, size[0], min(top + ROWS, size[1])))).astype(np.float32) - smooth[part]
        change = np.rint(DETAIL * detail).astype(np.int16)
        enlarged[part] = np.clip(enlarged[part] + change[..., None], 0, 255)
    return enlarged
