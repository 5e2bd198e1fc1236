"""Which layers' outputs are seen by the rest of the network only after a ReLU.

A channel that is never positive before such a ReLU is exactly zero after it, and stays zero up to the next weights
only if nothing in between turns zero into something else. Both halves of the path are checked against lists of
autograd operations; a path with anything else on it (a BN after the ReLU, a sigmoid, an added constant) is left out, so
that an empty channel is one whose removal changes nothing.
"""

from collections.abc import Mapping
from typing import Any

from torch import nn

from pruning.layers import LAYERS, Norm

NEVER_POSITIVE = frozenset(
    {
        "Add",
        "AdaptiveAvgPool1D",
        "AdaptiveAvgPool2D",
        "AdaptiveMaxPool1D",
        "AdaptiveMaxPool2D",
        "AvgPool2D",
        "Cat",
        "Clone",
        "MaxPool2D",
        "MaxPool2DWithIndices",
        "Mean",
        "ReflectionPad1D",
        "ReflectionPad2D",
        "ReplicationPad1D",
        "ReplicationPad2D",
        "Reshape",
        "ReshapeAlias",
        "Slice",
        "Split",
        "SplitWithSizes",
        "Squeeze",
        "Unsqueeze",
        "UnsafeView",
        "UpsampleBilinear2D",
        "UpsampleNearest1D",
        "UpsampleNearest2D",
        "View",
    }
)
"""Operations that map values at or below zero to values at or below zero."""
KEEP_ZERO = NEVER_POSITIVE | {"Mul", "Relu", "Sub", "UpsampleBicubic2D"}
"""Operations that map zeros to zeros."""


def observed_layers(nodes: Mapping[str, Any], names: Mapping[nn.Module, str]) -> dict[str, str]:
    """Producers whose output passes a ReLU, each with the layer whose output, clamped at 0, is that activation.

    Args:
        nodes: node of the dependency graph for every layer that ran, in execution order.
        names: name of every layer.

    Returns:
        {convolution or linear layer: itself, or the normalisation that directly follows it}.
    """
    observed = {}
    for name, node in nodes.items():
        if isinstance(node.module, Norm | nn.PReLU):
            continue
        follower = node.outputs[0] if len(set(node.outputs)) == 1 else None
        point = follower if follower and isinstance(follower.module, Norm) else node
        if _reaches_relu(point):
            observed[name] = names[point.module]
    return observed


def _operation(node: Any) -> str:
    return node.grad_fn.name().split("Backward")[0]


def _adds_constant(node: Any) -> bool:
    """A sum or difference with a tensor or number that no weight or input leads to, or a sum with a negative factor."""
    function = node.grad_fn
    if _operation(node) not in ("Add", "Sub"):
        return False
    unknown = any(before is None for before, _ in function.next_functions)
    return unknown or (_operation(node) == "Add" and function._saved_alpha < 0)


def _reaches_relu(node: Any) -> bool:
    """Whether every path from here meets a ReLU before any weights, and keeps zeros after it."""
    return bool(node.outputs) and all(
        _keeps_zero(after)
        if _is_rectifier(after)
        else not isinstance(after.module, LAYERS)
        and _operation(after) in NEVER_POSITIVE
        and not _adds_constant(after)
        and _reaches_relu(after)
        for after in node.outputs
    )


def _keeps_zero(node: Any) -> bool:
    """Whether zeros that leave this node arrive as zeros at the next weights."""
    return all(
        not isinstance(after.module, Norm | nn.PReLU)
        if isinstance(after.module, LAYERS)
        else _operation(after) in KEEP_ZERO and not _adds_constant(after) and _keeps_zero(after)
        for after in node.outputs
    )


def _is_rectifier(node: Any) -> bool:
    """A ReLU, or one with an upper limit (ReLU6)."""
    if isinstance(node.module, LAYERS):
        return False
    limited = _operation(node) == "Hardtanh" and node.grad_fn._saved_min_val == 0
    return limited or _operation(node) == "Relu"
