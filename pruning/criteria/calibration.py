"""The recorder: activations and gradients of a network on data, in one pass over it.

Activations are taken where the next weights read them (the inputs of convolution and linear layers), so that every
activation function, residual sum, concatenation and pooling on the way is included as it is. Those behind a ReLU are
taken also where they are made: since a functional ReLU has no module to watch, the output of the layer before it (the
convolution, or the normalisation that directly follows) is watched and clamped at 0, which is the same number (of a
ReLU6: before its upper limit). Only layers whose output the network sees through a ReLU and nothing else are recorded
so (`pruning.graph.rectified`).
"""

import copy
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from pruning.criteria.evidence import ChannelStatistics, Evidence, GradientStatistics, InputStatistics
from pruning.graph import TracedModel, as_traced
from pruning.graph.layers import Conv
from pruning.recording import Example, as_inputs

BINS = 10
"""Bins of the histogram behind the activation entropy."""

Loss = Callable[[nn.Module, Any], Tensor]
"""(model, batch) -> scalar tensor; runs the model itself, so a batch may hold labels."""


class _OutputWatcher:
    """Hook of the layer whose output goes to a ReLU."""

    def __init__(self, channels: int, device: torch.device) -> None:
        self.maximum = torch.zeros(channels, dtype=torch.float32, device=device)
        self.total = torch.zeros(channels, dtype=torch.float64, device=device)
        self.places = self.pictures = 0

    def __call__(self, module: nn.Module, _: object, out: Tensor) -> None:
        values = _by_channel(module, out.detach().float().clamp(min=0))
        # torch.maximum keeps NaN, so a broken channel never counts as empty.
        self.maximum = torch.maximum(self.maximum, values.amax((0, 1)))
        self.total += values.sum((0, 1), dtype=torch.float64)
        self.places += values.shape[0] * values.shape[1]
        self.pictures += len(values)

    def statistics(self) -> ChannelStatistics:
        return ChannelStatistics(self.maximum.cpu(), (self.total / self.places).float().cpu(), self.pictures)


