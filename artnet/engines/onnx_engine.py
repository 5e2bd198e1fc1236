"""The network on ONNX Runtime: slower than OpenVINO on CPUs, but it runs wherever ONNX does (extra `onnx`)."""

import threading
from pathlib import Path

import numpy as np
import onnxruntime as ort

from artnet.engines.base import Held, Look, Statistics, pad_edges
from artnet.engines.graph.cache import cached, fingerprint
from artnet.engines.graph.spec import Variant, held_inputs, look_inputs, measuring_variant, painting_variant
from artnet.engines.graph.style import StyleArrays, style_arrays
from artnet.model.checkpoint_arrays import read_weights
from artnet.model.config import ArtNetConfig


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
        self.key = fingerprint(self.config, state, "onnx")
        self.sessions: dict[object, ort.InferenceSession] = {}
        self.fed: tuple[Look, Variant] | None = None  # what `look_arrays` belong to
        self.look_arrays: dict[str, np.ndarray] = {}
        self.lock = threading.Lock()

    def prepare(self, rgb: np.ndarray) -> StyleArrays:
        """See `Engine.prepare`."""
        features = self.session("encoder").run(list(self.config.levels), {"rgb": pad_edges(rgb, self.stride)[None]})
        return style_arrays(dict(zip(self.config.levels, features, strict=True)), self.config)

    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        """See `Engine.paint`. Raises ValueError for the transfer 'wct', which only torch has."""
        found = self.run(painting_variant(look, held), rgb, look, held)
        painted = found.pop("painted")[0, : rgb.shape[0], : rgb.shape[1]]
        return painted, found or (held.statistics if held else {})

    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        """See `Engine.measure`. Raises ValueError for the transfer 'wct', which only torch has."""
        return self.run(measuring_variant(look), rgb, look, None)

    def run(self, variant: Variant, rgb: np.ndarray, look: Look, held: Held | None) -> dict[str, np.ndarray]:
        """All outputs of a variant, the statistics by their own names."""
        session = self.session(variant)
        with self.lock:
            if self.fed != (look, variant):
                self.fed, self.look_arrays = (look, variant), look_inputs(look, variant)
            arrays = self.look_arrays
        names = variant.statistics(self.config)
        widths = {node.name: node.shape[1] for node in session.get_inputs() if node.name in names}
        inputs = {"rgb": pad_edges(rgb, self.stride)[None], **arrays, **held_inputs(held, widths)}
        outputs = [node.name for node in session.get_outputs()]
        return {n.removeprefix("used/"): x for n, x in zip(outputs, session.run(outputs, inputs), strict=True)}

    def session(self, key: Variant | str) -> ort.InferenceSession:
        """The encoder's or a painter's session, exported on first use."""
        with self.lock:
            if key not in self.sessions:
                name = f"{self.key}-onnx-{key if isinstance(key, str) else key.name}"
                self.sessions[key] = start(cached(name, load=bytes, build=lambda: self.export(key), dump=bytes))
            return self.sessions[key]

    def export(self, key: Variant | str) -> bytes:
        from artnet.engines.graph.onnx_export import encoder_onnx, painter_onnx
        from artnet.model.checkpoint import load_checkpoint

        network = load_checkpoint(self.weights)
        return encoder_onnx(network) if isinstance(key, str) else painter_onnx(network, key)


def start(blob: bytes) -> ort.InferenceSession:
    """A model's bytes as something that runs, on the CPU, and that says only what is wrong."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(blob, options, providers=["CPUExecutionProvider"])
