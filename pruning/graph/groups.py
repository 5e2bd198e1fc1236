"""From atoms to groups: what can be removed together, in which layers, and what cannot be removed at all."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from pruning.graph.cutting import all_tensors
from pruning.graph.layers import OWN, Conv, LayerCost, Side, is_per_channel, layer_cost, width
from pruning.graph.running import Run
from pruning.graph.shadows import Labels
from pruning.graph.structure import Attribute, Carried, ChannelGroup, Crossing, Member, Network

ROOTS = (Conv, nn.Linear)


def layer_costs(run: Run) -> dict[str, LayerCost]:
    """The cost of every layer, in execution order; those that never ran last."""
    order = [*run.positions, *(m for m in run.names if m not in run.positions)]
    return {run.names[m]: layer_cost(run.names[m], m, run.positions.get(m, 0)) for m in order}


def find_network(
    run: Run, observed: dict[str, str], total: int
) -> tuple[Network, dict[str, str], tuple[frozenset[str], ...]]:
    """The network's groups, {layer: why its channels cannot be removed}, and the groups of every guess that was made.

    Args:
        run: what was seen.
        observed: of `Network`.
        total: parameters of the model.
    """
    layers = layer_costs(run)
    _fix_uncuttable(run)
    atoms = run.follower.shadows.atoms
    refused: dict[str, str] = {}
    owners: dict[int, tuple[str, int]] = {}
    sizes: dict[str, int] = {}
    reported: set[int] = set()
    for name, cost in layers.items():
        labels = run.sides.get((name, "out"))
        if labels is None or not isinstance(_module(run, name), ROOTS) or cost.out != len(labels):
            continue
        if cost.out > 1 and (why := atoms.reason(_new(atoms.find(labels), reported))) is not None:
            refused[name] = why
        elif cost.out > 1 and atoms.are_constants(labels):
            refused[name] = "they take the places of constants, such as the zeros that a state starts with"
        free = atoms.find(labels)[~atoms.is_fixed(labels)]
        new = [root for root in dict.fromkeys(free.tolist()) if root not in owners]
        owners |= {root: (name, channel) for channel, root in enumerate(new)}
        if new:
            sizes[name] = len(new)
    members = _members(run, layers, owners)
    carried = _carried(run, owners)
    attributes, crossings = _attributes(run, owners), _crossings(run, owners)
    groups = {n: _group(n, size, members.get(n, []), layers) for n, size in sizes.items()}
    groups = {
        n: replace(
            group,
            carried=tuple(carried.get(n, ())),
            attributes=tuple(attributes.get(n, ())),
            crossings=tuple(crossings.get(n, ())),
        )
        for n, group in groups.items()
    }
    counted = sum(cost.parameters(cost.out, cost.into) for cost in layers.values())
    parameters = frozenset(name for name, _ in run.model.named_parameters(remove_duplicate=False))
    return Network(groups, layers, observed, total - counted, parameters), refused, _guesses(run, owners, refused)


def _guesses(run: Run, owners: Mapping[int, tuple[str, int]], refused: Mapping[str, str]) -> tuple[frozenset[str], ...]:
    """For each view that was guessed about: the groups on it, and the layers on it that are refused."""
    find = run.follower.shadows.atoms.find
    roots = {name: set(find(labels).tolist()) for name in refused if (labels := run.sides[name, "out"]) is not None}
    found = []
    for block in run.follower.sites:
        here = set(find(block).ravel().tolist())
        groups = {owners[root][0] for root in here if root in owners}
        found.append(frozenset(groups | {name for name, own in roots.items() if own & here}))
    return tuple(found)


def _new(roots: np.ndarray, reported: set[int]) -> np.ndarray:
    """Those that no layer before had; what is refused once needs no other refusal."""
    new = np.array([root for root in np.unique(roots).tolist() if root not in reported], dtype=np.int64)
    reported.update(new.tolist())
    return new


def _module(run: Run, name: str) -> nn.Module:
    return next(m for m, n in run.names.items() if n == name)


def _fix_uncuttable(run: Run) -> None:
    """Layers that this library cannot cut keep their widths, for a reason."""
    shadows = run.follower.shadows
    owners: dict[nn.Parameter, str] = {}
    for module, name in run.names.items():
        sides = [run.sides.get((name, side)) for side in ("out", "in")]  # type: ignore[call-overload]
        if not isinstance(getattr(module, "weight", None), nn.Parameter | None):
            shadows.fix(sides, f"{name} computes its weight{_way_past_computing(module)}")
        for parameter in module.parameters(recurse=False):
            if owners.setdefault(parameter, name) != name:
                shadows.fix(sides, f"{name} shares parameters with another layer ({owners[parameter]})")
                shadows.fix(
                    [run.sides.get((owners[parameter], side)) for side in ("out", "in")],  # type: ignore[call-overload]
                    f"{owners[parameter]} shares parameters with another layer ({name})",
                )


def _way_past_computing(module: nn.Module) -> str:
    if is_parametrized(module):
        return "; call torch.nn.utils.parametrize.remove_parametrizations on it first"
    if hasattr(module, "weight_orig"):
        return ", by spectral normalisation; call torch.nn.utils.remove_spectral_norm on it first"
    return ""


def _channels(
    run: Run, labels: Labels, owners: Mapping[int, tuple[str, int]]
) -> dict[str, tuple[list[int], list[int]]]:
    """{group: (positions, channels)} of one axis."""
    found: dict[str, tuple[list[int], list[int]]] = {}
    if labels is None:
        return found
    for position, root in enumerate(run.follower.shadows.atoms.find(labels).tolist()):
        if (owner := owners.get(root)) is not None:
            local, channel = found.setdefault(owner[0], ([], []))
            local.append(position)
            channel.append(owner[1])
    return found


def _members(
    run: Run, layers: Mapping[str, LayerCost], owners: Mapping[int, tuple[str, int]]
) -> dict[str, list[Member]]:
    """The sides of layers in each group, in execution order, output sides first."""
    found: dict[str, list[Member]] = {}
    modules = {name: module for module, name in run.names.items()}
    for name in layers:
        sides: tuple[Side, ...] = ("out",) if is_per_channel(modules[name]) else ("out", "in")
        for side in sides:
            labels = run.sides.get((name, side))
            if labels is None or len(labels) != width(modules[name], side):
                continue  # a PReLU with one parameter has no side of its own
            for group, (local, channel) in _channels(run, labels, owners).items():
                member = Member(name, side, np.array(local, np.int64), np.array(channel, np.int64))
                found.setdefault(group, []).append(member)
    return found


def _carried(run: Run, owners: Mapping[int, tuple[str, int]]) -> dict[str, list[Carried]]:
    """Parameters and buffers that are cut without being a layer's own weight, bias or running statistics."""
    ran = [module for module, name in run.names.items() if (name, "out") in run.sides]
    # By identity, as a weight may go by another name too (that of an embedding, of the same layer in another place).
    own = {id(getattr(module, part, None)) for module in ran for part in OWN}
    tensors = all_tensors(run.model)
    found: dict[str, list[Carried]] = {}
    for tensor, axes in run.parameters.items():
        if id(tensors.get(tensor)) in own:
            continue
        for axis, labels in enumerate(axes):
            for group, (local, channel) in _channels(run, labels, owners).items():
                shape = tuple(1 if some is None else len(some) for some in axes)
                carried = Carried(tensor, axis, shape, np.array(local, np.int64), np.array(channel, np.int64))
                found.setdefault(group, []).append(carried)
    return found


