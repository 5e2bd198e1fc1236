"""The ground of `artnet.image.ground` and the steps of `artnet.image.drafting` on tensors, differentiable."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from artnet.image import ground
from artnet.image.drafting import DETAIL, FACTOR
from artnet.model.tensors import luma


def on_ground(pictures: Tensor, tiles: Sequence[Tensor], rows: Tensor, columns: Tensor) -> Tensor:
    """Pictures with the ground added to all three channels.

    Args:
        pictures: (N, 3, H, W), [0, 1].
        tiles: `ground_tiles`.
        rows, columns: (N or 1,) int64, where on the ground each picture begins.
    """
    down, across = (torch.arange(side, device=rows.device) for side in pictures.shape[2:])
    for tile in tiles:
        at = (rows[:, None] + down) % tile.shape[0], (columns[:, None] + across) % tile.shape[1]
        pictures = pictures + tile[at[0][:, :, None], at[1][:, None]][:, None] / 255
    return pictures.clamp(0, 1)


def ground_tiles(strength: float = 1.0) -> list[Tensor]:
    """What the ground adds up, float32 levels of 255."""
    return [torch.from_numpy(tile).float() for tile in ground.tiles(strength)]


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
