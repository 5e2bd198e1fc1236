"""What tracing finds in a network, as plain data: which channels belong together and what every layer costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np

from pruning.graph.layers import LayerCost, Side

Key = TypeVar("Key")
Channels = Sequence[int] | np.ndarray
Widths = Mapping[str, tuple[int, int]]
"""(output, input) width of every layer"""


class Holder:
    """What has channels of a group along one axis: position `local[i]` belongs to the group's channel `channel[i]`."""

    local: np.ndarray
    channel: np.ndarray

    def positions(self, channels: Channels) -> np.ndarray:
        """Positions on that axis that belong to the given channels of the group."""
        return self.local[np.isin(self.channel, channels)]


@dataclass(frozen=True)
class Member(Holder):
    """One side of one layer in a group: position `local[i]` on that side belongs to the group's channel `channel[i]`.

    Next to a grouped convolution a channel of the group is a bundle: one channel of each convolution group.
    Behind a concatenation `local` starts at the branch's offset; behind a flattening each channel owns several
    positions; in a residual sum with a concatenation a layer holds only some of the group's channels.
    """

    layer: str
    side: Side
    local: np.ndarray
    channel: np.ndarray


@dataclass(frozen=True)
class Carried(Holder):
    """A parameter or buffer outside the layers, one axis of which holds channels of a group: a scale, a table.

    Attributes:
        tensor: its name in the model.
        axis, shape: which axis, and how long all are in the dense network.
        local, channel: as of `Member`.
    """

    tensor: str
    axis: int
    shape: tuple[int, ...]
    local: np.ndarray
    channel: np.ndarray


@dataclass(frozen=True)
class Crossing(Holder):
    """Another axis of what a layer gives than that of its own channels, with channels of a group on it.

    A mixer's layer works along the tokens, whose channels it takes one by one.

    Attributes:
        layer, axis: of the output of the layer's last run.
        local, channel: as of `Member`.
    """

    layer: str
    axis: int
    local: np.ndarray
    channel: np.ndarray


@dataclass(frozen=True)
class Attribute:
    """A number that a module keeps and that may be the width of an axis of channels: `self.c`, `self.num_heads`.

    Attributes:
        name: of the module and its attribute, joined by a dot.
        channel: the group's channel at each position of that axis that belongs to the group.
    """

    name: str
    channel: np.ndarray


@dataclass(frozen=True)
class ChannelGroup:
    """Channels that can only be removed together, one for one, in several layers.

    Attributes:
        name: the group's first producer in execution order.
        channels: how many channels, or bundles of channels, can be removed one by one.
        producers: layers whose output channels belong to it (convolution, linear, normalisation, PReLU).
        consumers: layers whose matching input slices vanish with a channel.
        macs: multiply-accumulates per picture that removing one channel frees, all other widths being dense. In a
            group whose layer is both producer and consumer the weights shared by both are counted twice.
        parameters: parameters that removing one channel frees, counted in the same way.
        members: the index maps behind producers and consumers.
        carried: parameters and buffers of no layer that lose the same channels.
        attributes: numbers of modules that may follow the group's width.
        crossings: outputs of layers on which the channels lie beside the layer's own.
    """

    name: str
    channels: int
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    macs: int
    parameters: int
    members: tuple[Member, ...] = field(repr=False, compare=False)
    carried: tuple[Carried, ...] = field(default=(), repr=False, compare=False)
    attributes: tuple[Attribute, ...] = field(default=(), repr=False, compare=False)
    crossings: tuple[Crossing, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True)
