"""The layer types whose channels can be cut, what they cost, and how one layer is cut.

Everything else in the library speaks of a layer's output side and input side; only this module knows which tensor
axis, attribute and buffer that means for which class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

Side = Literal["out", "in"]
Conv = nn.modules.conv._ConvNd
Norm = nn.modules.batchnorm._NormBase
"""Batch and instance normalisation, which take every channel by itself."""
MIXING = (nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)
"""Normalisation over channels, which is another one over fewer channels: it is compared with the normalisation of the
channels that are left."""
LAYERS = (Conv, Norm, nn.Linear, nn.PReLU, *MIXING)
NORM_BUFFERS = ("running_mean", "running_var")
OWN = ("weight", "bias", *NORM_BUFFERS)
"""What a layer has of its own."""
WHOLE = ("weight", "bias", NORM_BUFFERS[0])
"""What makes up a channel of a layer's output: with all of it at 0 the channel is 0."""


def is_depthwise(module: nn.Module) -> bool:
    """Whether each output channel of a convolution reads its own input channel only."""
    return isinstance(module, Conv) and module.groups > 1 and module.groups == module.in_channels == module.out_channels


def is_per_channel(module: nn.Module) -> bool:
    """Whether input channel c and output channel c are the same thing, so that both sides are cut as one."""
    return is_depthwise(module) or isinstance(module, (Norm, nn.PReLU, *MIXING))


def width(module: nn.Module, side: Side) -> int:
    """Channels (features for Linear) on one side of a layer from LAYERS."""
    if isinstance(module, Conv):
        return module.out_channels if side == "out" else module.in_channels
    if isinstance(module, nn.Linear):
        return module.out_features if side == "out" else module.in_features
    if isinstance(module, Norm):
        return module.num_features
    if isinstance(module, nn.PReLU):
        return module.num_parameters
    if isinstance(module, nn.GroupNorm):
        return module.num_channels
    if isinstance(module, (nn.LayerNorm, nn.RMSNorm)):
        return int(module.normalized_shape[-1])
    raise TypeError(f"{type(module).__name__} has no channels that this library can cut")


def channel_axis(module: nn.Module, side: Side) -> int:
    """Axis of `weight` that holds one side's channels; a transposed convolution stores its input first."""
    if is_per_channel(module):
        return 0
    transposed = isinstance(module, Conv) and module.transposed
    return int((side == "in") != transposed)


def place_of_channels(module: nn.Module, tensor: Tensor) -> int:
    """Which axis of a layer's input or output holds its channels."""
    if isinstance(module, nn.Linear):
        return tensor.ndim - 1
    if isinstance(module, Conv):
        return tensor.ndim - 1 - len(module.kernel_size)
    if isinstance(module, (nn.LayerNorm, nn.RMSNorm)) and not _is_before_places(module, tensor):
        return tensor.ndim - 1
    return min(1, tensor.ndim - 1)


def _is_before_places(module: nn.Module, tensor: Tensor) -> bool:
    """Whether a normalisation of the user's own class takes (N, C, H, W), and permutes it in its forward."""
    own = type(module).forward not in (nn.LayerNorm.forward, nn.RMSNorm.forward)
    return own and tensor.ndim == 4 and tensor.shape[1] == width(module, "out")


@dataclass(frozen=True)
class LayerCost:
    """What one layer costs at any width.

    Attributes:
        out, into: dense width of the output and of the input.
        weights: weights between one input and one output channel: kernel height x width, 1 for Linear, 0 where the
            layer multiplies nothing (normalisation, PReLU).
        extras: parameters per output channel besides those (bias, scale and shift); further ones of the user's own
            class are no part of the layer.
        groups: of a convolution; a depthwise one counts as `per_channel` instead.
        positions: places per picture at which the weights are applied (0 if the example never ran the layer).
        per_channel: the width of the input follows the width of the output.
    """

    name: str
    out: int
    into: int
    weights: int
    extras: int
    groups: int
    positions: int
    per_channel: bool

    def parameters(self, out: int, into: int) -> int:
        """Parameters at these widths."""
        return self._weights(out, into) + self.extras * out

    def macs(self, out: int, into: int) -> int:
        """Multiply-accumulates of one picture at these widths; biases, normalisation and activations count nothing."""
        return self._weights(out, into) * self.positions

    def _weights(self, out: int, into: int) -> int:
        return self.weights * out * (1 if self.per_channel else into // self.groups)


def layer_cost(name: str, module: nn.Module, positions: int) -> LayerCost:
    """The cost of a layer from LAYERS that is applied at `positions` places per picture."""
    out = width(module, "out")
    weights = module.weight[0, 0].numel() if isinstance(module, (Conv, nn.Linear)) else 0
    others = [module.bias] if weights else [getattr(module, part, None) for part in ("weight", "bias")]
    extras = sum(tensor.numel() for tensor in others if isinstance(tensor, Tensor)) // out
    into, groups = width(module, "in"), getattr(module, "groups", 1)
    return LayerCost(name, out, into, weights, extras, groups, positions, is_per_channel(module))


def rows(module: nn.Module, side: Side, tensor: Tensor) -> Tensor:
    """What belongs to each channel of one side in a tensor shaped like the layer's weight: (channels, values).

    Args:
        module: a convolution or linear layer.
        side: 'out' gives each filter; 'in' gives what reads each input channel (of a grouped convolution: the slice
            inside its group).
        tensor: the weight, or its gradient.
    """
    if channel_axis(module, side) == 0:
        return tensor.flatten(1)
    groups = getattr(module, "groups", 1)
    return tensor.unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1).flatten(1)


