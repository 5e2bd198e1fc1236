"""The one adapter over Torch-Pruning's dependency graph: which channels of which layers belong together.

Only the graph of torch_pruning is used, never its pruners or importances. Known weaknesses of version 1.6 are met here:
it is run on a copy (it leaves eval mode behind and needs gradients), inputs are made visible to it (it would lose the
offset of a concatenation with the input), every index is checked against the shapes of a real run (an operation that
it does not know counts as element-wise), and groups in which one removal pulls in further channels are refused.
"""

import copy
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch_pruning import DependencyGraph
from torch_pruning.pruner.function import BasePruningFunc

from pruning.bundles import bundled
from pruning.layers import LAYERS, Conv, LayerCost, Side, layer_cost, width
from pruning.recording import Example, Recording, as_inputs, record
from pruning.rectified import observed_layers
from pruning.structure import ChannelGroup, Member, Network
from pruning.traversal import InputStandIn, Item, Traversal, check_items, refusal

ROOTS = (Conv, nn.Linear)


class _InputPruner(BasePruningFunc):
    """Tells the dependency graph an input's width; nothing is ever pruned through it."""

    def prune_out_channels(self, layer: nn.Module, idxs: Sequence[int]) -> nn.Module:
        raise TypeError("an input of the network is never pruned")

    def prune_in_channels(self, layer: nn.Module, idxs: Sequence[int]) -> nn.Module:
        raise TypeError("an input of the network is never pruned")

    def get_out_channels(self, layer: nn.Module) -> int:
        return layer.channels  # type: ignore[return-value]

    get_in_channels = get_out_channels


class _Traced(nn.Module):
    """The network behind its input stand-ins."""

    def __init__(self, model: nn.Module, inputs: Sequence[Tensor]) -> None:
        super().__init__()
        self.model = model
        self.inputs = nn.ModuleList(InputStandIn(x.shape[1]) for x in inputs)

    def forward(self, *inputs: Tensor) -> Any:
        return self.model(*(stand_in(x) for stand_in, x in zip(self.inputs, inputs, strict=True)))


def trace(model: nn.Module, example: Example, *, keep: Sequence[str] = ()) -> list[ChannelGroup]:
    """Find the groups of channels that can be removed.

    Args:
        model: any network built from Conv, ConvTranspose, Linear, batch or instance normalisation, PReLU and
            operations that treat every channel alike (activations, pooling, upsampling, spatial padding, sums,
            products, concatenation along channels, flattening). It stays exactly as it is.
        example: what the forward takes: one float tensor (N, C, ...), or a tuple of them.
        keep: layers to leave as wide as they are; also the way past a layer that is refused.

    Returns:
        The groups in execution order. Channels of the network's inputs and outputs are in no group.

    Raises:
        ValueError: an unusable example, an unknown layer in keep, or a layer whose channels cannot be followed.
    """
    return list(trace_network(model, example, keep=keep).groups.values())


def trace_network(model: nn.Module, example: Example, *, keep: Sequence[str] = ()) -> Network:
    """`trace` with every layer's cost and the layers whose activations can be observed."""
    inputs = as_inputs(example)
    traced = _Traced(copy.deepcopy(model).eval().requires_grad_(True), inputs)
    names: dict[nn.Module, str] = {m: name for name, m in traced.model.named_modules() if isinstance(m, LAYERS)}
    unknown = sorted(set(keep) - set(names.values()))
    if unknown:
        raise ValueError(f"keep names {unknown}, which are not layers of the model; valid: {', '.join(names.values())}")
    recordings: list[Recording] = []

    def forward(_: nn.Module, xs: tuple[Tensor, ...]) -> list[Tensor]:
        recordings.append(record(traced, xs, list(names)))
        return recordings[0].outputs

    graph = _build(traced, inputs, forward)
    traversal = Traversal(graph, names, recordings[0])
    _check_reached(traversal)
    layers = {names[m]: layer_cost(names[m], m, recordings[0].positions.get(m, 0)) for m in _execution_order(traversal)}
    groups = _groups(traversal, layers, frozenset(keep))
    observed = observed_layers({names[m]: graph.module2node[m] for m in recordings[0].positions}, names)
    counted = sum(cost.parameters(cost.out, cost.into) for cost in layers.values())
    total = sum(p.numel() for p in model.parameters())
    return Network(groups, layers, observed, total - counted)


def _build(traced: nn.Module, inputs: tuple[Tensor, ...], forward: Callable[..., Any]) -> DependencyGraph:
    # Leaves that require gradients make the path from the inputs part of the autograd graph that is read.
    leaves = tuple(x.detach().clone().requires_grad_() for x in inputs)
    graph = DependencyGraph()
    try:
        with torch.inference_mode(False), torch.enable_grad():
            graph.build_dependency(
                traced, leaves, forward_fn=forward, customized_pruners={InputStandIn: _InputPruner()}, verbose=False
            )
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"the dependency graph cannot be built: {type(error).__name__}: {error}") from error
    return graph


