"""BatchNorm scale: |gamma| is the deviation that normalisation gives a channel (network slimming, arXiv 1708.06519)."""

import torch
from torch import Tensor

from pruning.criteria.registry import register
from pruning.criteria.view import GroupView


@register("bn-scale", uses=["deviations"])
def bn_scale(view: GroupView) -> Tensor | None:
    """Sum of |gamma| over the group's normalisation layers, (C,).

    In a group without any, the standard deviation of its producers' outputs where that was recorded: what |gamma|
    would be if the normalisation had been folded into the layer before it. That extension is ours.
    """
    scales = [(m, view.modules[m.layer].weight) for m in view.norms()]
    if any(weight is not None for _, weight in scales):
        return torch.stack([view.total(m, w.abs()) for m, w in scales if w is not None]).sum(0)  # type: ignore
    deviations, producers = view.evidence.deviations, view.weighted(["out"])
    if not all(member.layer in deviations for member in producers):
        return None
    return torch.stack([view.total(member, deviations[member.layer]) for member in producers]).sum(0)
