"""How long a forward takes on this machine."""

import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack

import torch
from torch import nn

from pruning.modes import evaluating
from pruning.recording import Example, Inputs, as_inputs

WARM_UP = 3
SECONDS = 0.3
LEAST_RUNS = 5


def latency_ms(model: nn.Module, example: Example, *, seconds: float = SECONDS) -> float:
    """Median milliseconds of one forward in evaluation mode, with the threads that torch is set to.

    Args:
        model: its modes are as before afterwards.
        example: what the forward takes; its batch size counts.
        seconds: how long to measure, at least 5 runs.
    """
    return latencies_ms([model], example, seconds=seconds)[0]


@torch.inference_mode()
def latencies_ms(models: Sequence[nn.Module], example: Example, *, seconds: float = SECONDS) -> list[float]:
    """`latency_ms` of several models that run in turn, so that whatever else the machine does meets all alike.

    Args:
        models, example: as of `latency_ms`.
        seconds: how long to measure each, at least 5 runs.
    """
    inputs = as_inputs(example)
    times: list[list[float]] = []
    with ExitStack() as stack:
        for model in models:
            stack.enter_context(evaluating(model))
        for _ in range(WARM_UP):
            for model in models:
                inputs.run(model)
        while len(times) < LEAST_RUNS or sum(map(sum, times)) < seconds * len(models):
            times.append([_seconds(model, inputs) for model in models])
    return [1000 * statistics.median(some) for some in zip(*times, strict=True)]


def _seconds(model: nn.Module, inputs: Inputs) -> float:
    _synchronise(inputs)
    start = time.perf_counter()
    inputs.run(model)
    _synchronise(inputs)
    return time.perf_counter() - start


def _synchronise(inputs: Inputs) -> None:
    if inputs.device.type == "cuda":
        torch.cuda.synchronize(inputs.device)
