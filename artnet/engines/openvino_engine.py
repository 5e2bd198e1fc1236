"""The network on OpenVINO: the fastest engine on CPUs, and the one that starts without torch."""

import threading
from collections.abc import Mapping

import numpy as np
import openvino as ov

from artnet.config import ArtNetConfig
from artnet.engines.compiled import cached, fingerprint
from artnet.engines.openvino_graph import NetworkGraph, encoder_model
from artnet.engines.openvino_transfer import PainterGraph, Variant
from artnet.engines.protocol import NOTHING_HELD, Held, Look, Statistics, pad_edges
from artnet.engines.style_arrays import StyleArrays, style_arrays


class OpenVINOEngine:
    """Runs an ArtNet on OpenVINO's CPU device; sizes may change from picture to picture.

    Args:
        config: the network's shape.
        state: its tensors by torch's names, float32.
        precision: 'bf16' or 'f32'; None picks bf16 where the CPU multiplies it.
    """

    def __init__(self, config: ArtNetConfig, state: Mapping[str, np.ndarray], precision: str | None = None):
        self.core = ov.Core()
        capable = "BF16" in self.core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.precision = precision or ("bf16" if capable else "f32")
        why = f"the CPU {'multiplies' if capable else 'has no'} bfloat16" if precision is None else "as asked"
        self.choice = f"OpenVINO on the CPU, {self.precision} ({why})"
        self.config, self.network = config, NetworkGraph(config, state)
        self.stride = config.stride
        self.key = fingerprint(config, state, ov.__version__, self.precision)
        self.requests: dict[object, ov.InferRequest] = {}
        self.look: Look | None = None
        self.lock = threading.Lock()  # requests hold the inputs of one picture at a time

    def prepare(self, rgb: np.ndarray) -> StyleArrays:
        """See `Engine.prepare`."""
        with self.lock:
            request = self.request("encoder")
            request.infer({"rgb": pad_edges(rgb, self.stride)[None]})
            return style_arrays({level: request.get_tensor(level).data for level in self.config.levels}, self.config)

    def paint(self, rgb: np.ndarray, look: Look, held: Held = NOTHING_HELD) -> tuple[np.ndarray, Statistics]:
        """See `Engine.paint`. Raises ValueError for the transfer 'wct', which only torch has."""
        if look.transfer not in ("s2", "adain"):
            raise ValueError(f"transfer {look.transfer} runs on torch only: choose the engine torch, or s2 or adain")
        variant = Variant(look.transfer, len(look.styles), len(look.styles) > 1 or look.strength < 1)
        with self.lock:
            request = self.request(variant)
            if look is not self.look:
                set_look(request, look, variant)
                self.look = look
            names = set_held(request, held)
            request.set_tensor("rgb", ov.Tensor(np.ascontiguousarray(pad_edges(rgb, self.stride)[None])))
            request.infer()
            height, width = rgb.shape[:2]
            painted = request.get_tensor("painted").data[0, :height, :width].copy()
            return painted, {name: request.get_tensor(f"used/{name}").data.copy() for name in names}

    def request(self, key: "Variant | str") -> ov.InferRequest:
        """The compiled encoder or painter, compiled on first use and then also read from the disk cache."""
        if key not in self.requests:
            self.requests[key] = self.compile(key).create_infer_request()
            self.look = None
        return self.requests[key]

    def compile(self, key: "Variant | str") -> ov.CompiledModel:
        options = {"INFERENCE_PRECISION_HINT": self.precision, "PERFORMANCE_HINT": "LATENCY"}

        def build() -> ov.CompiledModel:
            try:
                model = encoder_model(self.network) if isinstance(key, str) else PainterGraph(self.network, key).model()
            except (KeyError, RuntimeError) as error:
                reason = str(error).splitlines()[-1].strip()
                raise ValueError(f"the tensors of the weights do not fit their config ({reason})") from error
            return self.core.compile_model(model, "CPU", options)

        name = key if isinstance(key, str) else f"{key.transfer}-{key.styles}-{key.blended:d}"
        return cached(
            f"{self.key}-{name}",
            load=lambda blob: self.core.import_model(blob, "CPU", options),
            build=build,
            dump=lambda compiled: compiled.export_model(),
        )


def set_look(request: ov.InferRequest, look: Look, variant: Variant) -> None:
    """Hand a request the styles; they stay with it for all later pictures."""
    for i, style in enumerate(look.styles):
        arrays = {f"{level}/style{i}": moments for level, moments in style.moments.items()}
        if variant.transfer == "s2":
            arrays |= {f"{name}{i}": getattr(style, name) for name in ("basis", "codes", "bias", "table")}
        for name, array in arrays.items():
            request.set_tensor(name, owned(array))
    if variant.blended:
        weights = np.array(look.weights) / np.sum(look.weights) * look.strength
        request.set_tensor("shares", owned(np.concatenate([[1 - look.strength], weights])))


def set_held(request: ov.InferRequest, held: Held) -> list[str]:
    """Hand a request the held statistics; returns the names of all that it uses."""
    outputs = [name for port in request.model_outputs for name in port.names]
    names = [name.removeprefix("used/") for name in outputs if name.startswith("used/")]
    request.set_tensor("held", owned(np.array([held.share])))
    for name in names:
        if name in held.statistics:
            request.set_tensor(name, owned(held.statistics[name]))
        elif held.share:
            raise ValueError(f"the held statistics lack {name}: take them from the same transfer and styles")
        else:
            request.get_tensor(name).data[:] = 0
    return names


def owned(array: np.ndarray) -> ov.Tensor:
    """A float32 tensor that keeps its own copy of the array."""
    return ov.Tensor(np.ascontiguousarray(array, dtype=np.float32).copy())


