"""What a transform needs of a style, computed once for many contents."""

from dataclasses import dataclass

from torch import Tensor

from s2transform.moments import channel_moments
from s2transform.swap import PatchBank, build_patch_bank


@dataclass(frozen=True)
class PreparedStyle:
    """One level of a style (or of a batch of styles, each meant for the content at its place).

    Attributes:
        features: (N, C, H, W), kept for transforms beyond mean and deviation.
        mean, std: (N, C, 1, 1) float32.
        banks: one PatchBank for each of the N pictures, or empty where no swap is wanted.
        normalised: True where the banks hold patches of features with mean 0 and deviation 1 (variant H2).
    """

    features: Tensor
    mean: Tensor
    std: Tensor
    banks: tuple[PatchBank, ...] = ()
    normalised: bool = False


def prepare_style(
    style: Tensor,
    *,
    swap: bool = True,
    normalised: bool = False,
    patch_size: int = 3,
    bank_stride: int = 1,
    bank_pool: int = 1,
    rule: str = "euclidean",
    match_channels: int | None = None,
) -> PreparedStyle:
    """Moments and, with swap, patch banks of (N, C, H, W) style features; options as in `build_patch_bank`."""
    mean, std = channel_moments(style)
    banks: tuple[PatchBank, ...] = ()
    if swap:
        source = ((style - mean) / std).to(style.dtype) if normalised else style
        banks = tuple(
            build_patch_bank(
                one, patch_size=patch_size, bank_stride=bank_stride, bank_pool=bank_pool, rule=rule,
                match_channels=match_channels,
            )
            for one in source.split(1)
        )  # fmt: skip
    return PreparedStyle(style, mean, std, banks, normalised)
