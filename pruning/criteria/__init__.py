"""Criteria: functions that score the channels of one group; the lowest scores are removed first.

A criterion takes the statistics of the group's producers, each aligned to the group's channels, and returns one score
per channel. It is registered under the name by which `pruning.plan` finds it.
"""

from pruning.criteria.registry import Criterion, get, names, register
from pruning.criteria.zero import zero

__all__ = ["Criterion", "get", "names", "register", "zero"]
