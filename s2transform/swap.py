"""Patch swap (Chen and Schmidt, arXiv 1612.04337): replace every content patch by its nearest style patch.

Two rules for "nearest": 'euclidean' (smallest distance, which makes swapping a picture with itself the identity and
gives the patch-distance inequality of `tests/s2transform`), and 'cosine' (normalised cross-correlation, the rule of
style-swap and Avatar-Net; only the style patch's norm divides, as the content's does not change the winner).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from s2transform.moments import check_features

RULES = ("euclidean", "cosine")
SCORE_BYTES = 64 * 2**20
"""Largest block of matching scores held at once; positions are matched in bands of rows that fit."""


@dataclass(frozen=True)
class PatchBank:
    """The patches of one style picture, ready to be matched and pasted.

    Attributes:
        kernels: (K, D, p, p), the patches as the filters of a convolution that scores them; D = C without reduction.
        bias: (K,) float32, minus half the squared norm for the 'euclidean' rule; zeros for 'cosine'.
        pixels: (p * p, K, C), the same patches position by position, for pasting.
        reduction: what content features go through before they are scored, or None.
    """

    kernels: Tensor
    bias: Tensor
    pixels: Tensor
    reduction: "Reduction | None" = None

    @property
    def patch_size(self) -> int:
        return self.kernels.shape[-1]


@dataclass(frozen=True)
class Reduction:
    """Projection of features onto the D principal components of a style's channels.

    Attributes:
        mean: (C,) float32, subtracted first.
        basis: (D, C) float32, orthonormal rows.
    """

    mean: Tensor
    basis: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, D, H, W)."""
        centred = features - self.mean.to(features.dtype)[:, None, None]
        return F.conv2d(centred, self.basis.to(features.dtype)[:, :, None, None])


def principal_channels(style: Tensor, count: int) -> Reduction:
    """The `count` principal components of the channels of (1, C, H, W) features (fewer where C is smaller)."""
    flat = style[0].flatten(1).float()
    mean = flat.mean(1)
    centred = flat - mean[:, None]
    # In double precision: where many channels are silent, the single one may not converge.
    _, vectors = torch.linalg.eigh((centred @ centred.T).double())  # by rising eigenvalue
    return Reduction(mean, vectors[:, -min(count, len(mean)) :].T.float().contiguous())


def reflect_pad(x: Tensor, amount: int) -> Tensor:
    """Pad (N, C, H, W) on all sides by reflection; a side too short to be reflected repeats its edge."""
    if amount == 0:
        return x
    mode = "reflect" if min(x.shape[2:]) > amount else "replicate"
    return F.pad(x, (amount,) * 4, mode=mode)


