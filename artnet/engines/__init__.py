"""Where a network runs: OpenVINO, torch or ONNX Runtime behind one protocol (`artnet.engines.base`).

Imports nothing heavy: `artnet stylize --help` has the names from here.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from artnet.engines.base import Engine

ENGINES = ("auto", "openvino", "torch", "onnx")
DEVICES = ("auto", "cpu", "cuda")


def load_engine(
    weights: str | Path = "artnet", engine: str = "auto", device: str = "auto", streams: int = 1
) -> "Engine":
    """The engine that runs the network of a checkpoint.

    'auto' is torch on CUDA where it is asked for, else OpenVINO where it is installed: on CPUs it was the faster one in
    every measurement (`benchmarks/speed.py`), and it starts without torch.

    Args:
        weights: a checkpoint's path or the name of bundled weights.
        engine: one of ENGINES.
        device: 'auto' (CUDA only for the engine torch), 'cpu' or 'cuda'.
        streams: pictures that OpenVINO paints at once in as many threads, for throughput at the cost of delay.

    Raises:
        ValueError: unknown names, an engine that is not installed or not made for the device, or no checkpoint.
        FileNotFoundError: no such file.
    """
    from artnet.engines.revising import as_trained

    return as_trained(lambda: load_single(weights, engine, device, streams))


def load_single(weights: str | Path, engine: str, device: str, streams: int) -> "Engine":
    """What paints once: the engine of `load_engine`, or each of the two in it."""
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
    if device not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, got {device!r}")
    if engine == "auto":
        engine = "torch" if device == "cuda" or not find_spec("openvino") else "openvino"
    if engine == "torch":
        if not find_spec("torch"):
            raise ValueError("engine torch is not installed: pip install 'artnet[torch]', or use another engine")
        from artnet.engines.torch_engine import TorchEngine
        from artnet.model.checkpoint import load_checkpoint

        return TorchEngine(load_checkpoint(weights), device)
    if device == "cuda":
        raise ValueError(f"engine {engine} runs on the CPU only: use the engine torch, or device cpu")
    if engine == "onnx":
        if not (find_spec("onnxruntime") and find_spec("torch")):  # torch writes the graphs that it runs
            raise ValueError("engine onnx is not installed: pip install 'artnet[onnx]', or use another engine")
        from artnet.engines.onnx_engine import ONNXEngine

        return ONNXEngine(weights)
    if not find_spec("openvino"):
        raise ValueError("engine openvino is not installed: pip install openvino, or use the engine torch")
    from artnet.engines.openvino.engine import OpenVINOEngine
    from artnet.model.checkpoint_arrays import read_weights

    return OpenVINOEngine(*read_weights(weights), streams=streams)