class Network:
    """A traced network: its groups and layers in execution order.

    Attributes:
        groups: the groups that may be pruned, keyed by name.
        layers: costs of every layer with channels, also of those in no group, keyed by name.
        observed: for each convolution or linear layer whose output passes a ReLU before anything else can see its
            sign: the layer (itself or the normalisation after it) whose output, clamped at 0, is that activation.
        other_parameters: parameters outside `layers`.
        carried_parameters: names of those carried tensors that are parameters.
        following: names of the attributes that do follow a width, as a trial removal has shown.
    """

    groups: dict[str, ChannelGroup]
    layers: dict[str, LayerCost]
    observed: dict[str, str]
    other_parameters: int
    carried_parameters: frozenset[str] = frozenset()
    following: frozenset[str] = frozenset()

    @property
    def sizes(self) -> dict[str, int]:
        """{group: channels}, in execution order."""
        return {name: group.channels for name, group in self.groups.items()}

    def removed_positions(self, removed: Mapping[str, Channels]) -> dict[tuple[str, Side], np.ndarray]:
        """Positions to cut on each side of each layer, for the removed channels of each group; sorted, each once."""
        parts: dict[tuple[str, Side], list[np.ndarray]] = {}
        for name, channels in removed.items():
            for member in self.groups[name].members:
                parts.setdefault((member.layer, member.side), []).append(member.positions(channels))
        return _united(parts)

    def removed_elsewhere(self, removed: Mapping[str, Channels]) -> dict[tuple[str, int], np.ndarray]:
        """Positions to cut on axes of carried tensors, by (tensor, axis); sorted, each once."""
        parts: dict[tuple[str, int], list[np.ndarray]] = {}
        for name, channels in removed.items():
            for carried in self.groups[name].carried:
                parts.setdefault((carried.tensor, carried.axis), []).append(carried.positions(channels))
        return _united(parts)

    def removed_across(self, removed: Mapping[str, Channels]) -> dict[tuple[str, int], np.ndarray]:
        """Positions that vanish from other axes of what layers give, by (layer, axis); sorted, each once."""
        parts: dict[tuple[str, int], list[np.ndarray]] = {}
        for name, channels in removed.items():
            for crossing in self.groups[name].crossings:
                parts.setdefault((crossing.layer, crossing.axis), []).append(crossing.positions(channels))
        return _united(parts)

    def lowered(self, removed: Mapping[str, Channels]) -> dict[str, int]:
        """{attribute: how much less it becomes} of those that follow a width."""
        lower: dict[str, int] = {}
        for name, channels in removed.items():
            for attribute in self.groups[name].attributes:
                if attribute.name in self.following:
                    count = int(np.isin(attribute.channel, channels).sum())
                    lower[attribute.name] = lower.get(attribute.name, 0) + count
        return {name: count for name, count in lower.items() if count}

    def widths(self, removed: Mapping[str, Channels]) -> Widths:
        """(output, input) width of every layer after the removal."""
        cut = {key: len(positions) for key, positions in self.removed_positions(removed).items()}
        return {
            name: (cost.out - cut.get((name, "out"), 0), cost.into - cut.get((name, "in"), 0))
            for name, cost in self.layers.items()
        }

    @cached_property
    def dense(self) -> dict[str, int]:
        """`totals` with nothing removed."""
        return self.totals({})

    def totals(self, removed: Mapping[str, Channels]) -> dict[str, int]:
        """{"macs", "params"} of the whole network, per picture, and "channels" of its groups, after the removal."""
        widths = self.widths(removed)
        macs = sum(cost.macs(*widths[name]) for name, cost in self.layers.items())
        params = sum(cost.parameters(*widths[name]) for name, cost in self.layers.items())
        channels = sum(self.sizes.values()) - sum(map(len, removed.values()))
        others = self.other_parameters - self._carried_parameters(removed)
        return {"macs": macs, "params": params + others, "channels": channels}

    def _carried_parameters(self, removed: Mapping[str, Channels]) -> int:
        """How many parameters outside the layers go."""
        cut = self.removed_elsewhere(removed)
        shapes = {c.tensor: c.shape for group in self.groups.values() for c in group.carried}
        gone = 0
        for tensor in {name for name, _ in cut} & self.carried_parameters:
            after = [size - len(cut.get((tensor, axis), ())) for axis, size in enumerate(shapes[tensor])]
            gone += int(np.prod(shapes[tensor]) - np.prod(after))
        return gone


def _united(parts: Mapping[Key, list[np.ndarray]]) -> dict[Key, np.ndarray]:
    """The positions of each key, sorted and each once; keys without any are left out."""
    cut = {key: np.unique(np.concatenate(positions)) for key, positions in parts.items()}
    return {key: positions for key, positions in cut.items() if len(positions)}