def _attributes(run: Run, owners: Mapping[int, tuple[str, int]]) -> dict[str, list[Attribute]]:
    """Numbers of modules that are as large as an axis with channels of a group."""
    found: dict[str, list[Attribute]] = {}
    for name, labels in run.follower.attributes.items():
        for group, (_, channel) in _channels(run, labels, owners).items():
            found.setdefault(group, []).append(Attribute(name, np.array(channel, np.int64)))
    return found


def _crossings(run: Run, owners: Mapping[int, tuple[str, int]]) -> dict[str, list[Crossing]]:
    """Where channels of a group lie beside a layer's own."""
    found: dict[str, list[Crossing]] = {}
    for layer, axes in run.across.items():
        for axis, labels in axes.items():
            for group, (local, channel) in _channels(run, labels, owners).items():
                crossing = Crossing(layer, axis, np.array(local, np.int64), np.array(channel, np.int64))
                found.setdefault(group, []).append(crossing)
    return found


def _group(name: str, channels: int, members: list[Member], layers: Mapping[str, LayerCost]) -> ChannelGroup:
    macs = parameters = 0
    for member in members:
        cost, count = layers[member.layer], len(member.local)
        out, into = (count, cost.into) if member.side == "out" else (cost.out, count)
        macs += cost.macs(out, into)
        # Input slices carry weights only; bias, scale and shift go with the output.
        parameters += cost.parameters(out, into) - (0 if member.side == "out" else cost.extras * out)
    producers = tuple(m.layer for m in members if m.side == "out")
    consumers = tuple(m.layer for m in members if m.side == "in")
    freed = (macs // channels, parameters // channels)
    return ChannelGroup(name, channels, producers, consumers, *freed, tuple(members))
