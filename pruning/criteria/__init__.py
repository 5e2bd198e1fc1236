"""Criteria: pure functions that score the channels of one group; the lowest scores are removed first.

A criterion takes a `GroupView` and returns one score per channel. Its module, imported here, registers it under the
name by which `pruning.plan` finds it; anybody's own criterion is registered in the same way.
"""

from pruning.criteria import activity, arbitrary, attention, cpmc, geometry, magnitude, scale, taylor, zero
from pruning.criteria.registry import Criterion, get, names, register

__all__ = [
    "Criterion",
    "activity",
    "arbitrary",
    "attention",
    "cpmc",
    "geometry",
    "get",
    "magnitude",
    "names",
    "register",
    "scale",
    "taylor",
    "zero",
]
