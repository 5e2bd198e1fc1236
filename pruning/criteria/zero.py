"""Zero-channel pruning (ArtNet, arXiv 2006.09029): a channel that is never active on any picture can go.

Only the paper's abstract was available; the maximum over all pictures and positions as the measure is our reading.
"""

import torch
from torch import Tensor

from pruning.criteria.registry import register
from pruning.criteria.view import GroupView


@register("zero", needs=["outputs"])
def zero(view: GroupView) -> Tensor | None:
    """Largest activation of each channel over the group's producers, (C,); None if not all of them feed a ReLU.

    The channel of a residual sum is empty only if it is empty in every summand.
    """
    producers = view.weighted(["out"])
    outputs = view.evidence.outputs
    if not all(member.layer in outputs for member in producers):
        return None
    largest = torch.zeros(view.group.channels)  # a channel that a layer does not produce is never active there
    for member in producers:
        maximum = outputs[member.layer].maximum[torch.from_numpy(member.local)]
        channel = torch.from_numpy(member.channel)
        aligned = torch.zeros_like(largest).scatter_reduce(0, channel, maximum, "amax")
        largest = torch.maximum(largest, aligned)
    return largest
