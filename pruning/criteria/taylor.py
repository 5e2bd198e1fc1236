"""First-order change of the loss if a channel were removed (arXiv 1611.06440, 1906.10771)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from pruning.criteria.registry import register, register_both
from pruning.criteria.view import GroupView, Sides


def _products(view: GroupView, sides: Sides, gradients: Mapping[str, Tensor], *, absolute: bool) -> Tensor:
    pairs = zip(view.parts(sides), view.parts(sides, gradients), strict=True)
    products = [(w.abs() if absolute else w) * g for w, g in pairs]
    return torch.stack([product.sum(1, dtype=torch.float64) for product in products]).sum(0)


@register_both("taylor", needs=["gradients"])
def taylor(view: GroupView, sides: Sides) -> Tensor:
    """Sum over the weights of |w dL/dw|, mean over batches, (C,)."""
    gradients = {name: found.magnitude for name, found in view.evidence.gradients.items()}
    return _products(view, sides, gradients, absolute=True)


@register_both("taylor-squared", needs=["gradients"])
def taylor_squared(view: GroupView, sides: Sides) -> Tensor:
    """(Sum over the weights of w dL/dw)^2 with the mean gradient of all batches, (C,)."""
    gradients = {name: found.mean for name, found in view.evidence.gradients.items()}
    return _products(view, sides, gradients, absolute=False).square()


@register("taylor-activation", needs=["gradients"])
def taylor_activation(view: GroupView) -> Tensor | None:
    """|Sum over positions of a dL/da|, mean over each batch inside and over batches outside the bars, (C,).

    Activations are those that the group's readers see, and all readers add up. The sum over positions, not their
    mean, is the loss's first-order change, and lets readers at different resolutions be added.
    """
    readers = view.weighted(["in"])
    if not readers:
        return None
    return sum(view.total(m, view.evidence.gradients[m.layer].inputs) for m in readers).abs().mean(0)  # type: ignore


@register_both("obd", needs=["gradients"])
def obd(view: GroupView, sides: Sides) -> Tensor:
    """Half the sum of w^2 times the mean squared gradient (OBD by channels, arXiv 1905.05934), (C,).

    The mean square of the batches' gradients stands for the curvature.
    """
    squares = {name: found.square for name, found in view.evidence.gradients.items()}
    pairs = zip(view.parts(sides), view.parts(sides, squares), strict=True)
    return torch.stack([(w.square() * g).sum(1, dtype=torch.float64) / 2 for w, g in pairs]).sum(0)
