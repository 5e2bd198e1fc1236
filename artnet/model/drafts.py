"""The two steps of `artnet.image.drafting` between tensors, through which gradients flow."""

import torch
import torch.nn.functional as F
from torch import Tensor

from artnet.image.compose import LUMA
from artnet.image.drafting import BAND, DETAIL, FACTOR


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
