"""What one trace knows of each operation in a group: which side is cut, whether it may be, and why not.

Nodes and dependencies are those of Torch-Pruning's graph, which only `pruning.graph` builds.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor, nn

from pruning.layers import Conv, Side, is_depthwise, is_per_channel, width
from pruning.recording import Recording

MIXING = frozenset({"Addmm", "Bmm", "Convolution", "Dot", "Mm", "Mv"})
"""Autograd operations that mix channels; met outside a layer they have weights that the graph knows nothing about."""

Item = tuple[Any, list[int], list[int]]
"""(dependency, positions on its target, channel of the group that each position belongs to)"""


class InputStandIn(nn.Module):
    """Stands for one input of the network, so that the graph knows it and its channels are never removed."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        return x.clone()


@dataclass(frozen=True)
class Traversal:
    """A dependency graph, the names of the user's layers in it, and the recorded run that it was built from."""

    graph: Any
    names: dict[nn.Module, str]
    recording: Recording

    @cached_property
    def output_functions(self) -> frozenset[Any]:
        return self.recording.output_functions()

    @cached_property
    def output_modules(self) -> frozenset[nn.Module]:
        return self.recording.output_modules()

    @cached_property
    def shared(self) -> frozenset[nn.Parameter]:
        """Parameters that more than one layer has; cut twice, they would fall apart into two."""
        uses = Counter(parameter for module in self.names for parameter in module.parameters(recurse=False))
        return frozenset(parameter for parameter, count in uses.items() if count > 1)

    def side(self, dep: Any) -> Side:
        """Side of the dependency's target that is cut; a layer with one width for both counts as output."""
        out = is_per_channel(dep.target.module) or self.graph.is_out_channel_pruning_fn(dep.handler)
        return "out" if out else "in"

    def is_fixed(self, dep: Any) -> bool:
        """Whether the cut would change the width of an input or an output of the network, which is not ours."""
        node = dep.target
        if node.module in self.names and self.side(dep) == "in":
            return False
        is_output = node.grad_fn in self.output_functions or node.module in self.output_modules
        return is_output or isinstance(node.module, InputStandIn)


def refusal(name: str, why: str) -> str:
    """The message for a layer whose channels cannot be followed."""
    return f"the channels of {name} cannot be pruned: {why}; name {name} in keep to leave it as it is"


def check_items(traversal: Traversal, items: list[Item], name: str) -> None:
    """Refuse the group rooted at layer `name` if anything in it cannot be followed.

    Raises:
        ValueError: naming the layer and the reason.
    """
    for dep, local, channel in items:
        is_layer = dep.target.module in traversal.names
        check = _layer_problem if is_layer else _operation_problem
        why = check(traversal, dep, max(local))
        if None in channel:
            why = f"its positions at {_operation(dep.target)} are unknown"
        if why:
            raise ValueError(refusal(name, why))


def _operation(node: Any) -> str:
    return node.grad_fn.name().split("Backward")[0]


def _operation_problem(traversal: Traversal, dep: Any, last: int) -> str | None:
    """Judged by the shape that the operation's result had when the example ran."""
    node = dep.target
    if isinstance(node.module, nn.Parameter):
        return "it meets a parameter outside any layer"
    if list(node.module.parameters()):
        return f"it meets a {type(node.module).__name__}, a layer that this library cannot cut"
    operation, shape = _operation(node), traversal.recording.shapes.get(node.grad_fn)
    if operation in MIXING:
        return f"it meets {operation} outside a layer"
    if shape is None:
        return None  # an inner step of a composite operation
    if len(shape) < 2 or last >= shape[1]:
        return f"{operation} gives a tensor of shape {shape}, in which channel {last} has no place on axis 1"
    return _concat_problem(node, shape) if operation == "Cat" else None


def _concat_problem(node: Any, shape: tuple[int, ...]) -> str | None:
    # torch_pruning guesses the width of each input, and takes a guess that does not add up for another axis.
    if node.grad_fn._saved_dim % 2**64 not in (1, 2**64 + 1 - len(shape)):
        return None
    sizes = node.module.concat_sizes
    if sizes is None or None in sizes or sum(sizes) != shape[1]:
        return f"a concatenation of shape {shape} has an input of unknown width"
    return None


def _layer_problem(traversal: Traversal, dep: Any, last: int) -> str | None:
    module = dep.target.module
    name = traversal.names[module]
    if isinstance(module, Conv) and module.transposed and module.groups > 1 and not is_depthwise(module):
        return f"{name} is a grouped transposed convolution ({module.groups} groups)"
    if not isinstance(getattr(module, "weight", None), nn.Parameter | None):
        return f"{name} computes its weight, by weight or spectral normalisation; remove that first"
    if traversal.shared.intersection(module.parameters()):
        return f"{name} shares parameters with another layer"
    if isinstance(module, nn.PReLU) and module.num_parameters == 1:
        return None
    channels = width(module, traversal.side(dep))
    if last >= channels:
        return f"it is broadcast against {name}, which has {channels} channels"
    return None
