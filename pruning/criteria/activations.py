"""What every channel does over a set of pictures: its largest and its mean activation after the ReLU.

The ReLU itself is not searched for, since a functional call has no module to watch. Instead the output of the layer
before it (the convolution, or the normalisation that directly follows) is watched and clamped at 0, which is the same
number (of a ReLU6: before its upper limit). Only layers whose output the network sees through a ReLU and nothing else
are recorded (`pruning.rectified`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn

from pruning.graph import trace_network
from pruning.modes import evaluating
from pruning.recording import Example, Inputs, as_inputs


@dataclass(frozen=True)
class ChannelStatistics:
    """Activation of a layer's channels after the ReLU, over all pictures and positions.

    Attributes:
        maximum: (C,) float32, at least 0; 0 is an empty channel. NaN where an activation was not a number.
        mean: (C,) float32.
        pictures: how many pictures were seen.
    """

    maximum: Tensor
    mean: Tensor
    pictures: int


class OutputWatcher:
    """Forward hook that gathers the statistics of one layer's output."""

    def __init__(self, channels: int, device: torch.device) -> None:
        self.maximum = torch.zeros(channels, dtype=torch.float32, device=device)
        self.total = torch.zeros(channels, dtype=torch.float64, device=device)
        self.count = 0

    def __call__(self, module: nn.Module, _: object, out: Tensor) -> None:
        rows = out.detach().float().clamp(min=0)  # (N, C, ...), or (..., C) of a linear layer
        rows = rows.flatten(0, -2) if isinstance(module, nn.Linear) else rows.transpose(0, 1).flatten(1).T
        # torch.maximum keeps NaN, so a broken channel never counts as empty.
        self.maximum = torch.maximum(self.maximum, rows.amax(0))
        self.total += rows.sum(0, dtype=torch.float64)
        self.count += len(rows)

    def statistics(self, pictures: int) -> ChannelStatistics:
        return ChannelStatistics(self.maximum.cpu(), (self.total / self.count).float().cpu(), pictures)


@torch.no_grad()
def record_activations(
    model: nn.Module,
    batches: Iterable[Example],
    *,
    example: Example | None = None,
    layers: Sequence[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, ChannelStatistics]:
    """Run the model over pictures and record every layer whose output goes to a ReLU.

    Args:
        model: run in evaluation mode; its modes and running statistics are as before afterwards.
        batches: what the forward takes, batch after batch: tensors (N, C, H, W) or tuples of tensors.
        example: what to trace the model with, where the batches make it run what cannot be traced (a matching of
            patches, say); None traces the first batch.
        layers: names of the convolution or linear layers to record; None for all of them.
        progress: called after each batch with the number of pictures seen.

    Returns:
        {name of the convolution or linear layer: its statistics}, in execution order.

    Raises:
        ValueError: no batches, a layer that has no ReLU behind it, or a model that cannot be traced.
    """
    iterator = iter(batches)
    first = next(iterator, None)
    if first is None:
        raise ValueError("batches is empty; at least one batch of pictures is needed")
    network = trace_network(model, _one_picture(first) if example is None else example)
    observed = network.observed if layers is None else {name: _observed(network.observed, name) for name in layers}
    device = as_inputs(first).device
    watchers = {name: OutputWatcher(network.layers[name].out, device) for name in observed}
    hooks = [model.get_submodule(at).register_forward_hook(watchers[name]) for name, at in observed.items()]
    pictures = 0
    try:
        with evaluating(model):
            for batch in chain([first], iterator):
                inputs = as_inputs(batch)
                inputs.run(model)
                pictures += inputs.batch()
                if progress is not None:
                    progress(pictures)
    finally:
        for hook in hooks:
            hook.remove()
    return {name: watcher.statistics(pictures) for name, watcher in watchers.items()}


def _one_picture(batch: Example) -> Inputs:
    return as_inputs(batch).map(lambda x: x[:1] if x.ndim > 1 else x)


def _observed(observed: dict[str, str], name: str) -> str:
    if name not in observed:
        raise ValueError(f"{name!r} is no layer with a ReLU behind it; valid: {', '.join(observed)}")
    return observed[name]
