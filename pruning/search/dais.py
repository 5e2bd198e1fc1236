"""DAIS (arXiv 2011.02166): which channels to keep, learned by gradient descent beside the weights.

Published are the idea (binary channel indicators, relaxed, learned by bi-level optimisation and annealed to 0 or 1;
regularisers for sparsity, cost and symmetry), not the formulas: those here follow a third party's code that keeps the
paper's numbers of equations, and TAS. One indicator per channel of a dependency group, the form of the symmetry term
and the correction at the end are ours.
"""

import warnings
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pruning.planning.removal import part_left, removal_plan, trace_prunable
from pruning.planning.selection import FRACTIONS, check_target
from pruning.plans import Plan
from pruning.recording import Example
from pruning.search.indicators import Gates, Indicators, stages


@dataclass(frozen=True)
class Options:
    """Settings of the search; the defaults worked on small networks.

    Attributes:
        rate: learning rate of the indicators (Adam).
        start: first alpha of every channel.
        lasso: weight of the sum of all indicators.
        cost: weight of the logarithm of the expected MACs, which pulls towards the budget from both sides.
        symmetry: weight of the spread of mean indicators between the residual blocks of a stage.
        sharpness: inverse temperature at the end; it grows linearly from 1. 1 is a search without annealing.
        tolerance: the budget is met between (1 - tolerance) times the target and the target.
    """

    rate: float = 0.05
    start: float = 0.5
    lasso: float = 0.0
    cost: float = 2.0
    symmetry: float = 0.0
    sharpness: float = 50.0
    tolerance: float = 0.05


class Dais:
    """Searches, in the course of any training loop, for the channels of a model to keep:

        dais = Dais(model, example, target={"macs": 0.25}, epochs=15)
        for epoch in range(15):
            for batch, validation_batch in ...:
                optimizer.zero_grad()
                loss(model, batch).backward()
                optimizer.step()                          # the weights, on training data
                dais.step(loss(model, validation_batch))  # the indicators, on validation data
            dais.end_epoch()
        pruned = pruning.apply(model, dais.finish())      # recalibrate and fine-tune it

    Args:
        model: its channels are scaled by their indicators until `finish`; its weights stay the caller's.
        example: what the forward takes; MACs are counted at its size.
        target: {"macs": fraction to keep}.
        epochs: of the search.
        options: see `Options`.
        keep: layers that keep all their channels.
        on_unsupported: as of `pruning.trace`.

    Raises:
        ValueError: a bad option, a model that cannot be traced, or a budget that cannot be met by any choice.
    """

    def __init__(
        self,
        model: nn.Module,
        example: Example,
        *,
        target: Mapping[str, float],
        epochs: int,
        options: Options | None = None,
        keep: Sequence[str] = (),
        on_unsupported: str = "raise",
    ) -> None:
        kind, self.fraction = check_target(target, FRACTIONS)
        self.options = options or Options()
        if kind != "macs":
            raise ValueError(f"the search has a budget of macs only, got {dict(target)}")
        if epochs < 1 or self.options.sharpness < 1 or not 0 < self.options.tolerance < 1:
            raise ValueError(f"epochs and sharpness must be at least 1, tolerance in (0, 1); got {epochs}, {options}")
        self.target, self.epochs, self.epoch = target, epochs, 0
        self.traced = trace_prunable(model, example, keep, on_unsupported)
        self._check_budget()
        self.indicators = Indicators(self.traced, self.options.start)
        self.corrected = 0
        self._stages = stages(self.traced)
        self._optimizer = torch.optim.Adam(self.indicators.parameters(), self.options.rate)

    def step(self, loss: Tensor) -> None:
        """One step of the indicators, down the loss and the regularisers; gradients of the weights stay as they are.

        Args:
            loss: of the model on validation data, with its graph.
        """
        alphas = list(self.indicators.parameters())
        objective = loss + self.regulariser(self.indicators())
        for alpha, gradient in zip(alphas, torch.autograd.grad(objective, alphas), strict=True):
            alpha.grad = gradient
        self._optimizer.step()

    def end_epoch(self) -> None:
        """Lower the temperature.

        Raises:
            ValueError: all epochs are over.
        """
        if self.epoch == self.epochs:
            raise ValueError(f"the search was made for {self.epochs} epochs, which are over")
        self.epoch += 1
        self.indicators.sharpness = 1 + (self.options.sharpness - 1) * self.epoch / self.epochs

    def kept_macs(self) -> float:
        """Part of the dense MACs that is left if the search ends now, before any correction."""
        return self._cost(self._ranked()[: self._count()])

    def finish(self) -> Plan:
        """Keep the channels with an indicator above 1/2, and leave the model.

        If that misses the budget, channels with alphas near 0 change sides (`corrected` counts them).

        Returns:
            The plan. Warns if the budget cannot be met: a single channel may cost more than the tolerance.

        Raises:
            ValueError: epochs are missing.
        """
        if self.epoch < self.epochs:
            raise ValueError(f"the search was made for {self.epochs} epochs, of which {self.epoch} are over")
        self.indicators.release()
        chosen = _by_group(self._ranked()[: self._count()])
        final = self._within_budget()
        self.corrected = sum(len(set(chosen.get(n, [])) ^ set(final.get(n, []))) for n in self.traced.network.sizes)
        return removal_plan(self.traced, final, self.target, "search dais")

    def _check_budget(self) -> None:
        network = self.traced.network
        least = part_left(network, {name: range(size - 1) for name, size in network.sizes.items()}, "macs")
        if least > self.fraction:
            message = f"macs can be brought to {least:.3f} of the dense network at the least, not {self.fraction}"
            raise ValueError(message)

    def regulariser(self, gates: Gates) -> Tensor:
        lasso = torch.stack([gate.sum() for gate in gates.values()]).sum()
        return (
            self.options.lasso * lasso
            + self.options.cost * self._direction() * self.indicators.macs(gates).log()
            + self.options.symmetry * self._asymmetry(gates)
        )

    def _direction(self) -> float:
        """1 above the budget, -1 below it, 0 within."""
        ratio = self.kept_macs() / self.fraction
        return float(ratio > 1) - float(ratio < 1 - self.options.tolerance)

    def _asymmetry(self, gates: Gates) -> Tensor:
        zero = torch.zeros((), device=self.indicators.alphas[0].device)
        means = [torch.stack([gates[name].mean() for name in names]) for names in self._stages]
        return sum(((mean - mean.mean()).square().sum() for mean in means), start=zero)

    def _ranked(self) -> list[tuple[str, int]]:
        """Channels that may go, by alpha, lowest first; the highest of each group stays."""
        rows = []
        for name, alpha in self.indicators.values().items():
            order = alpha.detach().sort(descending=True, stable=True)
            values = zip(order.values.tolist(), order.indices.tolist(), strict=True)
            rows += [(value, name, channel) for value, channel in list(values)[1:]]
        return [(name, channel) for _, name, channel in sorted(rows)]

    def _count(self) -> int:
        """How many of the ranked channels have an indicator of at most 1/2."""
        alphas = self.indicators.values().values()
        return sum(min(int((alpha <= 0).sum()), len(alpha) - 1) for alpha in alphas)

    def _within_budget(self) -> dict[str, list[int]]:
        """Channels to remove: those with a negative alpha, more from the lowest on, and back again where that fits."""
        ranked, high = self._ranked(), self.fraction
        low = high * (1 - self.options.tolerance)
        counts = range(self._count(), len(ranked))
        count = counts.start + bisect_left(counts, True, key=lambda n: self._cost(ranked[:n]) <= high)
        removed = ranked[:count]
        for channel in reversed(ranked[:count]):
            if self._cost(removed) >= low:
                break
            without = [other for other in removed if other != channel]
            removed = without if self._cost(without) <= high else removed
        if not low <= (found := self._cost(removed)) <= high:
            warnings.warn(f"{found:.4f} of the MACs are left instead of {self.fraction}", stacklevel=3)
        return _by_group(removed)

    def _cost(self, removed: list[tuple[str, int]]) -> float:
        return part_left(self.traced.network, _by_group(removed), "macs")


