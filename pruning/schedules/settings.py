"""The published soft and hard schedules as settings of one engine.

HFP fixes pruned filters at zero; SFP zeroes them after each epoch and lets the next one revive them; ASFP raises the
pruned share step by step; SRFP fades pruned filters instead of zeroing them; ASRFP does both (SRFP, ASRFP:
arXiv 2010.09498). GHFP (arXiv 2011.03170) moves from soft to hard. PGMPF thins the gradients of pruned filters instead.
"""

from dataclasses import dataclass, replace

from pruning.schedules.curves import Curve, constant, decaying, exponential, polynomial

START = 0.5
"""Factor on pruned filters after the first epoch of SRFP and ASRFP."""
ALWAYS, NEVER = constant(1.0), constant(0.0)


@dataclass(frozen=True)
class Schedule:
    """One soft or hard schedule. Each curve is a function (epoch, epochs) -> [0, 1].

    Attributes:
        share: pruned part of the channels, as a part of the goal; never falls and ends at 1.
        factor: what the filters of pruned channels are multiplied with after each epoch; ends at 0.
        hardness: part of the pruned channels that may not come back; never falls.
        thin_gradients: instead of fixing that part, let the gradients of every pruned channel pass at each step with
            probability 1/2 only, times 1 - hardness.
    """

    share: Curve = ALWAYS
    factor: Curve = NEVER
    hardness: Curve = NEVER
    thin_gradients: bool = False


def gradually_hard(soft: Schedule) -> Schedule:
    """GHFP on a soft schedule: the same, with hardness from 0 to 1."""
    return replace(soft, hardness=polynomial)


SFP = Schedule()
ASFP = Schedule(share=exponential)
SRFP = Schedule(factor=decaying(START))
ASRFP = Schedule(share=exponential, factor=decaying(START))

SCHEDULES: dict[str, Schedule] = {
    "hfp": Schedule(hardness=ALWAYS),
    "sfp": SFP,
    "asfp": ASFP,
    "srfp": SRFP,
    "asrfp": ASRFP,
    "ghfp": gradually_hard(ASFP),
    "ghfp-asrfp": gradually_hard(ASRFP),
    "pgmpf": replace(gradually_hard(ASFP), thin_gradients=True),
}
"""By name. Which soft schedule the GHFP paper's main results stand on is not known; 'ghfp' takes ASFP."""


def get(name: str) -> Schedule:
    """The schedule of this name.

    Raises:
        ValueError: there is none; the message lists the names.
    """
    if name not in SCHEDULES:
        raise ValueError(f"unknown schedule {name!r}; valid: {', '.join(SCHEDULES)}")
    return SCHEDULES[name]
