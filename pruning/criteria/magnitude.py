"""Norms of a channel's weights: small weights, small effect."""

import torch
from torch import Tensor

from pruning.criteria.registry import register_both
from pruning.criteria.view import GroupView, Sides


@register_both("l1")
def l1(view: GroupView, sides: Sides) -> Tensor:
    """Sum of absolute weights, (C,)."""
    return torch.stack([part.abs().sum(1, dtype=torch.float64) for part in view.parts(sides)]).sum(0)


@register_both("l2")
def l2(view: GroupView, sides: Sides) -> Tensor:
    """Euclidean norm of the weights, (C,)."""
    return torch.stack([part.square().sum(1, dtype=torch.float64) for part in view.parts(sides)]).sum(0).sqrt()


@register_both("lamp", normalise="none")
def lamp(view: GroupView, sides: Sides) -> Tensor:
    """Squared norm over that of all channels that are no smaller (LAMP, arXiv 2010.07611), (C,) in (0, 1].

    Comparable between groups as it is. The publication scores single weights; channels in their place are our reading.
    """
    squares = l2(view, sides).square()
    order = squares.argsort(descending=True, stable=True)
    scores = torch.empty_like(squares)
    scores[order] = squares[order] / squares[order].cumsum(0).clamp(min=torch.finfo(squares.dtype).tiny)
    return scores
