"""How long a forward takes on this machine."""

import statistics
import time

import torch
from torch import nn

from pruning.modes import evaluating
from pruning.recording import Example, Inputs, as_inputs

WARM_UP = 3
SECONDS = 0.3
LEAST_RUNS = 5


@torch.inference_mode()
def latency_ms(model: nn.Module, example: Example, *, seconds: float = SECONDS) -> float:
    """Median milliseconds of one forward in evaluation mode, with the threads that torch is set to.

    Args:
        model: its modes are as before afterwards.
        example: what the forward takes; its batch size counts.
        seconds: how long to measure, at least 5 runs.
    """
    inputs = as_inputs(example)
    times: list[float] = []
    with evaluating(model):
        for _ in range(WARM_UP):
            inputs.run(model)
        while len(times) < LEAST_RUNS or sum(times) < seconds:
            _synchronise(inputs)
            start = time.perf_counter()
            inputs.run(model)
            _synchronise(inputs)
            times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def _synchronise(inputs: Inputs) -> None:
    if inputs.device.type == "cuda":
        torch.cuda.synchronize(inputs.device)
