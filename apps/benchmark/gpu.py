"""The section 'gpu' of `artnet benchmark`: pictures a second on a CUDA device, beside what the device could do."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from apps import samples
from apps.benchmark.timing import interleaved, summary
from artnet.engines.base import Look, Style
from artnet.engines.torch_engine import TorchEngine
from artnet.image import square
from artnet.model.checkpoint import load_checkpoint

Shape = tuple[int, int, int]
SHAPES = {
    "512x512": (1, 512, 512),
    "512x512, 32 at once": (32, 512, 512),
    "1080p": (1, 1080, 1920),
    "4K": (1, 2160, 3840),
}
"""(pictures, height, width) by name."""
LARGE = 8192
"""Side of the matrices and of the copied square by which the device's rates are measured."""


def gpu_rows(weights: str, rounds: int, device: str = "cuda", shapes: dict[str, Shape] = SHAPES) -> dict[str, Any]:
    """What `measure_rates` says of the device, and for every shape a row of `measure_shape`."""
    engine = TorchEngine(load_checkpoint(weights), device)
    look = Look(Style([engine.prepare(square(samples.style("starry-orchard"), 512))]))
    rates = measure_rates(engine.device, LARGE if engine.device.type == "cuda" else 512)
    rows = {name: measure_shape(engine, look, shape, rates, rounds) for name, shape in shapes.items()}
    return {"engine": engine.choice, "rates": rates, "rows": rows}


def measure_rates(device: torch.device, side: int) -> dict[str, float]:
    """Bytes read and written a second by a large copy, and operations a second of a large bfloat16 product."""
    matrix = torch.rand(side, side, device=device).bfloat16()
    target = torch.empty_like(matrix)
    jobs = {"copy": waited(lambda: target.copy_(matrix), device), "product": waited(lambda: matrix @ matrix, device)}
    seconds = {name: statistics.median(times) / 1000 for name, times in interleaved(jobs, 10).items()}
    return {
        "copied_bytes_per_second": 2 * matrix.nbytes / seconds["copy"],
        "operations_per_second": 2 * side**3 / seconds["product"],
    }


def measure_shape(
    engine: TorchEngine, look: Look, shape: Shape, rates: dict[str, float], rounds: int
) -> dict[str, Any]:
    """Time of painting pictures that lie on the device already, S2, style prepared.

    On CUDA also of the same replayed as a CUDA graph. Shares are of the quicker one: of the operations of all
    convolutions in the matrix rate, and of the bytes that these read and write in the copying rate. What lies between
    convolutions is not counted, so both are lower bounds.
    """
    count, *sides = shape
    height, width = (-(-side // engine.stride) * engine.stride for side in sides)
    pixels = torch.randint(256, (count, height, width, 3), dtype=torch.uint8, device=engine.device)
    with convolutions(engine.network) as work:
        engine.paint_pixels(pixels, look)
    jobs = {"eager": waited(lambda: engine.paint_pixels(pixels, look), engine.device)}
    if engine.device.type == "cuda":
        jobs["CUDA graph"] = waited(replayed(lambda: engine.paint_pixels(pixels, look)), engine.device)
    times = interleaved(jobs, rounds)
    seconds = min(statistics.median(each) for each in times.values()) / 1000
    return {name: summary(each) for name, each in times.items()} | {
        "pictures_per_second": count / seconds,
        "share_of_operations": work["operations"] / seconds / rates["operations_per_second"],
        "share_of_bytes": work["bytes"] / seconds / rates["copied_bytes_per_second"],
    }


def waited(work: Callable[[], object], device: torch.device) -> Callable[[], None]:
    """The work, and waiting until the device has done it."""

    def run() -> None:
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return run


def replayed(work: Callable[[], object]) -> Callable[[], None]:
    """The work as a CUDA graph: its kernels are started at once, always on the same memory."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # capturing wants all that is made on first use to be there
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


@contextmanager
def convolutions(network: nn.Module) -> Iterator[dict[str, int]]:
    """Count what the convolutions that run in the context do.

    Yields:
        'operations' (two for a multiplication and addition), and 'bytes' of inputs and outputs.
    """
    work = {"operations": 0, "bytes": 0}

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        weight = layer.get_parameter("weight")
        work["operations"] += 2 * weight[0].numel() * output.numel()
        work["bytes"] += inputs[0].nbytes + output.nbytes

    handles = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, nn.Conv2d)]
    try:
        yield work
    finally:
        for handle in handles:
            handle.remove()