def search(
    model: nn.Module,
    example: Example,
    train: Iterable[tuple[Any, Tensor]],
    validation: Iterable[tuple[Any, Tensor]],
    *,
    loss: Callable[[Any, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    target: Mapping[str, float],
    epochs: int,
    options: Options | None = None,
    keep: Sequence[str] = (),
    on_unsupported: str = "raise",
    progress: Callable[[int, float], None] = lambda epoch, macs: None,
) -> Plan:
    """The whole search on batches of (input, target): the model's weights are trained on the way, in place.

    Args:
        model, example, target, epochs, options, keep, on_unsupported: as for `Dais`.
        train: batches for the weights; one pass is one epoch.
        validation: other batches for the indicators, repeated as often as needed.
        loss: of (output, target).
        optimizer: of the model's weights.
        progress: called after each epoch with its number and the part of the MACs that is kept.

    Returns:
        The plan; `pruning.apply(model, plan)` removes, then recalibrate and fine-tune.

    Raises:
        ValueError: as `Dais`, or validation is empty or the loss of a step is not finite.
    """
    dais = Dais(model, example, target=target, epochs=epochs, options=options, keep=keep, on_unsupported=on_unsupported)
    others = _forever(validation)
    try:
        for epoch in range(epochs):
            model.train()
            for (x, y), (other_x, other_y) in zip(train, others, strict=False):
                optimizer.zero_grad()
                value = loss(model(x), y)
                if not bool(value.isfinite()):
                    raise ValueError(f"the loss became {value.item()} in epoch {epoch}; lower the learning rate")
                value.backward()
                optimizer.step()
                dais.step(loss(model(other_x), other_y))
            dais.end_epoch()
            progress(epoch, dais.kept_macs())
    finally:
        dais.indicators.release()
    return dais.finish()


def _forever(batches: Iterable[tuple[Any, Tensor]]) -> Iterator[tuple[Any, Tensor]]:
    while True:
        empty = True
        for batch in batches:
            empty = False
            yield batch
        if empty:
            raise ValueError("validation has no batches")


def _by_group(channels: list[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name, channel in channels:
        found.setdefault(name, []).append(channel)
    return found
