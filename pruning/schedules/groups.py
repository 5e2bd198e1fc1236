"""The only place where schedules and searches touch the dependency graph: groups with their filters in, a plan out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from pruning.graph import trace
from pruning.graph.layers import NORM_BUFFERS, is_per_channel, per_filter, rows, width
from pruning.graph.structure import Channels, Member, Network
from pruning.graph.tracing import RAISE
from pruning.planning.costs import group_plans
from pruning.planning.selection import FRACTIONS, check_target
from pruning.plans import Plan
from pruning.recording import Example

WHOLE = ("weight", "bias", NORM_BUFFERS[0])
"""What makes up a channel of a layer: with all of it at 0 the channel is 0."""
STEPS = 40


@dataclass(frozen=True)
class Groups:
    """The prunable groups of one model.

    Attributes:
        model: the user's network, which is changed in place by whoever prunes it softly.
        network: its trace.
        shapes: of the example, one per argument of the forward.
        keep: layers left out.
        skipped, choices: of `pruning.TracedModel`.
    """

    model: nn.Module
    network: Network
    shapes: list[list[int]]
    keep: list[str]
    skipped: dict[str, str] = field(default_factory=dict)
    choices: list[int] = field(default_factory=list)

    @property
    def sizes(self) -> dict[str, int]:
        """{group: channels}, in execution order."""
        return {name: group.channels for name, group in self.network.groups.items()}

    def makers(self, group: str) -> list[Member]:
        """The group's layers on their output side."""
        return [m for m in self.network.groups[group].members if m.side == "out"]

    def filters(self, group: str) -> list[Member]:
        """Those of them that mix channels (convolution, linear): their slices of weight are the channels' filters."""
        return [m for m in self.makers(group) if not is_per_channel(self.model.get_submodule(m.layer))]

    def norms(self, group: str) -> Tensor:
        """(C,) L2 norm of each channel over its filters in all layers, without biases; on the CPU."""
        return torch.stack([self.layer_norms(group, m, self.weight(m)) for m in self.filters(group)]).norm(dim=0)

    def weight(self, member: Member) -> nn.Parameter:
        """The weight of a member's layer."""
        return self.model.get_submodule(member.layer).weight  # type: ignore[return-value]

    def layer_norms(self, group: str, member: Member, tensor: Tensor) -> Tensor:
        """(C,) L2 norm of each channel's filters in one layer, or in its gradient; 0 where the layer has none."""
        filters = rows(self.model.get_submodule(member.layer), "out", tensor.detach().float())
        squares = filters.square().sum(1).cpu()
        zeros = torch.zeros(self.sizes[group])
        return zeros.index_add(0, torch.from_numpy(member.channel), squares[torch.from_numpy(member.local)]).sqrt()

    def slot(self, member: Member, part: str, values: Tensor) -> Tensor:
        """Values (C,) of a group's channels, shaped to be multiplied with a part of a layer; 1 for other channels."""
        layer = self.model.get_submodule(member.layer)
        tensor: Tensor = getattr(layer, part)
        factors = torch.ones(width(layer, "out"), device=tensor.device, dtype=tensor.dtype)
        factors[_index(member.local, tensor)] = values.to(factors)[_index(member.channel, tensor)]
        return per_filter(layer, factors) if part == "weight" else factors

    def parts(self, group: str) -> Iterator[tuple[Member, str]]:
        """Every (layer, part) that makes up the group's channels."""
        for member in self.makers(group):
            layer = self.model.get_submodule(member.layer)
            yield from ((member, part) for part in WHOLE if getattr(layer, part, None) is not None)

    def cost(self, removed: Mapping[str, Channels], kind: str) -> float:
        """Part of the dense cost that is left: of 'macs', of 'params', or of the groups' channels."""
        if kind == "channels":
            return 1 - sum(map(len, removed.values())) / sum(self.sizes.values())
        dense, now = (self.network.totals(r)[kind] for r in ({}, removed))
        return now / dense

    def plan(self, removed: Mapping[str, Channels], provenance: str, target: Mapping[str, float]) -> Plan:
        """The plan that removes these channels of each group, for `pruning.apply`."""
        cut = {name: sorted(int(c) for c in channels) for name, channels in removed.items()}
        before, after = (dict[str, float](self.network.totals(r)) for r in ({}, cut))
        return Plan(
            criterion=None,
            normalise=None,
            scope=None,
            eps=None,
            target=dict(target),
            keep=self.keep,
            example_shapes=self.shapes,
            groups=group_plans(self.network, cut, {}),
            before=before,
            after=after,
            skipped=dict(self.skipped),
            choices=self.choices,
            following=sorted(self.network.following),
            provenance=provenance,
        )


def find_groups(
    model: nn.Module,
    example: Example,
    keep: tuple[str, ...] | list[str] = (),
    on_unsupported: str = RAISE,
) -> Groups:
    """Trace a model for pruning during training, and try the removal, so that no training is lost.

    Raises:
        ValueError: as `pruning.trace`, or nothing can be pruned.
    """
    traced = trace(model, example, keep=keep, on_unsupported=on_unsupported, stacklevel=5)
    if not len(traced):
        why = "; ".join(f"{name}: {reason}" for name, reason in traced.skipped.items())
        raise ValueError(f"no group of channels can be pruned: {why or 'all are in keep, inputs or outputs'}")
    return Groups(model, traced.network, traced.inputs.shapes(), list(keep), traced.skipped, list(traced.choices))


def uniform_share(groups: Groups, target: Mapping[str, float], min_channels: int) -> float:
    """The share of every group's channels whose removal meets the target.

    Raises:
        ValueError: a bad target, or one that cannot be met with min_channels left in every group.
    """
    kind, fraction = check_target(target, FRACTIONS)
    if kind == "channels":
        return 1 - fraction

    def cost(share: float) -> float:
        counts = {name: lowest_count(size, share, min_channels) for name, size in groups.sizes.items()}
        return groups.cost({name: range(count) for name, count in counts.items()}, kind)

    if (least := cost(1.0)) > fraction:
        raise ValueError(f"{kind} can be brought to {least:.3f} of the dense network at the least, not {fraction}")
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if cost(middle) <= fraction else (middle, high)
    return high


def lowest_count(size: int, share: float, min_channels: int) -> int:
    """Whole channels in a share of a group, at least min_channels being left."""
    return max(0, min(int(size * share + 1e-6), size - min_channels))


def _index(positions: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(positions).to(like.device)
