"""The ground of `artnet.image.ground` and the steps of `artnet.image.drafting` on tensors, differentiable."""

import torch
import torch.nn.functional as F
from torch import Tensor

from artnet.image import ground
from artnet.image.drafting import DETAIL, FACTOR
from artnet.model.tensors import luma


def on_ground(pictures: Tensor, levels: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Pictures with the ground added to all three channels.

    Args:
        pictures: (N, 3, H, W), [0, 1].
        levels: `ground_levels`.
        rows, columns: (N or 1,) int64, where on the ground each picture begins.
    """
    height, width = (torch.arange(side, device=levels.device) for side in pictures.shape[2:])
    rows, columns = ((first[:, None] + at) % ground.SIZE for first, at in ((rows, height), (columns, width)))
    return (pictures + levels[rows[:, :, None], columns[:, None]][:, None] / 255).clamp(0, 1)


def ground_levels(strength: float = 1.0) -> Tensor:
    """(SIZE, SIZE) int16: the ground in levels of 255."""
    return torch.from_numpy(ground.levels(strength))


def reduced(pictures: Tensor, factor: int = FACTOR) -> Tensor:
    """(N, 3, H, W) at the size of drafts; H and W multiples of the factor."""
    return F.avg_pool2d(pictures, factor)


def revisable(drafts: Tensor, contents: Tensor, factor: int = FACTOR) -> Tensor:
    """What is painted at full size: the enlarged drafts with the contents' detail in all three channels.

    Args:
        drafts: (N, 3, H / factor, W / factor), about [0, 1].
        contents: (N, 3, H, W), H and W multiples of twice the factor.
    """
    enlarged = F.interpolate(drafts.float(), scale_factor=factor, mode="bilinear")
    mixed = enlarged + DETAIL * detail(contents, 2 * factor)
    return mixed.clamp(0, 1).contiguous(memory_format=torch.channels_last)


def detail(contents: Tensor, band: int) -> Tensor:
    """(N, 1, H, W): luma without its mean in blocks of `band` pixels, which no draft can show."""
    light = luma(contents)
    return light - F.interpolate(F.avg_pool2d(light, band), scale_factor=band, mode="bilinear")