def per_filter(module: nn.Module, values: Tensor) -> Tensor:
    """A value for each output channel, (C,), shaped to be multiplied with the layer's weight."""
    weight: Tensor = module.weight  # type: ignore[assignment]
    if channel_axis(module, "out") == 1:
        groups = int(module.groups)  # type: ignore[arg-type]
        values = values.view(groups, -1).repeat_interleave(len(weight) // groups, 0)
    return values.reshape(*values.shape, *[1] * (weight.ndim - values.ndim))


def silence_inputs(module: nn.Module, positions: np.ndarray) -> None:
    """Set the weights that read these input channels of a convolution or linear layer to zero, in place."""
    weight: Tensor = module.weight  # type: ignore[assignment]
    axis, groups = channel_axis(module, "in"), getattr(module, "groups", 1)
    if groups == 1 or axis == 0:
        weight.index_fill_(axis, torch.from_numpy(positions).to(weight.device), 0)
        return
    filters, places = len(weight) // groups, weight.shape[1]
    for position in positions.tolist():
        group, place = divmod(position, places)
        weight[group * filters : (group + 1) * filters, place] = 0


def silence_outputs(module: nn.Module, positions: np.ndarray) -> None:
    """Set everything that makes these output channels to zero, in place."""
    places = positions
    if (axis := channel_axis(module, "out")) == 1:
        places = np.unique(positions % (width(module, "out") // module.groups))  # type: ignore[operator]
    for name in WHOLE:
        where, which = (axis, places) if name == "weight" else (0, positions)
        tensor = getattr(module, name, None)
        if tensor is not None:
            tensor.index_fill_(where, torch.from_numpy(which).to(tensor.device), 0)


def leading(module: nn.Module, side: Side, count: int) -> list[int]:
    """The first positions of a side, `count` in all; where groups share an axis of the weight, as many of each."""
    dense, groups = width(module, side), getattr(module, "groups", 1)
    if channel_axis(module, side) == 0:
        return list(range(count))
    return [p for p in range(dense) if p % (dense // groups) < count // groups]


def slice_layer(module: nn.Module, side: Side, kept: Sequence[int]) -> None:
    """Cut a layer in place to the kept channels of one side, in the order given.

    Where the groups of a convolution share an axis of the weight, every group must keep the same places. Weight, bias,
    running statistics and the width attributes follow; requires_grad stays, gradients are dropped.
    """
    index = torch.as_tensor(kept, dtype=torch.long)
    axis = channel_axis(module, side)
    groups = module.groups if isinstance(module, Conv) and axis == 1 else 1
    places = index if groups == 1 else torch.unique(index % (width(module, side) // groups))
    _slice_parameter(module, "weight", axis, places)
    if side == "out" or is_per_channel(module):
        _slice_parameter(module, "bias", 0, index)
        for name in NORM_BUFFERS:
            buffer = getattr(module, name, None)
            if buffer is not None:
                setattr(module, name, buffer[index.to(buffer.device)].clone())
    _set_width(module, side, len(kept))


def _slice_parameter(module: nn.Module, name: str, axis: int, index: Tensor) -> None:
    parameter = getattr(module, name, None)
    if parameter is not None:
        data = parameter.detach().index_select(axis, index.to(parameter.device))
        setattr(module, name, nn.Parameter(data, requires_grad=parameter.requires_grad))


def _set_width(module: nn.Module, side: Side, count: int) -> None:
    if is_depthwise(module):
        module.in_channels = module.out_channels = module.groups = count  # type: ignore[assignment]
    elif isinstance(module, Conv):
        setattr(module, f"{side}_channels", count)
    elif isinstance(module, nn.Linear):
        setattr(module, f"{side}_features", count)
    elif isinstance(module, (nn.LayerNorm, nn.RMSNorm)):
        module.normalized_shape = (count,)
    else:
        names = {nn.PReLU: "num_parameters", nn.GroupNorm: "num_channels", Norm: "num_features"}
        setattr(module, next(name for kind, name in names.items() if isinstance(module, kind)), count)
