"""How much a channel does on data, seen where the next layers read it; means over all of a group's readers."""

from collections.abc import Callable

from torch import Tensor

from pruning.criteria.evidence import InputStatistics
from pruning.criteria.registry import register
from pruning.criteria.view import GroupView


def _mean_over_readers(view: GroupView, pick: Callable[[InputStatistics], Tensor]) -> Tensor | None:
    readers = [member for member in view.weighted(["in"]) if member.layer in view.evidence.inputs]
    if not readers:
        return None
    return view.mean(readers, {m.layer: pick(view.evidence.inputs[m.layer]) for m in readers})


@register("apoz", needs=["inputs"])
def apoz(view: GroupView) -> Tensor | None:
    """1 - average percentage of zeros (arXiv 1607.03250), (C,) in [0, 1]."""
    return _mean_over_readers(view, lambda inputs: 1 - inputs.zeros)


@register("mean-activation", needs=["inputs"])
def mean_activation(view: GroupView) -> Tensor | None:
    """Mean absolute activation, (C,)."""
    return _mean_over_readers(view, lambda inputs: inputs.magnitude)


@register("entropy", needs=["inputs"])
def entropy(view: GroupView) -> Tensor | None:
    """Entropy over pictures of the mean activation (arXiv 1706.05791), (C,) in nats.

    Behind a flattening, the mean of each position's entropy.
    """
    return _mean_over_readers(view, lambda inputs: inputs.entropy)
