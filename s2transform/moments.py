"""Channel moments and adaptive instance normalisation (Huang and Belongie, arXiv 1703.06868)."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

Moments = tuple[Tensor, Tensor]
"""Channel means and standard deviations, two float32 tensors (N, C, 1, 1)."""
Place = Literal["content", "swapped"]
"""What a transform normalises: the content's features, or what the swap made of them."""
MomentsOf = Callable[[Place, Tensor], Moments]
"""Moments to be taken for features at a place; by default, their own."""
EPS = 1e-5
"""Smallest variance, so that a constant (for example an empty) channel stays finite: it becomes the style's mean."""


def check_features(content: Tensor, style: Tensor) -> None:
    """Raise ValueError unless both are (N, C, H, W) with equal C, and style has N of the content or 1."""
    for name, x in (("content", content), ("style", style)):
        if x.ndim != 4:
            raise ValueError(f"{name} features must be (N, C, H, W), got shape {tuple(x.shape)}")
    if content.shape[1] != style.shape[1]:
        raise ValueError(f"content has {content.shape[1]} channels and style {style.shape[1]}: use one encoder")
    if style.shape[0] not in (1, content.shape[0]):
        raise ValueError(f"style batch must be 1 or {content.shape[0]}, got {style.shape[0]}")


def channel_moments(features: Tensor, eps: float = EPS) -> Moments:
    """Mean and standard deviation of every channel over its positions: two float32 tensors (N, C, 1, 1).

    The deviation is sqrt(max(population variance, eps)); sums are taken in float32 whatever the dtype of the features.
    """
    flat = features.float().permute(0, 2, 3, 1).flatten(1, 2)  # (N, L, C), a view of channels_last features
    # Sums over positions as products with ones: several times faster here than a strided var_mean and its gradient.
    ones = flat.new_ones(1, 1, flat.shape[1]).expand(len(flat), -1, -1) / flat.shape[1]
    with torch.autocast(flat.device.type, enabled=False):
        mean = ones @ flat  # (N, 1, C)
        std = (ones @ (flat - mean).square()).clamp(min=eps).sqrt()
    return mean.transpose(1, 2)[..., None], std.transpose(1, 2)[..., None]


def own_moments(_where: object, features: Tensor) -> Moments:
    """The default of every transform: the features' own moments."""
    return channel_moments(features)


def match_moments(features: Tensor, mean: Tensor, std: Tensor, own: Moments | None = None) -> Tensor:
    """Move every channel of (N, C, H, W) features to the given mean and deviation ((N or 1, C, 1, 1)).

    With `own`, the features count as having those moments: a tile of a picture is moved as the whole picture would be.
    """
    own_mean, own_std = own or channel_moments(features)
    scale = std / own_std
    shift = mean - own_mean * scale
    return features * scale.to(features.dtype) + shift.to(features.dtype)


def adain(content: Tensor, style: Tensor) -> Tensor:
    """Give the content features the channel mean and deviation of the style features.

    Args:
        content: (N, C, H, W) features.
        style: (N or 1, C, Hs, Ws) features.

    Returns:
        (N, C, H, W) in the content's dtype.

    Raises:
        ValueError: shapes that do not fit.
    """
    check_features(content, style)
    return match_moments(content, *channel_moments(style))