class _LayerWatcher:
    """Hooks of one convolution or linear layer."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer
        self.weight: Tensor = layer.weight  # type: ignore[assignment]
        self.zeros = self.magnitude = self.total = self.squares = torch.zeros(())
        self.places = self.out_places = 0
        self.means: list[Tensor] = []
        self.gradient = self.gradient_magnitude = self.gradient_square = torch.zeros(())
        self.products: list[Tensor] = []
        self.product: Tensor | float = 0.0

    def before(self, module: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        x, *others = args or (named.pop("input"),)
        values = _by_channel(module, x.detach())  # (N, positions, C)
        self.zeros = self.zeros + (values == 0).sum((0, 1), dtype=torch.float64)
        self.magnitude = self.magnitude + values.abs().sum((0, 1), dtype=torch.float64)
        self.places += values.shape[0] * values.shape[1]
        self.means.append(values.mean(1))
        if x.requires_grad:
            x = x.view_as(x)  # a view of this layer's own: its gradient is this layer's part alone
            x.register_hook(lambda gradient: self._multiply(values, gradient))
        return (x, *others), named

    def after(self, module: nn.Module, _: tuple[Any, ...], out: Tensor) -> None:
        values = _by_channel(module, out.detach()).double()
        self.total = self.total + values.sum((0, 1))
        self.squares = self.squares + values.square().sum((0, 1))
        self.out_places += values.shape[0] * values.shape[1]

    def _multiply(self, values: Tensor, gradient: Tensor) -> None:
        self.product = self.product + (values * _by_channel(self.layer, gradient)).sum((0, 1))

    def collect_gradient(self) -> None:
        gradient = self.weight.grad
        if gradient is None:  # the loss does not depend on this layer
            gradient = torch.zeros_like(self.weight)
        self.gradient = self.gradient + gradient
        self.gradient_magnitude = self.gradient_magnitude + gradient.abs()
        self.gradient_square = self.gradient_square + gradient.square()
        channels = self.means[-1].shape[1]
        self.products.append(torch.zeros(channels) + torch.as_tensor(self.product).cpu())
        self.product = 0.0

    def inputs(self) -> InputStatistics:
        means = torch.cat(self.means)
        return InputStatistics(
            (self.zeros / self.places).float().cpu(), (self.magnitude / self.places).float().cpu(), entropy(means).cpu()
        )

    def deviation(self) -> Tensor:
        mean = self.total / self.out_places
        return (self.squares / self.out_places - mean.square()).clamp(min=0).sqrt().float().cpu()

    def gradients(self) -> GradientStatistics:
        count = len(self.products)
        return GradientStatistics(
            (self.gradient / count).cpu(),
            (self.gradient_magnitude / count).cpu(),
            (self.gradient_square / count).cpu(),
            torch.stack(self.products),
        )


def _by_channel(module: nn.Module, x: Tensor) -> Tensor:
    """(N, C, ...) of a convolution or normalisation, (N, ..., C) of a linear layer -> (N, positions, C)."""
    if isinstance(module, nn.Linear):
        return x.reshape(len(x), -1, x.shape[-1])
    return x.unsqueeze(-1).flatten(2).transpose(1, 2)


def entropy(values: Tensor, bins: int = BINS) -> Tensor:
    """Entropy in nats of each column's histogram from its least to its largest value: (N, C) -> (C,).

    NaN where a value is not finite.
    """
    low, high = values.amin(0), values.amax(0)
    place = (values - low) / (high - low).clamp(min=torch.finfo(values.dtype).tiny) * bins
    share = torch.nn.functional.one_hot(place.long().clamp(0, bins - 1), bins).sum(0) / len(values)
    return torch.special.entr(share).sum(1).where((high - low).isfinite(), torch.nan)


def calibrate(
    traced: TracedModel,
    batches: Iterable[Any],
    *,
    loss: Loss | None = None,
    progress: Callable[[int], None] | None = None,
) -> Evidence:
    """`record` for a model that is traced already."""
    return record(traced, None, batches, loss=loss, progress=progress)


def record(
    model: nn.Module | TracedModel,
    example: Example | None,
    batches: Iterable[Any],
    *,
    loss: Loss | None = None,
    progress: Callable[[int], None] | None = None,
) -> Evidence:
    """Run the model over data and record what activation and gradient criteria need.

    Args:
        model: run as a copy in evaluation mode; it stays exactly as it is. Traced or not.
        example: what the forward takes, to trace the model with; None for a traced one.
        batches: what the forward takes, batch after batch; with a loss, whatever the loss takes.
        loss: `loss(model, batch)` for the Taylor criteria; None records no gradients.
        progress: called after each batch with the number of batches done.

    Raises:
        ValueError: no batches, or a model that cannot be traced.
    """
    subject = as_traced(model, example)
    network, device = subject.network, subject.inputs.device
    traced = copy.deepcopy(subject.model).eval().requires_grad_(loss is not None)
    watchers = {
        name: _LayerWatcher(layer)
        for name, layer in traced.named_modules()
        if name in network.layers and isinstance(layer, (Conv, nn.Linear)) and network.layers[name].positions
    }
    outputs = {name: _OutputWatcher(network.layers[name].out, device) for name in network.observed}
    with ExitStack() as hooks:
        for name, at in network.observed.items():
            hooks.enter_context(traced.get_submodule(at).register_forward_hook(outputs[name]))
        for watcher in watchers.values():
            hooks.enter_context(watcher.layer.register_forward_pre_hook(watcher.before, with_kwargs=True))
            hooks.enter_context(watcher.layer.register_forward_hook(watcher.after))
        _run(traced, batches, loss, list(watchers.values()), progress)
    watchers = {name: watcher for name, watcher in watchers.items() if watcher.means}
    return Evidence(
        {name: watcher.statistics() for name, watcher in outputs.items() if watcher.pictures},
        {name: watcher.inputs() for name, watcher in watchers.items()},
        {name: watcher.deviation() for name, watcher in watchers.items()},
        {name: watcher.gradients() for name, watcher in watchers.items()} if loss else {},
    )


def _run(
    model: nn.Module,
    batches: Iterable[Any],
    loss: Loss | None,
    watchers: list[_LayerWatcher],
    progress: Callable[[int], None] | None,
) -> None:
    count = 0
    for count, batch in enumerate(batches, start=1):
        with torch.set_grad_enabled(loss is not None):
            if loss is None:
                as_inputs(batch).run(model)
            else:
                model.zero_grad()
                loss(model, batch).backward()
                for watcher in watchers:
                    if watcher.means:
                        watcher.collect_gradient()
        if progress is not None:
            progress(count)
    if not count:
        raise ValueError("batches is empty; at least one batch is needed")
