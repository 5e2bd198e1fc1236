"""One engine for soft and hard pruning while training, on dependency groups, so that the end can be removed for real.

Published schedules rank the filters of each layer on their own and leave normalisation alone, so a residual stream
keeps every channel that one of its layers keeps. Here a group is ranked as one, by the L2 norm over all its filters.
Soft pruning touches filters only (without the shift of its normalisation a channel could never come back); hard pruning
holds everything that makes up a channel at zero. Ranking by group and the handling of normalisation are ours.

So are two measures without which soft pruning wrecks networks with batch normalisation: a filter at zero gets gradients
hundreds of times too large through its normalisation (times 1 / sqrt(eps)), so gradients of pruned filters are limited
to a few times the mean of the kept ones in their layer; and the optimiser forgets the momentum of pruned filters. And
the last quarter of the training is hard, since a filter of any size is at full strength behind its normalisation.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pruning.criteria.view import group_views
from pruning.planning.removal import removal_plan, trace_prunable
from pruning.plans import Plan
from pruning.recording import Example
from pruning.schedules.settings import Schedule, get
from pruning.schedules.shares import lowest_count, uniform_share

GRADIENT_LIMIT = 7.0
"""At 1 no channel comes back, and soft pruning is hard pruning; from 10 on noise brings them back
in such numbers that they take the place of trained ones."""
HARDENED = 0.75
"""Part of the training after which nothing comes back: what is removed at the end must not be in use until then."""
PASSED = 0.5
"""Probability with which thinned gradients of a channel pass."""


class SoftHardPruner:
    """Prunes a model, in place, in the course of any training loop:

        pruner = SoftHardPruner(model, example, "ghfp", epochs=30, target={"macs": 0.5})
        pruner.attach(optimizer)
        for epoch in range(30):
            ...                               # train one epoch
            pruner.end_epoch()
        pruned = pruning.apply(model, pruner.finish())

    Args:
        model: stays as wide as it is until the end.
        example: what the forward takes; costs are counted at its size.
        schedule: a name from `SCHEDULES`, or settings of your own.
        epochs: length of the training.
        target: {"macs" | "params" | "channels": fraction to keep}; every group loses the same share of its channels.
        min_channels: channels that stay in every group.
        keep: layers that keep all their channels.
        seed: for the gradients that pass, if the schedule thins them.
        on_unsupported: as of `pruning.trace`.
        gradient_limit: largest gradient of a pruned filter, as a multiple of the mean of the kept ones in its layer.

    Attributes:
        returned: after each epoch, how many channels that were pruned before are no longer.

    Raises:
        ValueError: a bad option, an unknown schedule, or a model that cannot be traced.
    """

    def __init__(
        self,
        model: nn.Module,
        example: Example,
        schedule: Schedule | str,
        *,
        epochs: int,
        target: Mapping[str, float],
        min_channels: int = 1,
        keep: Sequence[str] = (),
        seed: int = 0,
        on_unsupported: str = "raise",
        gradient_limit: float = GRADIENT_LIMIT,
    ) -> None:
        if not gradient_limit > 0:
            raise ValueError(f"gradient_limit must be above 0, got {gradient_limit}")
        if epochs < 1 or min_channels < 1:
            raise ValueError(f"epochs and min_channels must be at least 1, got {epochs} and {min_channels}")
        self.method = schedule if isinstance(schedule, str) else "schedule"
        self.schedule = get(schedule) if isinstance(schedule, str) else schedule
        self.traced = trace_prunable(model, example, keep, on_unsupported)
        self.groups = group_views(model, self.traced.network)
        self.sizes = self.traced.network.sizes
        self.gradient_limit = gradient_limit
        self.returned: list[int] = []
        self.target, self.epochs, self.min_channels = target, epochs, min_channels
        self.share = uniform_share(self.traced.network, target, min_channels)
        self.seed, self.epoch = seed, 0
        self.pruned: dict[str, list[int]] = {name: [] for name in self.sizes}
        self.hard: dict[str, list[int]] = {name: [] for name in self.sizes}
        self._held: list[tuple[nn.Module, str, Tensor]] = []
        self._handles: list[Any] = []
        self._optimizers: list[torch.optim.Optimizer] = []
        self._generator = torch.Generator().manual_seed(seed)

    def attach(self, optimizer: torch.optim.Optimizer) -> None:
        """Act on every step of this optimiser until `finish`; loops without one call `before_step` and `after_step`."""
        self._optimizers.append(optimizer)
        self._handles.append(optimizer.register_step_pre_hook(lambda *_: self.before_step()))
        self._handles.append(optimizer.register_step_post_hook(lambda *_: self.after_step()))

    @torch.no_grad()
    def before_step(self) -> None:
        """Limit the gradients of pruned filters, and thin them if the schedule says so; between backward and step."""
        for name, pruned in self.pruned.items():
            if not pruned:
                continue
            passed = torch.ones(self.sizes[name])
            if self.schedule.thin_gradients:
                part = 1 - self.schedule.hardness(self.epoch - 1, self.epochs)
                passed[pruned] = part * (torch.rand(len(pruned), generator=self._generator) < PASSED).float()
            view = self.groups[name]
            for member in view.filters():
                gradient = view.weight(member).grad
                if gradient is not None:
                    limited = passed * _limits(view.layer_norms(member, gradient), pruned, self.gradient_limit)
                    gradient.mul_(view.factors(member, "weight", limited))

    @torch.no_grad()
    def after_step(self) -> None:
        """Hold hard channels at zero, against momentum and weight decay; after every step."""
        for layer, part, factors in self._held:
            tensor: Tensor = getattr(layer, part)
            tensor.mul_(factors.to(tensor.device))

    @torch.no_grad()
    def end_epoch(self) -> None:
        """Choose the pruned channels anew, and prune them.

        Raises:
            ValueError: all epochs are over.
        """
        if self.epoch == self.epochs:
            raise ValueError(f"the schedule was made for {self.epochs} epochs, which are over")
        hardened = self.epoch + 1 >= HARDENED * self.epochs
        share, factor, hardness = (
            curve(self.epoch, self.epochs)
            for curve in (self.schedule.share, self.schedule.factor, self.schedule.hardness)
        )
        self.epoch += 1
        goal, fixed = self.share * share, 0.0 if self.schedule.thin_gradients else hardness
        fixed = 1.0 if hardened else fixed
        before = {name: set(channels) for name, channels in self.pruned.items()}
        for name, size in self.sizes.items():
            order = self._order(name)
            self.pruned[name] = order[: lowest_count(size, goal, self.min_channels)]
            self.hard[name] = order[: lowest_count(size, goal * fixed, self.min_channels)]
            self._soften(name, factor)
        self.returned.append(sum(len(before[name] - set(channels)) for name, channels in self.pruned.items()))
        self._hold()

    def finish(self) -> Plan:
        """Make the last choice final: zero those channels, leave the optimisers, and return the plan for their removal.

        Raises:
            ValueError: epochs are missing.
        """
        if self.epoch < self.epochs:
            raise ValueError(f"the schedule was made for {self.epochs} epochs, of which {self.epoch} are over")
        self.hard = dict(self.pruned)
        self._hold()
        for handle in self._handles:
            handle.remove()
        self._handles, self._optimizers = [], []
        return removal_plan(self.traced, self.pruned, self.target, f"schedule {self.method}")

    def _order(self, name: str) -> list[int]:
        """Channels by norm, lowest first; those that are hard stay in front, whatever else is zero."""
        norms = self.groups[name].filter_norms()
        norms[self.hard[name]] = -1.0
        return norms.argsort(stable=True).tolist()

    def _soften(self, name: str, factor: float) -> None:
        values = torch.ones(self.sizes[name])
        values[self.pruned[name]] = factor
        view = self.groups[name]
        for member in view.filters():
            weight = view.weight(member)
            memories = [m for optimizer in self._optimizers for m in optimizer.state.get(weight, {}).values()]
            for tensor in (weight, *memories):
                if isinstance(tensor, Tensor) and tensor.shape == weight.shape:
                    tensor.mul_(view.factors(member, "weight", values))

    def _hold(self) -> None:
        self._held = []
        for name, hard in self.hard.items():
            if hard:
                values = torch.ones(self.sizes[name])
                values[hard] = 0.0
                view = self.groups[name]
                self._held += [
                    (view.modules[m.layer], part, view.factors(m, part, values)) for m, part in view.makers()
                ]
        self.after_step()


def _limits(norms: Tensor, pruned: list[int], limit: float) -> Tensor:
    """(C,) factors that bring gradients of pruned channels down to `limit` means of the others' norm, 1 elsewhere."""
    kept = norms > 0
    kept[pruned] = False
    factors = torch.ones_like(norms)
    if kept.any():
        factors[pruned] = (limit * norms[kept].mean() / norms[pruned]).clamp(max=1)
    return factors
