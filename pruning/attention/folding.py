"""Removing gates: each channel's gate is fixed to one number, which moves into the weights of the next layers.

A fixed positive factor on a channel passes unchanged through everything that treats channels alike and is positively
homogeneous (ReLU, pooling, dropout, padding by copying). It is followed on the network's graph to the convolutions and
linear layers that read the channel, and their weights are multiplied. Nothing else changes, so the network without
gates equals the network with fixed gates exactly, up to rounding.
"""

import copy
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from pruning.attention.gates import ChannelGate
from pruning.graph.layers import Conv, channel_axis, is_depthwise, width
from pruning.modes import evaluating
from pruning.recording import Example, Inputs, as_inputs, tensors

POOLS = (nn.modules.pooling._MaxPoolNd, nn.modules.pooling._AvgPoolNd)
ADAPTIVE = (nn.modules.pooling._AdaptiveMaxPoolNd, nn.modules.pooling._AdaptiveAvgPoolNd)
PADS = (nn.modules.padding._ReflectionPadNd, nn.modules.padding._ReplicationPadNd, nn.ZeroPad1d, nn.ZeroPad2d)
DROPOUT = nn.modules.dropout._DropoutNd
PASSING_MODULES = (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.Identity, nn.Flatten, DROPOUT, *POOLS, *ADAPTIVE, *PADS)
PASSING_FUNCTIONS = frozenset(
    {torch.relu, F.relu, F.leaky_relu, F.dropout, torch.flatten, torch.mean, torch.amax, F.max_pool1d, F.max_pool2d}
    | {F.avg_pool1d, F.avg_pool2d, F.adaptive_avg_pool1d, F.adaptive_avg_pool2d}
)
PASSING_METHODS = frozenset({"relu", "flatten", "mean", "amax", "contiguous"})


TOLERANCE = 1e-4
"""largest difference, relative to the largest output, that counts as rounding"""


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, ChannelGate) or super().is_leaf_module(m, module_qualified_name)


class _FixedGate(nn.Module):
    """(N, C, ...) -> the same, channel c times factor c."""

    def __init__(self, factor: Tensor) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor.to(x).view(-1, *[1] * (x.ndim - 2))


def remove_gates(model: nn.Module, factors: Mapping[str, Tensor], example: Example) -> nn.Module:
    """Build the network without gates, and check on an example that it equals the one with fixed gates.

    Args:
        model: a network with gates whose forward torch.fx can trace; it stays as it is.
        factors: (C,) for each gate module by name, above 0; the mean gates (`GateStatistics.mean`) as a rule.
        example: what the forward takes, two samples or more.

    Returns:
        A copy in which each named gate is an nn.Identity and its factors are in the weights of the layers behind it.

    Raises:
        ValueError: a name that is no gate, factors of the wrong shape or not above 0, a model that cannot be traced,
            an operation behind a gate that a factor cannot pass, or a failed check.
    """
    plain = copy.deepcopy(model)
    for name, factor in factors.items():
        _check(plain, name, factor)
    try:
        graph = _Tracer().trace(plain)
    except Exception as error:
        raise ValueError(f"torch.fx cannot trace the model: {type(error).__name__}: {error}") from error
    fixed = copy.deepcopy(plain)
    modules = dict(plain.named_modules())
    for name, factor in factors.items():
        for node in [node for node in graph.nodes if node.op == "call_module" and node.target == name]:
            for reader in _readers(node, modules, name):
                _scale_inputs(modules[reader], factor, reader, name)  # type: ignore[arg-type]
        plain.set_submodule(name, nn.Identity())
        fixed.set_submodule(name, _FixedGate(factor))
    _check_equal(plain, fixed, as_inputs(example))
    return plain


@torch.no_grad()
def _check_equal(plain: nn.Module, fixed: nn.Module, inputs: Inputs) -> None:
    with evaluating(plain), evaluating(fixed):
        pairs = list(zip(tensors(inputs.run(plain)), tensors(inputs.run(fixed)), strict=True))
    for found, wanted in pairs:
        error = (found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-12)
        if not error <= TOLERANCE:
            raise ValueError(
                f"the network without gates differs from the one with fixed gates by {error:g} of its largest output; "
                "an operation between a gate and the next layer mixes or moves channels"
            )


def _check(model: nn.Module, name: str, factor: Tensor) -> None:
    gates = {n: m for n, m in model.named_modules() if isinstance(m, ChannelGate)}
    if name not in gates:
        raise ValueError(f"{name!r} is no gate of the model; its gates: {', '.join(gates) or 'none'}")
    if factor.shape != (gates[name].channels,) or not (factor.isfinite() & (factor > 0)).all():
        raise ValueError(
            f"{name} needs {gates[name].channels} factors above 0, got {tuple(factor.shape)} from {factor.min():g}"
        )


def _readers(node: fx.Node, modules: Mapping[str, nn.Module], gate: str) -> list[str]:
    """The convolutions and linear layers that read a gate's output, each once."""
    found: list[str] = []
    for user in node.users:
        module = modules.get(str(user.target)) if user.op == "call_module" else None
        if isinstance(module, (Conv, nn.Linear)):
            found.append(str(user.target))
        elif isinstance(module, PASSING_MODULES) or _passes(user):
            found += _readers(user, modules, gate)
        else:
            raise ValueError(f"the factors of {gate} cannot pass {user.name!r}; only layers that keep channels apart")
    repeated = sorted({name for name in found if found.count(name) > 1})
    if repeated:
        raise ValueError(f"{repeated[0]} reads the channels of {gate} more than once; its weights cannot take them")
    return found


def _passes(node: fx.Node) -> bool:
    return node.target in PASSING_FUNCTIONS if node.op == "call_function" else (
        node.op == "call_method" and node.target in PASSING_METHODS
    )  # fmt: skip


@torch.no_grad()
def _scale_inputs(layer: Conv | nn.Linear, factor: Tensor, name: str, gate: str) -> None:
    inputs = width(layer, "in")
    if inputs % len(factor):
        raise ValueError(f"{name} has {inputs} inputs, not a multiple of the {len(factor)} channels of {gate}")
    weight = layer.weight
    # Behind a flattening each channel owns several inputs in a row.
    scale = factor.to(weight).repeat_interleave(inputs // len(factor))
    if is_depthwise(layer):
        weight.mul_(scale.view(-1, *[1] * (weight.ndim - 1)))
    elif isinstance(layer, Conv) and layer.groups > 1 and not layer.transposed:
        # (out, in / groups, ...): output o reads the inputs of its group only.
        rows = scale.view(layer.groups, -1).repeat_interleave(layer.out_channels // layer.groups, 0)
        weight.mul_(rows.view(*rows.shape, *[1] * (weight.ndim - 2)))
    else:
        shape = [1] * weight.ndim
        shape[channel_axis(layer, "in")] = -1
        weight.mul_(scale.view(shape))
