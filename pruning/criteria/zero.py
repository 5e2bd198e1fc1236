"""Zero-channel pruning (ArtNet, arXiv 2006.09029): a channel that is never active on any picture can go.

Only the paper's abstract was available; the maximum over all pictures and positions as the measure is our reading.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from pruning.activations import ChannelStatistics
from pruning.criteria.registry import register


@register("zero")
def zero(statistics: Sequence[ChannelStatistics]) -> Tensor:
    """Largest activation of each channel over the group's producers, (C,) float32.

    The channel of a residual sum is empty only if it is empty in every summand.
    """
    return torch.stack([s.maximum for s in statistics]).amax(0)
