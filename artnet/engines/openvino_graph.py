"""The network as an OpenVINO graph, built from a checkpoint's tensors without torch.

It repeats `artnet.network` and `s2transform` operation by operation (`tests/artnet/test_engines.py` holds both to the
same pictures), because importing torch and converting a module would take longer than stylizing a picture.
"""

from collections.abc import Mapping

import numpy as np
import openvino as ov
import openvino.opset15 as ops
from openvino import Node

from artnet.config import PIXELS, POOL_BEFORE, STAGES, ArtNetConfig, stage_stride

Arrays = Mapping[str, np.ndarray]
Features = dict[str, Node]
HEIGHT_AND_WIDTH = (2, 3)


class NetworkGraph:
    """The layers of one network.

    Args:
        config: its shape.
        state: its tensors by torch's names, float32.
    """

    def __init__(self, config: ArtNetConfig, state: Arrays):
        self.config, self.state = config, dict(state)
        # Zeros beyond the border are grey, which bytes know no exact value for: those networks scale the picture.
        self.takes_bytes = config.encoder_padding == "reflect"
        if self.takes_bytes:
            self.state |= first_layer_on_bytes(state)

    def channels(self, stage: str) -> int:
        """Width of an encoder stage."""
        if stage == PIXELS:
            return 3
        if not stage.startswith("inception"):
            return len(self.state[f"encoder.{stage}.conv.bias"])
        last = ("branch1", "branch2.1", "branch3.1", "branch4.1")
        return sum(len(self.state[f"encoder.{stage}.{branch}.conv.bias"]) for branch in last)

    def encode(self, rgb: Node) -> Features:
        """Features of the config's levels from (1, H, W, 3) uint8 pixels."""
        x = ops.convert(ops.transpose(rgb, [0, 3, 1, 2]), "f32")
        features = {PIXELS: ops.multiply(x, np.float32(1 / 255))}
        if not self.takes_bytes:
            x = ops.subtract(ops.multiply(x, np.float32(2 / 255)), np.float32(1))
        names = ["conv1", "conv2", *list(STAGES)[1:]]
        for name in names[: names.index(self.config.cut) + 1]:
            if name in POOL_BEFORE:
                x = max_pool(x, POOL_BEFORE[name], 2)
            if name.startswith("inception"):
                x = self.inception(x, f"encoder.{name}")
            else:
                x = self.conv_relu(x, f"encoder.{name}", stride=2 if name == "conv1" else 1)
            features[name] = x
        return {level: features[level] for level in self.config.levels}

    def inception(self, x: Node, name: str) -> Node:
        def pair(branch: str) -> Node:
            return self.conv_relu(self.conv_relu(x, f"{name}.{branch}.0"), f"{name}.{branch}.1")

        pooled = self.conv_relu(max_pool(x, 3, 1, margin=1), f"{name}.branch4.1")
        return ops.concat([self.conv_relu(x, f"{name}.branch1"), pair("branch2"), pair("branch3"), pooled], 1)

    def decode(self, features: Mapping[str, Node]) -> Node:
        """(1, H, W, 3) uint8 pixels from transferred features."""
        skip_at = {stage_stride(s): s for s in self.config.skips}
        x = features[self.config.cut]
        for stride in self.config.decoder_strides:
            if stride != self.config.stride:
                x = double(x)
            if stride in skip_at:
                x = ops.concat([x, features[skip_at[stride]]], 1)
            x = self.conv_relu(x, f"decoder.conv{stride}")
        x = self.conv(x, "decoder.output", padding="reflect")
        if stride > 1:
            x = ops.depth_to_space(x, "depth_first", stride)
        if PIXELS in features:
            x = ops.add(x, features[PIXELS])
        pixels = ops.round(ops.clamp(ops.multiply(x, np.float32(255)), 0.0, 255.0), "half_to_even")
        return ops.transpose(ops.convert(pixels, "u8"), [0, 2, 3, 1])

    def conv_relu(self, x: Node, name: str, *, stride: int = 1) -> Node:
        padding = self.config.encoder_padding if name.startswith("encoder") else "reflect"
        return ops.relu(self.conv(x, f"{name}.conv", stride=stride, padding=padding))

    def conv(self, x: Node, name: str, *, stride: int = 1, padding: str) -> Node:
        """Convolution with bias, which sees past the border by reflection or zeros."""
        weight = self.state[f"{name}.weight"]
        margin = weight.shape[2] // 2
        if margin and padding == "reflect":
            x = pad(x, margin, HEIGHT_AND_WIDTH, "reflect")
            margin = 0
        x = ops.convolution(x, weight, [stride] * 2, [margin] * 2, [margin] * 2, [1, 1])
        return ops.add(x, self.state[f"{name}.bias"].reshape(1, -1, 1, 1))


def first_layer_on_bytes(state: Arrays) -> Arrays:
    """The first layer's tensors, for pixels 0..255 in place of -1..1: one pass over the picture less."""
    weight, bias = state["encoder.conv1.conv.weight"], state["encoder.conv1.conv.bias"]
    return {
        "encoder.conv1.conv.weight": weight * np.float32(2 / 255),
        "encoder.conv1.conv.bias": bias - weight.sum((1, 2, 3)),
    }


def integers(*values: int) -> np.ndarray:
    """Axes, shapes and steps, as OpenVINO wants them."""
    return np.array(values, dtype=np.int64)


def max_pool(x: Node, kernel: int, stride: int, margin: int = 0) -> Node:
    """Like torch's MaxPool2d(kernel, stride, margin, ceil_mode=True)."""
    return ops.max_pool(x, [stride] * 2, [1, 1], [margin] * 2, [margin] * 2, [kernel] * 2, "ceil").output(0)


def double(x: Node) -> Node:
    """Nearest upsampling by two."""
    scales, axes = np.full(2, 2, np.float32), integers(*HEIGHT_AND_WIDTH)
    return ops.interpolate(
        x, scales, "nearest", "scales", coordinate_transformation_mode="asymmetric", nearest_mode="floor", axes=axes
    )


def pad(x: Node, margin: int, axes: tuple[int, int], mode: str, value: object = None) -> Node:
    """Pad two axes of a 4-D array on both sides."""
    amounts = [margin if axis in axes else 0 for axis in range(4)]
    return ops.pad(x, amounts, amounts, mode, value)


def encoder_model(graph: NetworkGraph) -> ov.Model:
    """(1, H, W, 3) uint8 'rgb' -> one output of float32 features for each level, named by it."""
    rgb = ops.parameter([1, -1, -1, 3], np.uint8, name="rgb")
    results = []
    for level, x in graph.encode(rgb).items():
        result = ops.result(x)
        result.output(0).get_tensor().set_names({level})
        results.append(result)
    return ov.Model(results, [rgb], "encoder")
