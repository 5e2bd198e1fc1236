"""The network on ONNX Runtime: slower than OpenVINO on CPUs, but it runs wherever ONNX does (extra `onnx`)."""

import threading
from pathlib import Path

import numpy as np
import onnxruntime as ort

from artnet.engines.base import Held, Look, Statistics, pad_edges
from artnet.engines.graph.cache import cached, fingerprint
from artnet.engines.graph.spec import RGB, GraphSpec, held_inputs, look_inputs, measuring_spec, painting_spec
from artnet.engines.graph.style import StyleArrays, style_arrays
from artnet.model.checkpoint_arrays import read_weights
from artnet.model.config import ArtNetConfig
from artnet.model.slots import Slot

CODE = (
    "artnet.engines.graph", "artnet.engines.onnx_engine", "artnet.image.blocks", "artnet.image.clarity",
    "artnet.image.compose", "artnet.image.contrast", "artnet.image.drafting", "artnet.image.ground",
    "artnet.image.guided", "artnet.model", "s2transform",
)  # fmt: skip
"""What decides the graphs, as of the engine on OpenVINO."""


class ONNXEngine:
    """Runs an ArtNet on ONNX Runtime's CPU provider, float32.

    The graphs are exported by torch on first use, which takes some seconds, and then read from the disk cache.

    Args:
        weights: a checkpoint's path or the name of bundled weights.
    """

    whole_pixels = 2048 * 2048
    choice = "ONNX Runtime on the CPU, f32 (it has no bfloat16 convolution there)"

    def __init__(self, weights: str | Path):
        self.weights = weights
        self.config: ArtNetConfig
        self.config, state = read_weights(weights)
        self.stride, self.streams = self.config.stride, 1
        self.key = fingerprint(self.config, state, CODE, "onnx")
        self.sessions: dict[object, ort.InferenceSession] = {}
        self.fed: tuple[Look, GraphSpec] | None = None  # what `look_arrays` belong to
        self.look_arrays: dict[Slot, np.ndarray] = {}
        self.lock = threading.Lock()

    def prepare(self, rgb: np.ndarray) -> StyleArrays:
        """See `Engine.prepare`."""
        features = self.session("encoder").run(list(self.config.levels), {"rgb": pad_edges(rgb, self.stride)[None]})
        return style_arrays(dict(zip(self.config.levels, features, strict=True)), self.config)

    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        """See `Engine.paint`. Raises ValueError for the transfer 'wct', which only torch has."""
        found = self.run(painting_spec(look, held), rgb, look, held)
        painted = found.pop(None)[0, : rgb.shape[0], : rgb.shape[1]]
        return painted, reported(found) or (held.statistics if held else {})

    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        """See `Engine.measure`. Raises ValueError for the transfer 'wct', which only torch has."""
        return reported(self.run(measuring_spec(look), rgb, look, None))

    def run(self, spec: GraphSpec, rgb: np.ndarray, look: Look, held: Held | None) -> dict[Slot | None, np.ndarray]:
        """All outputs: statistics by their slots, the painted picture by None."""
        session = self.session(spec)
        with self.lock:
            if self.fed != (look, spec):
                self.fed, self.look_arrays = (look, spec), look_inputs(look, spec)
            arrays = self.look_arrays
        shapes = {node.name: node.shape for node in session.get_inputs()}
        widths = {slot: shapes[slot.name][1] for slot in (spec.statistics(self.config) if spec.takes else [])}
        fed = {RGB: pad_edges(rgb, self.stride)[None], **arrays, **held_inputs(held, widths)}
        outputs = spec.outputs(self.config)
        found = session.run(list(outputs), {slot.name: array for slot, array in fed.items()})
        return dict(zip(outputs.values(), found, strict=True))

    def session(self, key: GraphSpec | str) -> ort.InferenceSession:
        """The encoder's or a painter's session, exported on first use."""
        with self.lock:
            if key not in self.sessions:
                name = f"{self.key}-onnx-{key if isinstance(key, str) else key.name}"
                self.sessions[key] = start(cached(name, load=bytes, build=lambda: self.export(key), dump=bytes))
            return self.sessions[key]

    def export(self, key: GraphSpec | str) -> bytes:
        from artnet.engines.graph.onnx_export import encoder_onnx, painter_onnx
        from artnet.model.checkpoint import load_checkpoint

        network = load_checkpoint(self.weights)
        return encoder_onnx(network) if isinstance(key, str) else painter_onnx(network, key)


def reported(found: dict[Slot | None, np.ndarray]) -> Statistics:
    """The statistics among a graph's outputs."""
    return {slot: rows for slot, rows in found.items() if slot}


def start(blob: bytes) -> ort.InferenceSession:
    """A model's bytes as something that runs, on the CPU, and that says only what is wrong."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(blob, options, providers=["CPUExecutionProvider"])
