"""The network on OpenVINO: the fastest engine on CPUs, and the one that starts without torch."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from queue import SimpleQueue

import numpy as np

from artnet.config import ArtNetConfig
from artnet.engines.compiled import cached, fingerprint
from artnet.engines.openvino_graph import NetworkGraph, encoder_model
from artnet.engines.openvino_runtime import ov
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
        streams: pictures that are painted at once, each in a thread of the caller. 1 gives each all cores, and so the
            least delay; more give more pictures a second.
    """

    def __init__(
        self, config: ArtNetConfig, state: Mapping[str, np.ndarray], precision: str | None = None, streams: int = 1
    ):
        self.core = ov.Core()
        capable = "BF16" in self.core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.precision = precision or ("bf16" if capable else "f32")
        why = f"the CPU {'multiplies' if capable else 'has no'} bfloat16" if precision is None else "as asked"
        self.choice = f"OpenVINO on the CPU, {self.precision} ({why})"
        self.config, self.network = config, NetworkGraph(config, state)
        self.stride, self.streams = config.stride, streams
        self.options = {
            "INFERENCE_PRECISION_HINT": self.precision,
            "PERFORMANCE_HINT": "LATENCY" if streams == 1 else "THROUGHPUT",
            "NUM_STREAMS": streams,
            # Bound to one core each, its threads wait while others (a browser, a decoder) have that core.
            "ENABLE_CPU_PINNING": False,
        }
        self.key = fingerprint(config, state, ov.__version__, str(self.options))
        self.idle: dict[object, SimpleQueue[Request]] = {}
        self.lock = threading.Lock()

    def prepare(self, rgb: np.ndarray) -> StyleArrays:
        """See `Engine.prepare`."""
        with self.request("encoder") as request:
            request.infer(rgb=pad_edges(rgb, self.stride)[None])
            return style_arrays({level: request.output(level) for level in self.config.levels}, self.config)

    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        """See `Engine.paint`. Raises ValueError for the transfer 'wct', which only torch has."""
        variant = painting_variant(look, held)
        with self.request(variant) as request:
            self.infer(request, variant, rgb, look, held)
            painted = request.output("painted")[0, : rgb.shape[0], : rgb.shape[1]].copy()
            return painted, self.used(request, variant) if variant.reports else held.statistics if held else {}

    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        """See `Engine.measure`. Raises ValueError for the transfer 'wct', which only torch has."""
        variant = measuring_variant(look)
        with self.request(variant) as request:
            self.infer(request, variant, rgb, look, None)
            return self.used(request, variant)

    def infer(self, request: "Request", variant: Variant, rgb: np.ndarray, look: Look, held: Held | None) -> None:
        widths = {name: self.network.channels(name.split("/")[0]) for name in variant.statistics(self.config)}
        if look is not request.look:
            request.feed(look_inputs(look, variant))
            request.look = look
        request.feed(held_inputs(held, widths))
        request.infer(rgb=pad_edges(rgb, self.stride)[None])

    def used(self, request: "Request", variant: Variant) -> Statistics:
        return {name: request.output(f"used/{name}").copy() for name in variant.statistics(self.config)}

    @contextmanager
    def request(self, key: "Variant | str") -> "Iterator[Request]":
        """A request of the encoder or a painter that nobody else uses; waits for one where all are in use."""
        with self.lock:
            if key not in self.idle:
                compiled, self.idle[key] = self.compile(key), SimpleQueue()
                for _ in range(self.streams):
                    self.idle[key].put(Request(compiled))
        request = self.idle[key].get()
        try:
            yield request
        finally:
            self.idle[key].put(request)

    def compile(self, key: "Variant | str") -> ov.CompiledModel:
        """The compiled encoder or painter; on first use also read from the disk cache."""

        def build() -> ov.CompiledModel:
            try:
                model = encoder_model(self.network) if isinstance(key, str) else PainterGraph(self.network, key).model()
            except (KeyError, RuntimeError) as error:
                reason = str(error).splitlines()[-1].strip()
                raise ValueError(f"the tensors of the weights do not fit their config ({reason})") from error
            return self.core.compile_model(model, "CPU", self.options)

        return cached(
            f"{self.key}-{key if isinstance(key, str) else key.name}",
            load=lambda blob: self.core.import_model(blob, "CPU", self.options),
            build=build,
            dump=lambda compiled: compiled.export_model(),
        )


class Request:
    """A compiled model's inputs and outputs, for one picture at a time.

    Attributes:
        look: the one that it has been fed.
    """

    def __init__(self, compiled: ov.CompiledModel):
        self.request = compiled.create_infer_request()
        self.look: Look | None = None

    def feed(self, inputs: Mapping[str, np.ndarray]) -> None:
        """Set inputs, which stay for the next pictures."""
        for name, array in inputs.items():
            self.request.set_tensor(name, ov.Tensor(array.copy()))

    def infer(self, *, rgb: np.ndarray) -> None:
        self.request.set_tensor("rgb", ov.Tensor(np.ascontiguousarray(rgb)))
        self.request.infer()

    def output(self, name: str) -> np.ndarray:
        """Valid until the next picture."""
        return self.request.get_tensor(name).data
