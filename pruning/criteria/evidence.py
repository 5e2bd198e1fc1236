"""What criteria judge by besides the weights, as data: activations, gradients and gates, by layer.

`pruning.record` makes it, and `pruning.attention.gate_evidence`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class ChannelStatistics:
    """Activation of a layer's channels after the ReLU, over all pictures and positions.

    Attributes:
        maximum: (C,) float32, at least 0; 0 is an empty channel. NaN where an activation was not a number.
        mean: (C,) float32.
        pictures: how many the layer was run on.
    """

    maximum: Tensor
    mean: Tensor
    pictures: int


@dataclass(frozen=True)
class InputStatistics:
    """What arrives at the input channels of one layer.

    Attributes:
        zeros: (C,) share of values that are exactly 0, over pictures and positions.
        magnitude: (C,) mean absolute value.
        entropy: (C,) in nats: of the histogram, over pictures, of the mean over positions (10 bins from the channel's
            least to its largest value).
    """

    zeros: Tensor
    magnitude: Tensor
    entropy: Tensor


@dataclass(frozen=True)
class GradientStatistics:
    """Gradients of the loss at one layer.

    Attributes:
        mean: shaped like the weight: mean over batches of the gradient.
        magnitude: the same of its absolute value.
        square: the same of its square.
        inputs: (batches, C): activation times its gradient at each input channel, summed over positions, mean over
            pictures: to first order minus the change of the loss if the channel were 0.
    """

    mean: Tensor
    magnitude: Tensor
    square: Tensor
    inputs: Tensor


@dataclass(frozen=True)
class Evidence:
    """Everything recorded, by layer name.

    Attributes:
        outputs: of layers whose output goes to a ReLU and nothing else (`pruning.graph.rectified`).
        inputs: of every convolution and linear layer that ran.
        deviations: (C,) standard deviation of every such layer's own output: what |gamma| of a batch normalisation
            would be that was folded into the layer.
        gradients: the same layers; empty if no loss was given.
        gates: (C,) mean gate of the channels that a layer makes, for layers with a gate behind them; from
            `pruning.attention.gate_evidence`.
    """

    outputs: Mapping[str, ChannelStatistics] = field(default_factory=dict)
    inputs: Mapping[str, InputStatistics] = field(default_factory=dict)
    deviations: Mapping[str, Tensor] = field(default_factory=dict)
    gradients: Mapping[str, GradientStatistics] = field(default_factory=dict)
    gates: Mapping[str, Tensor] = field(default_factory=dict)