def _execution_order(traversal: Traversal) -> list[nn.Module]:
    ran = traversal.recording.positions
    return [*ran, *(module for module in traversal.names if module not in ran)]


def _check_reached(traversal: Traversal) -> None:
    ran = traversal.recording.positions
    lost = [traversal.names[m] for m in ran if m not in traversal.graph.module2node]
    if lost:
        raise ValueError(
            f"{lost[0]} runs but no gradient path leads from it to the outputs, so its input cannot be followed; "
            "remove detach() and no_grad() from the forward, or the layer if its output is unused"
        )
    idle = [name for module, name in traversal.names.items() if module not in ran]
    if idle:
        warnings.warn(f"the example never runs {', '.join(idle)}; they keep their widths", stacklevel=4)


def _groups(traversal: Traversal, layers: dict[str, LayerCost], keep: frozenset[str]) -> dict[str, ChannelGroup]:
    groups: dict[str, ChannelGroup] = {}
    seen: set[nn.Module] = set()
    for module in traversal.recording.positions:
        if not isinstance(module, ROOTS) or module in seen:
            continue
        name = traversal.names[module]
        items = _items(traversal, module, range(layers[name].out))
        members = _members(traversal, items)
        producers = {m.layer for m in members if m.side == "out"}
        seen.update(m for m, n in traversal.names.items() if n in producers)
        if producers & keep or any(traversal.is_fixed(dep) for dep, _, _ in items):
            continue
        check_items(traversal, items, name)
        _check_independent(traversal, module, members)
        groups[name] = _group(name, bundled(name, members, layers), layers)
    return groups


def _items(traversal: Traversal, module: nn.Module, channels: Sequence[int]) -> list[Item]:
    """(dependency, positions, channels) of everything that vanishes with these output channels of a layer."""
    graph, name = traversal.graph, traversal.names[module]
    try:
        prune = graph.get_pruner_of_module(module).prune_out_channels
        group = graph.get_pruning_group(module, prune, list(channels))
    except Exception as error:
        raise ValueError(refusal(name, f"the dependency graph fails with {type(error).__name__}: {error}")) from error
    return [(item.dep, item.idxs, item.root_idxs) for item in group]


def _members(traversal: Traversal, items: list[Item]) -> tuple[Member, ...]:
    """The items that are layers with channels, both sides of a per-channel layer as one; in execution order."""
    members: dict[tuple[str, Side], Member] = {}
    for dep, local, channel in items:
        module = dep.target.module
        if module not in traversal.names or (isinstance(module, nn.PReLU) and module.num_parameters == 1):
            continue
        key = (traversal.names[module], traversal.side(dep))
        if key not in members:
            members[key] = Member(*key, np.asarray(local, dtype=np.int64), np.asarray(channel, dtype=np.int64))
    order = {traversal.names[m]: i for i, m in enumerate(traversal.recording.positions)}
    return tuple(sorted(members.values(), key=lambda m: order[m.layer]))


def _group(name: str, members: tuple[Member, ...], layers: dict[str, LayerCost]) -> ChannelGroup:
    channels = 1 + max(int(member.channel.max()) for member in members)
    macs = parameters = 0
    for member in members:
        cost, count = layers[member.layer], len(member.local)
        out, into = (count, cost.into) if member.side == "out" else (cost.out, count)
        macs += cost.macs(out, into)
        # Input slices carry weights only; bias, scale and shift go with the output.
        parameters += cost.parameters(out, into) - (0 if member.side == "out" else cost.extras * out)
    producers = tuple(m.layer for m in members if m.side == "out")
    consumers = tuple(m.layer for m in members if m.side == "in")
    return ChannelGroup(name, channels, producers, consumers, macs // channels, parameters // channels, members)


def _check_independent(traversal: Traversal, module: nn.Module, members: tuple[Member, ...]) -> None:
    """Refuse groups in which removing one channel pulls in others (halves of one layer that are added, say).

    Two channels differ in some binary digit, so removing, digit by digit, all channels that have a 1 there shows
    every such tie.
    """
    name = traversal.names[module]
    channels = range(width(module, "out"))
    for digit in range((len(channels) - 1).bit_length()):
        some = [c for c in channels if c >> digit & 1]
        found = {(m.layer, m.side): set(m.local.tolist()) for m in _members(traversal, _items(traversal, module, some))}
        for member in members:
            if found.get((member.layer, member.side), set()) != set(member.positions(some).tolist()):
                raise ValueError(refusal(name, f"removing one of them removes others with it, seen at {member.layer}"))
