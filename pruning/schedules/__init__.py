"""Pruning in the course of training: soft, hard, and everything between (HFP, SFP, ASFP, SRFP, ASRFP, GHFP, PGMPF)."""

from pruning.schedules.curves import Curve, constant, decaying, exponential, polynomial
from pruning.schedules.engine import SoftHardPruner
from pruning.schedules.settings import SCHEDULES, Schedule, get, gradually_hard

__all__ = [
    "SCHEDULES",
    "Curve",
    "Schedule",
    "SoftHardPruner",
    "constant",
    "decaying",
    "exponential",
    "get",
    "gradually_hard",
    "polynomial",
]
