"""Draft and revise: a picture is painted at half its size first, and the enlarged draft is painted again at full size.

What a network of a given receptive field paints at half the size shows twice the strokes. Drafting small and revising
at full size is LapStyle's design (Lin et al., CVPR 2021), there with two networks for each style; here one network for
all styles does both.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from artnet.color import LUMA

FACTOR = 2
"""How many times smaller a draft is."""
BAND = 4
"""Detail is what is finer than about so many pixels: a draft cannot show it."""
DETAIL = 0.8
"""Share of the content's detail that is given back to an enlarged draft, before it is painted again."""


def reduced(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) at the size of drafts; H and W multiples of FACTOR."""
    return F.avg_pool2d(pictures, FACTOR)


def revisable(drafts: Tensor, contents: Tensor) -> Tensor:
    """What is painted at full size: the enlarged drafts with the contents' detail in all three channels.

    Args:
        drafts: (N, 3, H / FACTOR, W / FACTOR), about [0, 1].
        contents: (N, 3, H, W), H and W multiples of BAND.
    """
    enlarged = F.interpolate(drafts.float(), scale_factor=FACTOR, mode="bilinear")
    return (enlarged + DETAIL * detail(contents)).clamp(0, 1).contiguous(memory_format=torch.channels_last)


def detail(contents: Tensor) -> Tensor:
    """(N, 1, H, W): luma without its local mean."""
    luma = (contents * contents.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    return luma - F.interpolate(F.avg_pool2d(luma, BAND), scale_factor=BAND, mode="bilinear")
