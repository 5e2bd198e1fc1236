"""How far along a soft or hard schedule is after each epoch: functions (epoch, epochs) -> a value in [0, 1].

Epochs count from 0. The constants are those of published code by the first author of GHFP (PGMPF, AAAI 2022); whether
the GHFP paper has the same is not known. That the last epoch always counts as the end, which matters below 20 epochs,
is ours.
"""

import math
from collections.abc import Callable

Curve = Callable[[int, int], float]
"""(epoch, epochs) -> [0, 1]"""

QUICK = 1 / 8
"""Part of the training after which `exponential` is three quarters of the way."""
SETTLED = 0.95
"""Part of the training after which shares are at their end."""
FADED = 0.9
"""Part of the training after which nothing is left of decaying filters."""
REMAINDER = 1e-5
"""What a decaying factor comes down to."""


def constant(value: float) -> Curve:
    """The same value after every epoch."""
    return lambda epoch, epochs: value


def exponential(epoch: int, epochs: int) -> float:
    """1 - exp(-k e), three quarters of the way after an eighth of the epochs: the asymptotic share of ASFP."""
    if _at_least(SETTLED, epoch, epochs):
        return 1.0
    return 1 - math.exp(-math.log(4) / (QUICK * epochs) * epoch)


def polynomial(epoch: int, epochs: int) -> float:
    """1 - (1 - (e + 1) / E)^3, evenly slower: from soft to hard in GHFP."""
    if _at_least(SETTLED, epoch, epochs):
        return 1.0
    return 1 - (1 - (epoch + 1) / epochs) ** 3


def decaying(start: float) -> Curve:
    """start exp(-q e), down to about 1e-5 at the end, and 0 from nine tenths of the epochs on: SRFP.

    Args:
        start: factor after the first epoch, in (0, 1].

    Raises:
        ValueError: start is out of range.
    """
    if not 0 < start <= 1:
        raise ValueError(f"start of a decaying factor must be in (0, 1], got {start}")
    rate = -math.log(REMAINDER / (start + 0.01 * REMAINDER))

    def factor(epoch: int, epochs: int) -> float:
        return 0.0 if _at_least(FADED, epoch, epochs) else start * math.exp(-rate * epoch / epochs)

    return factor


def _at_least(part: float, epoch: int, epochs: int) -> bool:
    return epoch >= part * epochs or epoch == epochs - 1
