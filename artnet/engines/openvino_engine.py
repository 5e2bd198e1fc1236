"""The network on OpenVINO: the fastest engine on CPUs, and the one that starts without torch."""

import threading
from collections.abc import Mapping

import numpy as np
import openvino as ov

from artnet.config import ArtNetConfig
from artnet.engines.compiled import cached, fingerprint
from artnet.engines.openvino_graph import NetworkGraph, encoder_model
from artnet.engines.openvino_transfer import PainterGraph
from artnet.engines.painter import Variant, held_inputs, look_inputs, measuring_variant, painting_variant
from artnet.engines.protocol import Held, Look, Statistics, pad_edges
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
        self.looks: dict[object, Look] = {}  # the look that a request has been fed
        self.lock = threading.Lock()  # requests hold the inputs of one picture at a time

    def prepare(self, rgb: np.ndarray) -> StyleArrays:
        """See `Engine.prepare`."""
        with self.lock:
            request = self.request("encoder")
            request.infer({"rgb": pad_edges(rgb, self.stride)[None]})
            return style_arrays({level: request.get_tensor(level).data for level in self.config.levels}, self.config)

    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        """See `Engine.paint`. Raises ValueError for the transfer 'wct', which only torch has."""
        variant = painting_variant(look, held)
        with self.lock:
            request = self.infer(variant, rgb, look, held)
            painted = request.get_tensor("painted").data[0, : rgb.shape[0], : rgb.shape[1]].copy()
            return painted, self.used(request, variant) if variant.reports else held.statistics if held else {}

    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        """See `Engine.measure`. Raises ValueError for the transfer 'wct', which only torch has."""
        variant = measuring_variant(look)
        with self.lock:
            return self.used(self.infer(variant, rgb, look, None), variant)

    def infer(self, variant: Variant, rgb: np.ndarray, look: Look, held: Held | None) -> ov.InferRequest:
        request = self.request(variant)
        inputs = held_inputs(held, {n: self.network.channels(n.split("/")[0]) for n in variant.statistics(self.config)})
        if look is not self.looks.get(variant):
            inputs |= look_inputs(look, variant)
            self.looks[variant] = look
        for name, array in inputs.items():
            request.set_tensor(name, ov.Tensor(array.copy()))
        request.set_tensor("rgb", ov.Tensor(np.ascontiguousarray(pad_edges(rgb, self.stride)[None])))
        request.infer()
        return request

    def used(self, request: ov.InferRequest, variant: Variant) -> Statistics:
        return {name: request.get_tensor(f"used/{name}").data.copy() for name in variant.statistics(self.config)}

    def request(self, key: "Variant | str") -> ov.InferRequest:
        """The compiled encoder or painter, compiled on first use and then also read from the disk cache."""
        if key not in self.requests:
            self.requests[key] = self.compile(key).create_infer_request()
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

        return cached(
            f"{self.key}-{key if isinstance(key, str) else key.name}",
            load=lambda blob: self.core.import_model(blob, "CPU", options),
            build=build,
            dump=lambda compiled: compiled.export_model(),
        )
