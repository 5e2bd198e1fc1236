"""Filters near the centre of their layer can be replaced by the others (geometric median, arXiv 1811.00250).

Everything is computed from inner products, so that long filters cost one pass.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from pruning.criteria.registry import register_both
from pruning.criteria.view import GroupView, Sides

COLUMNS = 1 << 16
STEPS = 200
TOLERANCE = 1e-12
"""Weiszfeld steps end when no coefficient of the point moves by more than this."""


def gram(parts: Sequence[Tensor]) -> Tensor:
    """(C, C) inner products of the rows of (C, D) blocks about their mean (distances do not change), float64."""
    total = torch.zeros(len(parts[0]), len(parts[0]), dtype=torch.float64)
    for part in parts:
        for columns in part.split(COLUMNS, 1):
            centred = columns.double() - columns.double().mean(0)
            total += centred @ centred.T
    return total


@register_both("fpgm")
def fpgm(view: GroupView, sides: Sides) -> Tensor:
    """Sum of Euclidean distances to all other channels' weights, (C,)."""
    return distance_sums(gram(view.parts(sides)))


@register_both("fermat")
def fermat(view: GroupView, sides: Sides) -> Tensor:
    """Distance to the Fermat point, the point with the least sum of distances, (C,)."""
    return fermat_distances(gram(view.parts(sides)))


def distance_sums(products: Tensor) -> Tensor:
    """Sum of each row's distances to all others, from their inner products: (C, C) -> (C,)."""
    square = products.diagonal()
    return (square[:, None] + square - 2 * products).clamp(min=0).sqrt().sum(1)


def fermat_distances(products: Tensor) -> Tensor:
    """Each row's distance to the rows' Fermat point, by Weiszfeld's iteration: (C, C) -> (C,).

    The point is a weighted mean of the rows; its coefficients are what is iterated.
    """
    square = products.diagonal()
    near = 1e-9 * float(square.max().sqrt()) + torch.finfo(torch.float64).tiny  # keeps 1/d finite on a filter itself
    part = square.new_full((len(square),), 1 / len(square))
    distance = square
    for _ in range(STEPS):
        distance = (square - 2 * products @ part + part @ products @ part).clamp(min=0).sqrt()
        inverse = 1 / distance.clamp(min=near)
        moved = inverse / inverse.sum()
        done = float((moved - part).abs().max()) <= TOLERANCE
        part = moved
        if done:
            break
    return distance
