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
        about: the schedule in half a line.
    """

    share: Curve = ALWAYS
    factor: Curve = NEVER
    hardness: Curve = NEVER
    thin_gradients: bool = False
    about: str = ""


def gradually_hard(soft: Schedule, about: str = "") -> Schedule:
    """GHFP on a soft schedule: the same, with hardness from 0 to 1."""
    return replace(soft, hardness=polynomial, about=about)


SFP = Schedule(about="silenced after each epoch, free to come back")
ASFP = Schedule(share=exponential, about="the silenced share grows")
SRFP = Schedule(factor=decaying(START), about="faded instead of silenced at once")
ASRFP = Schedule(share=exponential, factor=decaying(START), about="both: faded, and the share grows")

SCHEDULES: dict[str, Schedule] = {
    "hfp": Schedule(hardness=ALWAYS, about="silenced for good after the first epoch"),
    "sfp": SFP,
    "asfp": ASFP,
    "srfp": SRFP,
    "asrfp": ASRFP,
    "ghfp": gradually_hard(ASFP, "asfp, from free to come back to silenced for good"),
    "ghfp-asrfp": gradually_hard(ASRFP, "asrfp, from free to come back to silenced for good"),
    "pgmpf": replace(gradually_hard(ASFP, "as ghfp, by thinning the gradients"), thin_gradients=True),
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
