"""Norms of a channel's weights: small weights, small effect."""

import torch
from torch import Tensor

from pruning.criteria.registry import register
from pruning.view import DEPENDENCY, OWN, GroupView, Sides


def l1(view: GroupView, sides: Sides = OWN) -> Tensor:
    """Sum of absolute weights, (C,)."""
    return torch.stack([part.abs().sum(1, dtype=torch.float64) for part in view.parts(sides)]).sum(0)


def l2(view: GroupView, sides: Sides = OWN) -> Tensor:
    """Euclidean norm of the weights, (C,)."""
    return torch.stack([part.square().sum(1, dtype=torch.float64) for part in view.parts(sides)]).sum(0).sqrt()


@register("l1-dependency")
def l1_dependency(view: GroupView) -> Tensor:
    """`l1` with the weights of the next layers."""
    return l1(view, DEPENDENCY)


@register("l2-dependency")
def l2_dependency(view: GroupView) -> Tensor:
    """`l2` with the weights of the next layers."""
    return l2(view, DEPENDENCY)


register("l1")(l1)
register("l2")(l2)