def build_patch_bank(
    style: Tensor,
    *,
    patch_size: int = 3,
    bank_stride: int = 1,
    bank_pool: int = 1,
    rule: str = "euclidean",
    match_channels: int | None = None,
) -> PatchBank:
    """Cut one style's features into patches.

    Args:
        style: (1, C, H, W) features.
        patch_size: side of a patch in feature positions, odd.
        bank_stride: distance between neighbouring style patches; 2 keeps a quarter of them.
        bank_pool: side of the average pooling of the style features before they are cut; 1 is none.
        rule: 'euclidean' or 'cosine'.
        match_channels: compare patches in this many principal components of the style's channels, which costs that
            share of the products; None compares them in all channels. What is pasted is never reduced.

    Raises:
        ValueError: an even patch size, a stride, pool or channel count below 1, an unknown rule, or more than one
            picture.
    """
    if patch_size < 1 or patch_size % 2 == 0:
        raise ValueError(f"patch_size must be odd and at least 1, got {patch_size}")
    if bank_stride < 1 or bank_pool < 1:
        raise ValueError(f"bank_stride and bank_pool must be at least 1, got {bank_stride} and {bank_pool}")
    if match_channels is not None and match_channels < 1:
        raise ValueError(f"match_channels must be at least 1, got {match_channels}")
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    if style.ndim != 4 or style.shape[0] != 1:
        raise ValueError(f"a patch bank is built from one picture's (1, C, H, W) features, got {tuple(style.shape)}")
    pool = min(bank_pool, *style.shape[2:])
    if pool > 1:
        style = F.avg_pool2d(style, pool)

    def patches(features: Tensor) -> Tensor:
        columns = F.unfold(reflect_pad(features, patch_size // 2), patch_size, stride=bank_stride)[0]  # (C*p*p, K)
        return columns.T.reshape(-1, features.shape[1], patch_size, patch_size)

    whole = patches(style)  # (K, C, p, p)
    reduction = principal_channels(style.detach(), match_channels) if match_channels else None
    kernels = patches(reduction(style.detach())) if reduction else whole.detach()
    squared = kernels.float().square().sum((1, 2, 3))
    if rule == "cosine":
        kernels = kernels * squared.clamp(min=1e-12).rsqrt().to(kernels.dtype)[:, None, None, None]
        squared = torch.zeros_like(squared)
    return PatchBank(
        kernels.contiguous(memory_format=torch.channels_last),
        -squared / 2,
        whole.flatten(2).permute(2, 0, 1).contiguous(),
        reduction,
    )


@torch.no_grad()
def match_patches(content: Tensor, bank: PatchBank, *, stride: int = 1) -> Tensor:
    """Index of the nearest style patch for every patch of (1, C, H, W) content: (rows, columns) int64.

    The content is padded by reflection so that the patch at row i, column j is centred on position
    (i * stride, j * stride). Scores are a convolution in the content's dtype, added up in bands of at most SCORE_BYTES.
    """
    if stride < 1:
        raise ValueError(f"stride must be at least 1, got {stride}")
    size = bank.patch_size
    padded = reflect_pad(bank.reduction(content) if bank.reduction else content, size // 2)
    rows = (padded.shape[2] - size) // stride + 1
    columns = (padded.shape[3] - size) // stride + 1
    kernels = bank.kernels.to(content.dtype)
    bias = bank.bias[:, None, None]
    band = max(1, SCORE_BYTES // (4 * bank.bias.numel() * columns))
    tops = range(0, rows, band) if band < rows else (0,)  # one band is not cut: torch 2.11 cannot export cuts
    matches = []
    for top in tops:
        strip = padded[:, :, top * stride : (top + band - 1) * stride + size] if band < rows else padded
        scores = F.conv2d(strip, kernels, stride=stride)[0]
        # The bias joins in float32: in bfloat16 the squared norms would drown the differences that decide.
        matches.append((scores.float() + bias).argmax(0))
    return torch.cat(matches)


def paste_patches(matches: Tensor, bank: PatchBank, height: int, width: int, *, stride: int = 1) -> Tensor:
    """Lay the matched patches (rows, columns) on a (1, C, height, width) canvas and average where they overlap."""
    size, margin = bank.patch_size, bank.patch_size // 2
    rows, columns = matches.shape
    canvas = bank.pixels.new_zeros(height + 2 * margin, width + 2 * margin, bank.pixels.shape[2])
    counts = canvas.new_zeros(*canvas.shape[:2], 1, dtype=torch.float32)
    flat = matches.flatten()
    for offset in range(size * size):
        top, left = divmod(offset, size)
        for total, pixels in ((canvas, bank.pixels[offset].index_select(0, flat).view(rows, columns, -1)), (counts, 1)):
            window = total.narrow(0, top, (rows - 1) * stride + 1).narrow(1, left, (columns - 1) * stride + 1)
            window[::stride, ::stride].add_(pixels)
    inside = (slice(margin, margin + height), slice(margin, margin + width))
    average = canvas[inside] / counts[inside].clamp(min=1).to(canvas.dtype)
    return average.permute(2, 0, 1)[None]


def swap_with_bank(content: Tensor, bank: PatchBank, *, stride: int = 1) -> Tensor:
    """`style_swap` of (1, C, H, W) content with a bank built before; gradients reach the bank's style features."""
    if stride > bank.patch_size // 2 + 1:  # the last patch is centred up to stride - 1 positions before the edge
        raise ValueError(f"stride {stride} leaves gaps with patches of size {bank.patch_size}")
    matches = match_patches(content, bank, stride=stride)
    return paste_patches(matches, bank, *content.shape[2:], stride=stride)


def style_swap(
    content: Tensor,
    style: Tensor,
    *,
    patch_size: int = 3,
    stride: int = 1,
    bank_stride: int = 1,
    bank_pool: int = 1,
    rule: str = "euclidean",
    match_channels: int | None = None,
) -> Tensor:
    """Replace every content patch by the nearest style patch; overlapping patches are averaged.

    Args:
        content: (N, C, H, W) features.
        style: (N or 1, C, Hs, Ws) features.
        patch_size: side of a patch, odd.
        stride: distance between content patches, at most patch_size // 2 + 1.
        bank_stride, bank_pool, rule, match_channels: see `build_patch_bank`.

    Returns:
        (N, C, H, W) made of style features. Differentiable in style, not in content (the choice is an argmax).

    Raises:
        ValueError: shapes or options that do not fit.
    """
    check_features(content, style)
    banks = [
        build_patch_bank(
            one, patch_size=patch_size, bank_stride=bank_stride, bank_pool=bank_pool, rule=rule,
            match_channels=match_channels,
        )
        for one in style.split(1)
    ]  # fmt: skip
    banks = banks * (content.shape[0] // len(banks))
    return torch.cat([swap_with_bank(c, bank, stride=stride) for c, bank in zip(content.split(1), banks, strict=True)])
