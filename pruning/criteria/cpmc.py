"""CPMC (arXiv 2011.03240): weight value with weight dependency, against computational cost and parameter quantity.

Only the abstract was available: that the three aspects are assessed on a channel's own filter and the part of the next
layer that vanishes with it, and that channels are ranked over the whole network after a global normalisation. How they
are combined is our reading, in three forms. With V the value, F the multiply-accumulates and Q the weights freed, and
N(x) = x / max of |x| over all channels of all groups:

    cpmc          N(V) - COST N(F) - QUANTITY N(Q)
    cpmc-ratio    V / sqrt(F Q)
    cpmc-density  V / Q

V arrives normalised as the planner was asked to: by default over the 'global' maximum, the abstract's wording. Each
group's 'mean' keeps small networks whole where a raw global ranking empties layers.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from pruning.criteria.magnitude import l1
from pruning.criteria.registry import register
from pruning.criteria.view import DEPENDENCY, GroupView

COST = QUANTITY = 0.25


def value(view: GroupView) -> Tensor:
    """V: sum of absolute weights of a channel, own and dependent, (C,)."""
    return l1(view, DEPENDENCY)


def relative(values: Sequence[Tensor]) -> list[Tensor]:
    """N: all groups' values over the largest magnitude among them."""
    largest = max(float(v.abs().max()) for v in values)
    return [v / largest if largest else v for v in values]


def additive(values: Sequence[Tensor], views: Sequence[GroupView]) -> list[Tensor]:
    """N(V) - COST N(F) - QUANTITY N(Q) of every group."""
    parts = (relative(values), relative([v.macs() for v in views]), relative([v.parameters() for v in views]))
    return [v - COST * f - QUANTITY * q for v, f, q in zip(*parts, strict=True)]


def ratio(values: Sequence[Tensor], views: Sequence[GroupView]) -> list[Tensor]:
    """V / sqrt(F Q) of every group."""
    return [v / torch.sqrt(view.macs() * view.parameters()) for v, view in zip(values, views, strict=True)]


def density(values: Sequence[Tensor], views: Sequence[GroupView]) -> list[Tensor]:
    """V / Q of every group: the mean absolute weight."""
    return [v / view.parameters() for v, view in zip(values, views, strict=True)]


register("cpmc", adjust=additive, normalise="global", about="weights, own and dependent, less what they cost")(value)
register("cpmc-ratio", adjust=ratio, normalise="global", about="weights, own and dependent, over what they cost")(value)
register("cpmc-density", adjust=density, normalise="global", about="mean weight, own and dependent")(value)
