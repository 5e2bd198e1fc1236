"""One dependency group as criteria see it: its weights, gradients and activations, one row per channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from pruning.criteria.evidence import Evidence
from pruning.graph.layers import Conv, Norm, Side, rows
from pruning.graph.structure import ChannelGroup, Member, Network

Sides = Sequence[Side]
OWN: Sides = ("out",)
"""A channel's own filters."""
DEPENDENCY: Sides = ("out", "in")
"""Its own filters and the weights of the next layers that vanish with it."""


@dataclass(frozen=True)
class GroupView:
    """A group with everything that is known of it.

    Attributes:
        group: the channels that go together; scores have `group.channels` values.
        network: the traced network.
        modules: layer name -> layer.
        evidence: what was recorded; empty fields where nothing was.
        seed: for criteria that draw numbers.
    """

    group: ChannelGroup
    network: Network
    modules: Mapping[str, nn.Module]
    evidence: Evidence
    seed: int = 0

    def weighted(self, sides: Sides = DEPENDENCY) -> list[Member]:
        """The convolution and linear layers of the group on these sides."""
        members = [m for m in self.group.members if m.side in sides]
        return [m for m in members if isinstance(self.modules[m.layer], (Conv, nn.Linear))]

    def norms(self) -> list[Member]:
        """The normalisation layers of the group."""
        return [m for m in self.group.members if isinstance(self.modules[m.layer], Norm)]

    def kind(self) -> frozenset[tuple[str, Side, object, bool]]:
        """What the group is built of: class, side, kernel, and whether it is grouped, of each kind of member."""
        members = [(self.modules[m.layer], m.side) for m in self.group.members]
        return frozenset(
            (type(layer).__name__, side, getattr(layer, "kernel_size", None), getattr(layer, "groups", 1) > 1)
            for layer, side in members
        )

    def parts(self, sides: Sides, tensors: Mapping[str, Tensor] | None = None) -> list[Tensor]:
        """All weights of each channel, layer by layer: (C, D) blocks, zeros where a layer has no such channel.

        Biases and normalisation are not included; a layer that both makes and reads the group's channels comes twice.

        Args:
            sides: OWN or DEPENDENCY.
            tensors: what to take instead of the weights, shaped like them, by layer name (gradients, say).
        """
        blocks = []
        for member in self.weighted(sides):
            module = self.modules[member.layer]
            tensor = module.weight if tensors is None else tensors[member.layer]
            blocks.append(self._arranged(member, rows(module, member.side, tensor.detach().cpu())))  # type: ignore
        return blocks

    def weights(self, sides: Sides) -> Tensor:
        """The blocks of `parts` side by side: (C, D)."""
        return torch.cat(self.parts(sides), 1)

    def total(self, member: Member, values: Tensor) -> Tensor:
        """(..., C) sum over each channel's positions of (..., width) values of one side of a layer, float64."""
        picked = values.detach().double().cpu()[..., torch.from_numpy(member.local)]
        zeros = picked.new_zeros(*picked.shape[:-1], self.group.channels)
        return zeros.index_add(-1, torch.from_numpy(member.channel), picked)

    def mean(self, members: Sequence[Member], values: Mapping[str, Tensor]) -> Tensor:
        """(C,) mean of the layers' values over all of each channel's positions in these members, float64."""
        total = sum(self.total(m, values[m.layer]) for m in members)
        count = sum(self.total(m, torch.ones(len(values[m.layer]))) for m in members)
        return torch.as_tensor(total / count)

    def macs(self) -> Tensor:
        """(C,) multiply-accumulates per picture that vanish with each channel, all other widths being dense."""
        return self._weight_counts({name: float(cost.positions) for name, cost in self.network.layers.items()})

    def parameters(self) -> Tensor:
        """(C,) convolution and linear weights that vanish with each channel."""
        return self._weight_counts(dict.fromkeys(self.network.layers, 1.0))

    def _weight_counts(self, price: Mapping[str, float]) -> Tensor:
        counts = torch.zeros(self.group.channels, dtype=torch.float64)
        for member in self.weighted():
            weights = rows(self.modules[member.layer], member.side, self.modules[member.layer].weight)  # type: ignore
            counts += self.total(member, torch.full((len(weights),), weights.shape[1] * price[member.layer]))
        return counts

    def _arranged(self, member: Member, values: Tensor) -> Tensor:
        """Rows of a layer's positions as one row per channel of the group, a channel's positions side by side."""
        order = np.lexsort((member.local, member.channel))
        channel = member.channel[order]
        counts = np.bincount(channel, minlength=self.group.channels)
        slot = np.arange(len(channel)) - (np.cumsum(counts) - counts)[channel]
        out = values.new_zeros(self.group.channels, int(counts.max()), values.shape[1])
        out[torch.from_numpy(channel), torch.from_numpy(slot)] = values[torch.from_numpy(member.local[order])]
        return out.flatten(1)
