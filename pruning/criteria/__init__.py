"""Criteria: functions that score the channels of one group; the lowest scores are removed first.

A criterion takes the statistics of the group's producers, each aligned to the group's channels, and returns one score
per channel. Its module, imported here, registers it under the name by which `pruning.plan` finds it.
"""

from pruning.criteria import zero
from pruning.criteria.registry import Criterion, get, names, register

__all__ = ["Criterion", "get", "names", "register", "zero"]
