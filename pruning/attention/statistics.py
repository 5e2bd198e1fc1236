"""What the gates of a network do over data, and losses and scores made from them.

The statistic behind attention-based pruning (PCAS, arXiv 1806.05382; only abstracts were available) is the mean gate
of each channel. Normalisation between layers and the mean over classes are our reading.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pruning.attention.gates import ChannelGate
from pruning.modes import evaluating
from pruning.recording import Example, as_inputs


@dataclass(frozen=True)
class GateStatistics:
    """The gates of one layer over a data set; all tensors float32 on the CPU.

    Attributes:
        mean: (C,) over all samples.
        variance: (C,) over all samples, around the mean.
        class_means: (K, C) for the labels 0..K-1; a row of NaN for a label that never came.
        samples: how many were seen.
    """

    mean: Tensor
    variance: Tensor
    class_means: Tensor
    samples: int

    @property
    def balanced_mean(self) -> Tensor:
        """(C,) mean of the class means, so that a rare class counts as much as a frequent one."""
        return self.class_means[~self.class_means[:, 0].isnan()].mean(0)


def gate_modules(model: nn.Module) -> dict[str, nn.Module]:
    """{name of a gate: the module inside it whose output are the gates}, for `ChannelGate` and torchvision's own.

    Raises:
        ValueError: the model has no gates.
    """
    from torchvision.ops.misc import SqueezeExcitation

    found = {name: m.sigmoid for name, m in model.named_modules() if isinstance(m, ChannelGate)}
    torchvision = {n: m.scale_activation for n, m in model.named_modules() if isinstance(m, SqueezeExcitation)}
    if not found and not torchvision:
        raise ValueError("the model has no channel gates; insert SqueezeExcitation, CBAMChannel or ECA modules")
    return found | torchvision


@contextmanager
def watch_gates(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """The gates (N, C) of the latest forward by the name of their module, with gradients.

    Raises:
        ValueError: the model has no gates.
    """
    gates: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[[nn.Module, object, Tensor], None]:
        return lambda module, args, out: gates.update({name: out.flatten(1)})

    hooks = [gate.register_forward_hook(keep(name)) for name, gate in gate_modules(model).items()]
    try:
        yield gates
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def record_gates(
    model: nn.Module, batches: Iterable[tuple[Example, Tensor]], *, progress: Callable[[int], None] | None = None
) -> dict[str, GateStatistics]:
    """Run the model over labelled data and summarise every gate.

    Args:
        model: run in evaluation mode; its modes and running statistics are as before afterwards.
        batches: (what the forward takes, (N,) integer labels from 0); all labels 0 where there are no classes.
        progress: called after each batch with the number of samples seen.

    Returns:
        {name of the gate's module: its statistics}.

    Raises:
        ValueError: no gates, no batches, or labels that are not one whole number from 0 for each sample.
    """
    rows: dict[str, list[Tensor]] = {}
    labels: list[Tensor] = []
    with watch_gates(model) as gates, evaluating(model):
        for inputs, batch_labels in batches:
            arguments = as_inputs(inputs)
            _check_labels(batch_labels, arguments.batch())
            arguments.run(model)
            labels.append(batch_labels.cpu())
            for name, values in gates.items():
                rows.setdefault(name, []).append(values.detach().float().cpu())
            if progress is not None:
                progress(sum(len(part) for part in labels))
    if not labels:
        raise ValueError("batches is empty; at least one batch is needed")
    return {name: _summary(torch.cat(parts), torch.cat(labels)) for name, parts in rows.items()}


def _check_labels(labels: Tensor, count: int) -> None:
    if labels.shape != (count,) or labels.is_floating_point() or (labels < 0).any():
        raise ValueError(f"labels must be {count} whole numbers from 0, got {tuple(labels.shape)} {labels.dtype}")


def _summary(gates: Tensor, labels: Tensor) -> GateStatistics:
    members = torch.nn.functional.one_hot(labels.long()).T.to(gates)  # (K, N)
    class_means = (members @ gates) / members.sum(1, keepdim=True)
    return GateStatistics(gates.mean(0), gates.var(0, correction=0), class_means, len(gates))


def polarising_loss(gates: Iterable[Tensor], *, sparsity: float = 0.0) -> Tensor:
    """Mean of a (1 - a) + sparsity a over all gates a: 0 where every gate is shut or fully open.

    Args:
        gates: from `watch_gates`, any shapes, with gradients.
        sparsity: weight of the mean gate, which pulls gates towards 0 rather than 1.

    Raises:
        ValueError: no gates, or a negative sparsity.
    """
    flat = [gate.flatten() for gate in gates]
    if not flat:
        raise ValueError("there are no gates; run the model inside watch_gates first")
    if not sparsity >= 0:
        raise ValueError(f"sparsity must be at least 0, got {sparsity}")
    values = torch.cat(flat)
    return (values * (1 - values) + sparsity * values).mean()


def channel_scores(statistics: Mapping[str, GateStatistics], *, balanced: bool = False) -> dict[str, Tensor]:
    """Mean gate of each channel divided by its layer's mean, so that layers can be ranked together.

    Gates say nothing of a channel's size: multiply by the norm of its weights, or by its mean activation, for that.

    Args:
        statistics: from `record_gates`.
        balanced: use the mean of the class means.

    Returns:
        {name: (C,)}; the lowest are removed first.
    """
    means = {name: s.balanced_mean if balanced else s.mean for name, s in statistics.items()}
    return {name: mean / mean.mean() for name, mean in means.items()}
