"""BatchNorm statistics after surgery: the removed channels had a share in what the next layers saw."""

from collections.abc import Iterable

import torch
from torch import nn

from pruning.modes import evaluating
from pruning.recording import Example, as_inputs

BatchNorm = nn.modules.batchnorm._BatchNorm


def norms_of(model: nn.Module) -> list[BatchNorm]:
    """The batch normalisations of a model that track statistics."""
    return [m for m in model.modules() if isinstance(m, BatchNorm) and m.track_running_stats]


@torch.no_grad()
def recalibrate(model: nn.Module, batches: Iterable[Example]) -> None:
    """Replace the running mean and variance of every batch normalisation by the average over these batches, in place.

    Nothing else changes: dropout stays off, modes and momenta are as before afterwards.

    Args:
        model: with batch normalisation that tracks statistics.
        batches: what the forward takes, batch after batch.

    Raises:
        ValueError: no batches, or no such layer.
    """
    norms = norms_of(model)
    if not norms:
        raise ValueError("the model has no batch normalisation with running statistics")
    momenta = [norm.momentum for norm in norms]
    before = [{name: buffer.clone() for name, buffer in norm.named_buffers()} for norm in norms]
    count = 0
    with evaluating(model):
        for norm in norms:
            norm.reset_running_stats()
            norm.train()
            norm.momentum = None  # a plain average over the batches
        try:
            for count, batch in enumerate(batches, start=1):  # noqa: B007
                as_inputs(batch).run(model)
        finally:
            for norm, momentum, buffers in zip(norms, momenta, before, strict=True):
                norm.momentum = momentum
                if not count:
                    norm.load_state_dict(buffers, strict=False)
    if not count:
        raise ValueError("batches is empty; at least one batch is needed")
