"""Channel attention: a channel that its gate lets through less matters less (PCAS, arXiv 1806.05382).

Only abstracts were available; the mean over classes, and over the gates of a group, are our reading.
"""

from torch import Tensor

from pruning.criteria.registry import register
from pruning.criteria.view import GroupView


@register("attention", needs=["gates"])
def attention(view: GroupView) -> Tensor | None:
    """Mean gate of each channel, over all gates in the group, (C,) in [0, 1]; None for a group without gates."""
    gated = [m for m in view.group.members if m.side == "out" and m.layer in view.evidence.gates]
    return view.mean(gated, view.evidence.gates) if gated else None
