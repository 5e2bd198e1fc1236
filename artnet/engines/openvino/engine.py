"""The network on OpenVINO: the fastest engine on CPUs, and the one that starts without torch."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import SimpleQueue

import numpy as np

from artnet.engines.base import Held, Look, Statistics, pad_edges
from artnet.engines.graph.cache import cached, fingerprint
from artnet.engines.graph.spec import RGB, GraphSpec, held_inputs, look_inputs, measuring_spec, painting_spec
from artnet.engines.graph.style import StyleArrays, style_arrays
from artnet.engines.openvino.network import NetworkGraph, encoder_model
from artnet.engines.openvino.runtime import ov
from artnet.engines.openvino.transfer import PainterGraph
from artnet.model.config import ArtNetConfig
from artnet.model.slots import Slot

CODE = (
    "artnet.engines.graph", "artnet.engines.openvino",
    "artnet.model.config", "artnet.model.slots", "artnet.model.upsampling",
)  # fmt: skip
"""What decides the graphs: compiled ones on disk are used as long as it stays as it is."""
COMPILED_PIXELS = 4_000_000
"""Pictures of so many pixels get a model compiled for their size: it needs half the memory of the one for all sizes,
and a fifth less time (`benchmarks/fixed_sizes.py`), so that compiling is worth it for a single one. Which model paints
a picture follows from its size and its look alone, as the two differ by what bfloat16 rounds."""
RUNTIME_CACHE = 16
"""Compiled operations that the model for all sizes keeps for sizes that come again. Without a limit 600 sizes took
2 GB; from 1 to 5,000 none was slower than another, neither for one size nor for two in turn."""
KEPT_MODELS, KEPT_PIXELS = 4, 8_000_000
"""Models for single sizes that an engine keeps, those used last, and the pixels that their requests may hold together;
one alone may hold more."""
WHOLE_PIXELS = 25_000_000
"""At most painted at once, all streams together: 1.2 GB in bfloat16."""


class OpenVINOEngine:
    """Runs an ArtNet on OpenVINO's CPU device; sizes may change from picture to picture.

    Args:
        config: the network's shape.
        state: its tensors by torch's names, float32.
        precision: 'bf16' or 'f32'; None picks bf16 where the CPU multiplies it.
        streams: pictures that are painted at once, each in a thread of the caller. 1 gives each all cores, and so the
            least delay; more give more pictures a second.
    """

    whole_pixels = WHOLE_PIXELS

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
        self.key = fingerprint(config, state, CODE, ov.__version__, str(self.options(streams)))
        self.pools: dict[GraphSpec | str, Pool] = {}
        self.sized = SizedModels()
        self.lock = threading.RLock()

    def options(self, streams: int) -> dict[str, object]:
        """How a model is compiled that so many threads may run at once."""
        return {
            "INFERENCE_PRECISION_HINT": self.precision,
            "PERFORMANCE_HINT": "LATENCY" if streams == 1 else "THROUGHPUT",
            "NUM_STREAMS": streams,
            # Bound to one core each, its threads wait while others (a browser, a decoder) have that core.
            "ENABLE_CPU_PINNING": False,
            "CPU_RUNTIME_CACHE_CAPACITY": RUNTIME_CACHE,
        }

    def prepare(self, rgb: np.ndarray) -> StyleArrays:
        """See `Engine.prepare`."""
        with self.pool("encoder").request() as request:
            request.infer(rgb=pad_edges(rgb, self.stride)[None])
            return style_arrays({level: request.output(level) for level in self.config.levels}, self.config)

    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        """See `Engine.paint`. Raises ValueError for the transfer 'wct', which only torch has."""
        spec = painting_spec(look, held)
        with self.run(spec, rgb, look, held) as done:
            painted = done.output("painted")[0, : rgb.shape[0], : rgb.shape[1]].copy()
            return painted, self.used(done, spec) if spec.reports else held.statistics if held else {}

    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        """See `Engine.measure`. Raises ValueError for the transfer 'wct', which only torch has."""
        spec = measuring_spec(look)
        with self.run(spec, rgb, look, None) as done:
            return self.used(done, spec)

    @contextmanager
    def run(self, spec: GraphSpec, rgb: np.ndarray, look: Look, held: Held | None) -> "Iterator[Request]":
        """A request that has run a painter on a picture; its outputs are valid within the context."""
        padded = pad_edges(rgb, self.stride)
        widths = {slot: self.network.channels(slot.level) for slot in spec.statistics(self.config)}
        with self.painter(spec, padded, look).request() as request:
            if look != request.look:
                request.feed(look_inputs(look, spec))
                request.look = look
            request.feed(held_inputs(held, widths))
            request.infer(rgb=padded[None])
            yield request

    def used(self, request: "Request", spec: GraphSpec) -> Statistics:
        outputs = spec.outputs(self.config)
        return {slot: request.output(name).copy() for name, slot in outputs.items() if slot}

    def pool(self, key: "GraphSpec | str") -> "Pool":
        """The encoder or a painter, for all sizes."""
        with self.lock:
            if key not in self.pools:
                self.pools[key] = Pool(self.compile(key), self.streams)
            return self.pools[key]

    def painter(self, spec: GraphSpec, rgb: np.ndarray, look: Look) -> "Pool":
        """The painter for these sizes where they are known to come again or are large, else the one for all sizes."""
        pixels = rgb.shape[0] * rgb.shape[1]
        if not look.fixed_size and pixels < COMPILED_PIXELS:
            return self.pool(spec)
        sizes = (*rgb.shape[:2], *(len(part.bias) for part in look.style.parts))
        # Every stream has its own memory: large pictures are painted one after the other, by all cores.
        streams = min(self.streams, max(1, WHOLE_PIXELS // pixels))

        def compile_for_sizes() -> Pool:
            if spec in self.pools:
                with suppress(RuntimeError):  # it is at work in another thread, and so needs its memory
                    self.pools[spec].compiled.release_memory()
            model = self.model(spec)
            fed = {RGB: rgb[None], **look_inputs(look, spec)}
            model.reshape({slot.name: list(array.shape) for slot, array in fed.items()})
            return Pool(self.core.compile_model(model, "CPU", self.options(streams)), streams)

        with self.lock:
            return self.sized.get((spec, sizes), pixels * streams, compile_for_sizes)

    def compile(self, key: "GraphSpec | str") -> ov.CompiledModel:
        """The encoder or a painter for all sizes; also read from the disk cache."""
        return cached(
            f"{self.key}-{key if isinstance(key, str) else key.name}",
            load=lambda blob: self.core.import_model(blob, "CPU", self.options(self.streams)),
            build=lambda: self.core.compile_model(self.model(key), "CPU", self.options(self.streams)),
            dump=lambda compiled: compiled.export_model(),
        )

    def model(self, key: "GraphSpec | str") -> ov.Model:
        try:
            return encoder_model(self.network) if isinstance(key, str) else PainterGraph(self.network, key).model()
        except (KeyError, RuntimeError) as error:
            reason = str(error).splitlines()[-1].strip()
            raise ValueError(f"the tensors of the weights do not fit their config ({reason})") from error


class SizedModels:
    """Models compiled for single sizes; those used last, as long as together they do not hold too many pixels."""

    def __init__(self) -> None:
        self.pools: OrderedDict[object, Pool] = OrderedDict()
        self.held: dict[object, int] = {}  # pixels, by the keys of the pools

    def get(self, key: object, pixels: int, compile_it: "Callable[[], Pool]") -> "Pool":
        """The model of a key, whose requests hold so many pixels together; compiled where it is not at hand."""
        if key not in self.pools:
            self.held[key] = pixels
            while self.pools and (len(self.pools) == KEPT_MODELS or sum(self.held.values()) > KEPT_PIXELS):
                oldest, _ = self.pools.popitem(last=False)
                del self.held[oldest]
            self.pools[key] = compile_it()
        self.pools.move_to_end(key)
        return self.pools[key]


class Pool:
    """Requests of one compiled model, as many as it runs at once."""

    def __init__(self, compiled: ov.CompiledModel, count: int):
        self.compiled = compiled
        self.idle: SimpleQueue[Request] = SimpleQueue()
        for _ in range(count):
            self.idle.put(Request(compiled))

    @contextmanager
    def request(self) -> "Iterator[Request]":
        """A request that nobody else uses; waits for one where all are in use."""
        request = self.idle.get()
        try:
            yield request
        finally:
            self.idle.put(request)


class Request:
    """A compiled model's inputs and outputs, for one picture at a time.

    Attributes:
        look: the one that it has been fed.
    """

    def __init__(self, compiled: ov.CompiledModel):
        self.request = compiled.create_infer_request()
        self.look: Look | None = None

    def feed(self, inputs: Mapping[Slot, np.ndarray]) -> None:
        """Set inputs, which stay for the next pictures."""
        for slot, array in inputs.items():
            self.request.set_tensor(slot.name, ov.Tensor(array.copy()))

    def infer(self, *, rgb: np.ndarray) -> None:
        self.request.set_tensor(RGB.name, ov.Tensor(np.ascontiguousarray(rgb)))
        self.request.infer()

    def output(self, name: str) -> np.ndarray:
        """Valid until the next picture."""
        return self.request.get_tensor(name).data
