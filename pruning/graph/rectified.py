"""Which layers' outputs are seen by the rest of the network only after a ReLU.

A channel that is never positive before such a ReLU is exactly zero after it, and stays zero up to the next weights
only if nothing in between turns zero into something else. Both halves of the path are checked against lists of ATen's
autograd operations; a path with anything else on it (a BN after the ReLU, a sigmoid, an added constant) is left out, so
that an empty channel is one whose removal changes nothing.
"""

from collections.abc import Callable, Mapping

from torch import nn

from pruning.graph.layers import MIXING, Norm
from pruning.graph.shadows import Node

NEVER_POSITIVE = frozenset(
    [
        "_adaptive_avg_pool2d",
        "_to_copy",
        "_unsafe_view",
        "adaptive_max_pool2d",
        "add",
        "alias",
        "avg_pool2d",
        "cat",
        "clone",
        "copy",
        "detach",
        "expand",
        "max_pool2d_with_indices",
        "mean",
        "permute",
        "reflection_pad1d",
        "reflection_pad2d",
        "replication_pad1d",
        "replication_pad2d",
        "slice",
        "split",
        "split_with_sizes",
        "squeeze",
        "transpose",
        "unsqueeze",
        "upsample_bilinear2d",
        "upsample_nearest1d",
        "upsample_nearest2d",
        "view",
    ]
)
"""Operations that map values at or below zero to values at or below zero."""
KEEP_ZERO = NEVER_POSITIVE | {"mul", "relu", "sub", "upsample_bicubic2d"}
"""Operations that map zeros to zeros."""
OFFSETS = (Norm, nn.PReLU, *MIXING)
"""Layers that are none of weights, and may turn zeros into something else."""


def observed_layers(nodes: Mapping[str, Node], names: Mapping[nn.Module, str]) -> dict[str, str]:
    """Producers whose output passes a ReLU, each with the layer whose output, clamped at 0, is that activation.

    Args:
        nodes: the first run of every layer, in execution order.
        names: name of every layer.

    Returns:
        {convolution or linear layer: itself, or the normalisation that directly follows it}.
    """
    observed = {}
    for name, node in nodes.items():
        if isinstance(node.module, OFFSETS):
            continue
        followers = _readers(node)
        follower = followers[0] if len(set(followers)) == 1 else None
        point = follower if follower and isinstance(follower.module, Norm) else node
        if _reaches_relu(point):
            observed[name] = names[point.module]  # type: ignore[index]
    return observed


def _readers(node: Node) -> list[Node]:
    """The operations that read a result; those inside a layer are the layer's, which is a reader of its own."""
    return [after for after in node.outputs if not after.inner]


def _adds_constant(node: Node) -> bool:
    """A sum or difference with a tensor or number that no weight or input leads to, or a sum with a negative factor."""
    if node.operation not in ("add", "sub"):
        return False
    alpha = node.numbers.get("alpha", 1)
    unknown = len(node.inputs) < 2 or any(before is None for before in node.inputs)
    return unknown or (node.operation == "add" and alpha < 0)  # type: ignore[operator]


def _reaches_relu(node: Node) -> bool:
    """Whether every path from here meets a ReLU before any weights, and keeps zeros after it."""

    def verdict(after: Node) -> bool | None:
        if _is_rectifier(after):
            return _keeps_zero(after)
        passes = after.module is None and after.operation in NEVER_POSITIVE and not _adds_constant(after)
        return None if passes and _readers(after) else False

    return bool(_readers(node)) and _every_path(node, verdict)


def _keeps_zero(node: Node) -> bool:
    """Whether zeros that leave this node arrive as zeros at the next weights."""

    def verdict(after: Node) -> bool | None:
        if after.module is not None:
            return not isinstance(after.module, OFFSETS)
        passes = after.operation in KEEP_ZERO or _is_rectifier(after)
        return None if passes and not _adds_constant(after) else False

    return _every_path(node, verdict)


def _every_path(start: Node, verdict: Callable[[Node], bool | None]) -> bool:
    """Whether all paths from a node end well; each node is judged once, since paths may part and meet again.

    Args:
        verdict: how a path ends at a node, None where it goes on.
    """
    waiting, seen = _readers(start), set[Node]()
    while waiting:
        if (node := waiting.pop()) in seen:
            continue
        seen.add(node)
        found = verdict(node)
        if found is False:
            return False
        if found is None:
            waiting += _readers(node)
    return True


def _is_rectifier(node: Node) -> bool:
    """A ReLU, or one with an upper limit (ReLU6)."""
    limited = node.operation == "hardtanh" and node.numbers.get("min_val") == 0
    return node.module is None and (limited or node.operation == "relu")
