"""S2, the sandwich swap transform: transform, swap, transform.

The abstract of ArtNet (arXiv 2006.09029) names S2 and its aims; the formulas here are our reading. With T(A -> B)
moving A's statistics to B's (by default AdaIN), content features Fc and style features Fs:

    H1 (default)  T(swap(T(Fc -> Fs), Fs) -> Fs)
    H2            normalise both, swap, give the style's moments back (Avatar-Net's decorator with AdaIN)
    H3            H1 with the transformed content mixed into what the last transform receives
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from s2transform.moments import MomentsOf, Place, check_features, match_moments, own_moments
from s2transform.style import PreparedStyle, prepare_style
from s2transform.swap import swap_with_bank
from s2transform.whitening import wct

VARIANTS = ("H1", "H2", "H3")
METHODS = ("s2", "adain", "wct")
STRUCTURE = 0.5
"""Share of the transformed content in what H3's last transform receives."""


def swap_batch(content: Tensor, style: PreparedStyle, stride: int) -> Tensor:
    """Swap each of (N, C, H, W) with the bank of its style (or the only bank)."""
    if not style.banks:
        raise ValueError("the style was prepared without patches: call prepare_style(..., swap=True)")
    banks = style.banks * (content.shape[0] // len(style.banks))
    return torch.cat([swap_with_bank(c, bank, stride=stride) for c, bank in zip(content.split(1), banks, strict=True)])


def s2_prepared(
    content: Tensor,
    style: PreparedStyle,
    *,
    variant: str = "H1",
    transform: str = "adain",
    stride: int = 1,
    moments_of: MomentsOf = own_moments,
) -> Tensor:
    """`s2` with a style prepared before; H2 needs one prepared with normalised=True, H1 and H3 one without.

    The AdaIN of H1 and H3 asks `moments_of` for the moments of its input, called 'content' and then 'swapped'.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, got {variant!r}")
    if style.normalised != (variant == "H2"):
        raise ValueError("variant H2 needs prepare_style(..., normalised=True), H1 and H3 need normalised=False")
    move = statistics_transform(transform, moments_of)
    if variant == "H2":
        unit = match_moments(content, torch.zeros_like(style.mean), torch.ones_like(style.std))
        swapped = swap_batch(unit, style, stride)
        return (swapped * style.std + style.mean).to(content.dtype)
    moved = move("content", content, style)
    swapped = swap_batch(moved, style, stride)
    if variant == "H3":
        swapped = torch.lerp(swapped, moved, STRUCTURE)
    return move("swapped", swapped, style)


def statistics_transform(name: str, moments_of: MomentsOf) -> Callable[[Place, Tensor, PreparedStyle], Tensor]:
    """The transform T by name, 'adain' or 'wct': a function of the place, its features and the style."""
    if name == "adain":
        return lambda place, x, style: match_moments(x, style.mean, style.std, moments_of(place, x))
    if name == "wct":
        return lambda _, x, style: wct(x, style.features)
    raise ValueError(f"transform must be adain or wct, got {name!r}")


def s2(
    content: Tensor,
    style: Tensor,
    *,
    variant: str = "H1",
    transform: str = "adain",
    patch_size: int = 3,
    stride: int = 1,
    bank_stride: int = 1,
    bank_pool: int = 1,
    rule: str = "euclidean",
    match_channels: int | None = None,
) -> Tensor:
    """Sandwich swap transform of content features with style features.

    Args:
        content: (N, C, H, W) features.
        style: (N or 1, C, Hs, Ws) features.
        variant: 'H1', 'H2' or 'H3'.
        transform: 'adain' or 'wct', the outer transform of H1 and H3.
        patch_size, stride, bank_stride, bank_pool, rule, match_channels: see `style_swap`.

    Returns:
        (N, C, H, W). H1 and H3 have exactly the style's channel mean and deviation; H2 only nearly.

    Raises:
        ValueError: shapes or options that do not fit.
    """
    check_features(content, style)
    prepared = prepare_style(
        style,
        normalised=variant == "H2",
        patch_size=patch_size,
        bank_stride=bank_stride,
        bank_pool=bank_pool,
        rule=rule,
        match_channels=match_channels,
    )
    return s2_prepared(content, prepared, variant=variant, transform=transform, stride=stride)


def transfer(
    content: Tensor, style: PreparedStyle, method: str = "s2", moments_of: MomentsOf = own_moments
) -> Tensor:
    """Transfer one prepared style by method name: 's2' (variant H1), 'adain' or 'wct'."""
    if method not in METHODS:
        raise ValueError(f"transfer must be one of {', '.join(METHODS)}, got {method!r}")
    if method == "s2":
        return s2_prepared(content, style, moments_of=moments_of)
    return statistics_transform(method, moments_of)("content", content, style)


def blend(content: Tensor, transferred: Sequence[Tensor], weights: Sequence[float], strength: float = 1.0) -> Tensor:
    """Weighted mean of features transferred to several styles, then a blend with the content's own.

    Args:
        content: (N, C, H, W) features.
        transferred: one (N, C, H, W) for each style.
        weights: one positive number for each style; only their ratios matter.
        strength: 0 (content as it is) to 1 (fully transferred).

    Raises:
        ValueError: no style, a weight that is not positive, numbers that do not match, or strength outside 0..1.
    """
    if not transferred or len(transferred) != len(weights):
        raise ValueError(f"need one weight for each style, got {len(weights)} for {len(transferred)}")
    if not all(0 < w < float("inf") for w in weights):
        raise ValueError(f"style weights must be positive and finite, got {list(weights)}")
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be between 0 and 1, got {strength}")
    total = sum(weights)
    mixed = transferred[0]
    if len(transferred) > 1:
        mixed = sum((t * (w / total) for t, w in zip(transferred, weights, strict=True)), torch.zeros_like(content))
    return mixed if strength == 1 else torch.lerp(content, mixed, strength)
