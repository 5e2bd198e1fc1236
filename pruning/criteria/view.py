"""One dependency group as criteria, schedules and searches see it: what belongs to each of its channels.

Slices of weights, gradients and activations of the group's layers are gathered to one row or number per channel, and
numbers per channel are laid out along the group's layers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from pruning.criteria.evidence import Evidence
from pruning.graph.layers import WHOLE, Conv, Norm, Side, is_per_channel, per_filter, rows, width
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
    evidence: Evidence = field(default_factory=Evidence)
    seed: int = 0

    def weighted(self, sides: Sides = DEPENDENCY) -> list[Member]:
        """The convolution and linear layers of the group on these sides."""
        members = [m for m in self.group.members if m.side in sides]
        return [m for m in members if isinstance(self.modules[m.layer], (Conv, nn.Linear))]

    def filters(self) -> list[Member]:
        """The layers that mix channels into the group's: their slices of weight are the channels' filters."""
        return [m for m in self.weighted(OWN) if not is_per_channel(self.modules[m.layer])]

    def makers(self) -> Iterator[tuple[Member, str]]:
        """Every (layer, name of a tensor of it) that makes up the group's channels."""
        for member in self.group.members:
            layer = self.modules[member.layer]
            if member.side == "out":
                yield from ((member, name) for name in WHOLE if getattr(layer, name, None) is not None)

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

    def weight(self, member: Member) -> nn.Parameter:
        """The weight of a convolution or linear layer of the group."""
        return self.modules[member.layer].weight  # type: ignore[return-value]

    def parts(self, sides: Sides, tensors: Mapping[str, Tensor] | None = None) -> list[Tensor]:
        """All weights of each channel, layer by layer: (C, D) blocks, zeros where a layer has no such channel.

        Biases and normalisation are not included; a layer that both makes and reads the group's channels comes twice.

        Args:
            sides: OWN or DEPENDENCY.
            tensors: what to take instead of the weights, shaped like them, by layer name (gradients, say).
        """
        blocks = []
        for member in self.weighted(sides):
            tensor = self.weight(member) if tensors is None else tensors[member.layer]
            blocks.append(self._arranged(member, rows(self.modules[member.layer], member.side, tensor.detach().cpu())))
        return blocks

    def weights(self, sides: Sides) -> Tensor:
        """The blocks of `parts` side by side: (C, D)."""
        return torch.cat(self.parts(sides), 1)

    def filter_norms(self) -> Tensor:
        """(C,) L2 norm of each channel over its filters in all layers, without biases; on the CPU."""
        return torch.stack([self.layer_norms(m, self.weight(m)) for m in self.filters()]).norm(dim=0)

    def layer_norms(self, member: Member, tensor: Tensor) -> Tensor:
        """(C,) L2 norm of each channel's filters in one layer, or in its gradient; 0 where the layer has none."""
        filters = rows(self.modules[member.layer], "out", tensor.detach().float())
        return self.total(member, filters.square().sum(1)).float().sqrt()

    def factors(self, member: Member, name: str, values: Tensor) -> Tensor:
        """Values (C,) of the channels, shaped to be multiplied with a tensor of a layer; 1 for its other channels."""
        layer = self.modules[member.layer]
        tensor: Tensor = getattr(layer, name)
        local, channel = (torch.from_numpy(at).to(tensor.device) for at in (member.local, member.channel))
        factors = torch.ones(width(layer, "out"), device=tensor.device, dtype=tensor.dtype)
        factors[local] = values.to(factors)[channel]
        return per_filter(layer, factors) if name == "weight" else factors

    def total(self, member: Member, values: Tensor) -> Tensor:
        """(..., C) sum over each channel's positions of (..., width) values of one side of a layer, float64."""
        picked = values.detach().cpu().double()[..., torch.from_numpy(member.local)]
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
            weights = rows(self.modules[member.layer], member.side, self.weight(member))
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


def group_views(
    model: nn.Module, network: Network, evidence: Evidence | None = None, seed: int = 0
) -> dict[str, GroupView]:
    """Every group of a traced model, in execution order."""
    modules = dict(model.named_modules())
    known = evidence or Evidence()
    return {name: GroupView(group, network, modules, known, seed) for name, group in network.groups.items()}
