"""The clarity, ground, drafting, guiding and contrast of `artnet.image` on tensors, differentiable."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from artnet.image import clarity, contrast, ground, guided
from artnet.image.drafting import BAND, EXAGGERATION, FACTOR, SHOWN_DETAIL, UNSEEN
from artnet.model.tensors import luma


def clarified(photos: Tensor) -> Tensor:
    """(N, 3, H, W) photos, [0, 1], with more of their own detail; H and W multiples of `clarity.BLOCK`."""
    detail = detail_of(luma(photos), clarity.BLOCK)
    energy = 255**2 * F.avg_pool2d(detail.square(), clarity.BLOCK)
    size = energy.clamp(min=1e-3).sqrt()  # the root of nothing has no gradient
    amount = clarity.CLARITY * clarity.FAINT / (clarity.FAINT + size) * size / (clarity.UNSEEN + size)
    return (photos + enlarged(amount, clarity.BLOCK) * detail).clamp(0, 1)


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
    """What is painted at full size: the enlarged drafts, their light guided, with the contents' detail, exaggerated.

    Args:
        drafts: (N, 3, H / factor, W / factor), about [0, 1].
        contents: (N, 3, H, W), H and W multiples of `guided.CELL`.
    """
    light = luma(contents)
    small = F.avg_pool2d(light, factor)
    drawn = outlined(guided_drafts(drafts.float(), small, factor), small)
    mixed = enlarged(drawn, factor) + EXAGGERATION * (light - enlarged(small, factor))
    return mixed.clamp(0, 1).contiguous(memory_format=torch.channels_last)


def shown(painted: Tensor, contents: Tensor, factor: int) -> Tensor:
    """What was painted smaller, enlarged, with some of the contents' detail.

    Args:
        painted: (N, 3, H / factor, W / factor), [0, 1].
        contents: (N, 3, H, W), H and W multiples of twice the factor.
        factor: how many times smaller it was painted.
    """
    return (enlarged(painted, factor) + SHOWN_DETAIL * detail_of(luma(contents), 2 * factor)).clamp(0, 1)


def outlined(drafts: Tensor, light: Tensor) -> Tensor:
    """Drafts whose middle detail gives way to the content's, exaggerated, where that is the stronger one.

    Args:
        drafts: (N, 3, H, W), about [0, 1].
        light: (N, 1, H, W), the contents' luma at the size of drafts.
    """
    wanted, own = (detail_of(x, BAND) for x in (light, luma(drafts)))
    energies = [enlarged(F.avg_pool2d(x.square(), BAND), BAND) for x in (wanted, own)]
    share = energies[0] / (energies[0] + energies[1] + UNSEEN**2 / 255**2)
    return (drafts + share * (EXAGGERATION * wanted - own)).clamp(0, 1)


def guided_drafts(drafts: Tensor, light: Tensor, factor: int) -> Tensor:
    """Drafts with their light guided by the contents.

    Args:
        drafts: (N, 3, H, W), about [0, 1], H and W multiples of `guided.CELL / factor`.
        light: (N, 1, H, W), the contents' luma at the size of drafts.
        factor: how many times smaller than the contents drafts are.
    """
    return (drafts + guidance(luma(drafts), light, guided.CELL // factor)).clamp(0, 1)


def guided_paintings(painted: Tensor, contents: Tensor) -> Tensor:
    """(N, 3, H, W) paintings and what comes of them, about [0, 1], their light guided by contents of that size.

    H and W are multiples of `guided.CELL`.
    """
    own, light = (F.avg_pool2d(luma(pictures), guided.BLOCK) for pictures in (painted, contents))
    return painted + enlarged(guidance(own, light, guided.CELL // guided.BLOCK), guided.BLOCK)


def guidance(light: Tensor, guide: Tensor, cell: int) -> Tensor:
    """What guiding (N, 1, H, W) light changes, of the same shape; H and W multiples of a cell's side."""
    means = [softened(F.avg_pool2d(x, cell)) for x in (guide, light, guide * guide, guide * light)]
    variance = means[2] - means[0] ** 2
    slope = (means[3] - means[0] * means[1]) / (variance + 1 / 255**2)
    share = variance / (variance + guided.EDGE**2 / 255**2)
    lines = share * slope, share * (means[1] - slope * means[0]), share
    slopes, offsets, shares = (enlarged(part, cell) for part in lines)
    return slopes * guide + offsets - shares * light


def softened(values: Tensor) -> Tensor:
    """(N, C, H, W) means with those of the neighbours."""
    return F.avg_pool2d(F.avg_pool2d(F.pad(values, (1, 1, 1, 1), mode="replicate"), 2, 1), 2, 1)


def detail_of(light: Tensor, block: int) -> Tensor:
    """(N, 1, H, W) luma without its mean in blocks of so many pixels."""
    return light - enlarged(F.avg_pool2d(light, block), block)


def enlarged(pictures: Tensor, times: int) -> Tensor:
    """(N, C, H, W), so many times as high and wide."""
    return F.interpolate(pictures, scale_factor=times, mode="bilinear")


def contrasted(painted: Tensor, styles: Tensor) -> Tensor:
    """(N, 3, H, W) paintings, about [0, 1], their marks made as strong as those of as many styles."""
    sizes = sizes_of(painted)
    # What is fainter than a step of 8 bits is not made stronger, and has no part in the gradient.
    own, wanted = (contrasts_of(x).clamp(min=1 / 255) for x in (sizes, sizes_of(styles)))
    times = (wanted / own).clamp(1 / contrast.MOST, contrast.MOST)
    # As in `artnet.image.contrast.match_contrast`.
    shares = torch.cat([times, torch.ones_like(times[:1])]) - torch.cat([torch.zeros_like(times[:1]), times])
    total = torch.zeros_like(sizes[-1])
    for size, share in zip(reversed(sizes), reversed(shares), strict=True):
        total = resized(total, size.shape[2:]) + share[:, None, None, None] * size
    return total.clamp(0, 1)


def sizes_of(pictures: Tensor) -> list[Tensor]:
    """(N, 3, H, W), and half the size of each one before; sides are rounded up."""
    sizes = [pictures]
    for _ in range(contrast.BANDS):
        sizes.append(resized(sizes[-1], [-(-side // 2) for side in sizes[-1].shape[2:]]))
    return sizes


def contrasts_of(sizes: Sequence[Tensor]) -> Tensor:
    """(BANDS, N): how strong each band is, of a picture's `sizes_of`, in [0, 1]."""
    energies = torch.stack([size.square().mean((1, 2, 3)) for size in sizes])
    return (energies[:-1] - energies[1:]).clamp(min=1e-8).sqrt()


def resized(pictures: Tensor, size: Sequence[int]) -> Tensor:
    """(N, C, H, W) at another size, bilinear; made smaller by a wider triangle."""
    return F.interpolate(pictures, size=list(size), mode="bilinear", antialias=True)
