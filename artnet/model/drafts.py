"""The ground of `artnet.image.ground` and the steps of `artnet.image.drafting` on tensors, differentiable."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from artnet.image import ground
from artnet.image.drafting import BAND, EXAGGERATION, FACTOR, UNSEEN
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
    """What is painted at full size: the enlarged drafts with the contents' detail in all three channels, exaggerated.

    Args:
        drafts: (N, 3, H / factor, W / factor), about [0, 1].
        contents: (N, 3, H, W), H and W multiples of `BAND * factor`.
    """
    light = luma(contents)
    small = F.avg_pool2d(light, factor)
    mixed = enlarged(outlined(drafts.float(), small), factor) + EXAGGERATION * (light - enlarged(small, factor))
    return mixed.clamp(0, 1).contiguous(memory_format=torch.channels_last)


def outlined(drafts: Tensor, light: Tensor) -> Tensor:
    """Drafts whose middle detail gives way to the content's, exaggerated, where that is the stronger one.

    Args:
        drafts: (N, 3, H, W), about [0, 1].
        light: (N, 1, H, W), the contents' luma at the size of drafts.
    """
    wanted, own = (band_of(x) for x in (light, luma(drafts)))
    energies = [enlarged(F.avg_pool2d(x.square(), BAND), BAND) for x in (wanted, own)]
    share = energies[0] / (energies[0] + energies[1] + UNSEEN**2 / 255**2)
    return (drafts + share * (EXAGGERATION * wanted - own)).clamp(0, 1)


def band_of(light: Tensor) -> Tensor:
    """(N, 1, H, W) luma without its mean in blocks of `BAND` pixels."""
    return light - enlarged(F.avg_pool2d(light, BAND), BAND)


def enlarged(pictures: Tensor, times: int) -> Tensor:
    """(N, C, H, W), so many times as high and wide."""
    return F.interpolate(pictures, scale_factor=times, mode="bilinear")
