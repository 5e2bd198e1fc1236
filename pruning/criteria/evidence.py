"""What criteria judge by besides the weights: activations and gradients, recorded in one pass over data.

Activations are taken where the next weights read them (the inputs of convolution and linear layers), so that every
activation function, residual sum, concatenation and pooling on the way is included as it is.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from pruning.criteria.activations import ChannelStatistics, OutputWatcher
from pruning.graph import TracedModel, as_traced
from pruning.graph.layers import Conv
from pruning.recording import Example, as_inputs

BINS = 10
"""Bins of the histogram behind the activation entropy."""


@dataclass(frozen=True)
class InputStatistics:
    """What arrives at the input channels of one layer.

    Attributes:
        zeros: (C,) share of values that are exactly 0, over pictures and positions.
        magnitude: (C,) mean absolute value.
        entropy: (C,) in nats: of the histogram, over pictures, of the mean over positions (10 bins from the channel's
            least to its largest value).
    """

    zeros: Tensor
    magnitude: Tensor
    entropy: Tensor


@dataclass(frozen=True)
class GradientStatistics:
    """Gradients of the loss at one layer.

    Attributes:
        mean: shaped like the weight: mean over batches of the gradient.
        magnitude: the same of its absolute value.
        square: the same of its square.
        inputs: (batches, C): activation times its gradient at each input channel, summed over positions, mean over
            pictures: to first order minus the change of the loss if the channel were 0.
    """

    mean: Tensor
    magnitude: Tensor
    square: Tensor
    inputs: Tensor


@dataclass(frozen=True)
class Evidence:
    """Everything recorded, by layer name.

    Attributes:
        outputs: of layers whose output goes to a ReLU, as from `record_activations`.
        inputs: of every convolution and linear layer that ran.
        deviations: (C,) standard deviation of every such layer's own output: what |gamma| of a batch normalisation
            would be that was folded into the layer.
        gradients: the same layers; empty if no loss was given.
        gates: (C,) mean gate of the channels that a layer makes, for layers with a gate behind them; from
            `pruning.attention.gate_evidence`.
    """

    outputs: Mapping[str, ChannelStatistics] = field(default_factory=dict)
    inputs: Mapping[str, InputStatistics] = field(default_factory=dict)
    deviations: Mapping[str, Tensor] = field(default_factory=dict)
    gradients: Mapping[str, GradientStatistics] = field(default_factory=dict)
    gates: Mapping[str, Tensor] = field(default_factory=dict)


Loss = Callable[[nn.Module, Any], Tensor]
"""(model, batch) -> scalar tensor; runs the model itself, so a batch may hold labels."""


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

    def before(self, module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        x = args[0]
        values = _by_channel(module, x.detach())  # (N, positions, C)
        self.zeros = self.zeros + (values == 0).sum((0, 1), dtype=torch.float64)
        self.magnitude = self.magnitude + values.abs().sum((0, 1), dtype=torch.float64)
        self.places += values.shape[0] * values.shape[1]
        self.means.append(values.mean(1))
        if not x.requires_grad:
            return args
        own = x.view_as(x)  # a view of this layer's own: its gradient is this layer's part alone
        own.register_hook(lambda gradient: self._multiply(values, gradient))
        return (own, *args[1:])

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
    """(N, C, ...) of a convolution, (N, ..., C) of a linear layer -> (N, positions, C)."""
    if isinstance(module, nn.Linear):
        return x.reshape(len(x), -1, x.shape[-1])
    return x.flatten(2).transpose(1, 2)


def entropy(values: Tensor, bins: int = BINS) -> Tensor:
    """Entropy in nats of each column's histogram from its least to its largest value: (N, C) -> (C,)."""
    low, high = values.amin(0), values.amax(0)
    place = ((values - low) / (high - low).clamp(min=torch.finfo(values.dtype).tiny) * bins).long().clamp(max=bins - 1)
    share = torch.nn.functional.one_hot(place, bins).sum(0) / len(values)
    return torch.special.entr(share).sum(1)


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
    outputs = {name: OutputWatcher(network.layers[name].out, device) for name in network.observed}
    with ExitStack() as hooks:
        for name, at in network.observed.items():
            hooks.enter_context(traced.get_submodule(at).register_forward_hook(outputs[name]))
        for watcher in watchers.values():
            hooks.enter_context(watcher.layer.register_forward_pre_hook(watcher.before))
            hooks.enter_context(watcher.layer.register_forward_hook(watcher.after))
        batch_count = _run(traced, batches, loss, list(watchers.values()), progress)
    if not batch_count:
        raise ValueError("batches is empty; at least one batch is needed")
    watchers = {name: watcher for name, watcher in watchers.items() if watcher.means}
    pictures = {name: sum(map(len, watcher.means)) for name, watcher in watchers.items()}
    return Evidence(
        {name: watcher.statistics(pictures[name]) for name, watcher in outputs.items() if name in pictures},
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
) -> int:
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
    return count
