"""The network as an OpenVINO graph, built from a checkpoint's tensors without torch.

It repeats `artnet.model.network`, folded as `artnet.model.upsampling` says, and `s2transform` operation by operation
(`tests/artnet/engines/test_engines.py` holds both to the same pictures), because importing torch and converting a
module would take longer than stylizing a picture.
"""

from collections.abc import Mapping

import numpy as np

from artnet.engines.openvino.runtime import Node, ops, ov
from artnet.model.config import PIXELS, POOL_BEFORE, STAGES, ArtNetConfig, stage_stride
from artnet.model.upsampling import phases_bias, phases_kernel, upsampled_kernel

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
        config = self.config
        skip_at = {stage_stride(s): s for s in config.skips}
        x = self.conv_relu(features[config.cut], f"decoder.conv{config.stride}")
        for stride in config.decoder_strides[1:]:
            x = self.finer(x, stride, features, skip_at.get(stride))
        weight, bias = self.state["decoder.output.weight"], self.state["decoder.output.bias"]
        block = config.decoder_strides[-1]
        if config.ends_in_phases:
            block, weight, bias = 2, phases_kernel(weight), phases_bias(bias)
        order = blocks_first(len(weight), block)
        x = convolve(x, weight[order], bias[order], padding="edge" if config.ends_in_phases else "reflect")
        if PIXELS in features:
            x, block = ops.add(spread(x, block), features[PIXELS]), 1
        pixels = ops.round(ops.clamp(ops.multiply(x, np.float32(255)), 0.0, 255.0), "half_to_even")
        return ops.transpose(spread(ops.convert(pixels, "u8"), block), [0, 2, 3, 1])

    def finer(self, x: Node, stride: int, features: Mapping[str, Node], skip: str | None) -> Node:
        """The decoder's layer at a stride, from the result of the layer at twice the stride and a skip level."""
        weight, bias = (self.state[f"decoder.conv{stride}.conv.{name}"] for name in ("weight", "bias"))
        own = weight.shape[1] - (self.channels(skip) if skip else 0)
        folded, shifted = upsampled_kernel(weight[:, :own], self.config.upsampling), phases_bias(bias)
        if stride == 1 and self.config.ends_in_phases:
            return ops.relu(convolve(x, folded, shifted, padding="edge"))
        order = blocks_first(len(folded), 2)
        x = spread(convolve(x, folded[order], shifted[order], padding="edge"), 2)
        return ops.relu(ops.add(x, convolve(features[skip], weight[:, own:], padding="reflect")) if skip else x)

    def conv_relu(self, x: Node, name: str, *, stride: int = 1) -> Node:
        padding = self.config.encoder_padding if name.startswith("encoder") else "reflect"
        weight, bias = (self.state[f"{name}.conv.{part}"] for part in ("weight", "bias"))
        return ops.relu(convolve(x, weight, bias, stride=stride, padding=padding))


def convolve(x: Node, weight: np.ndarray, bias: np.ndarray | None = None, *, stride: int = 1, padding: str) -> Node:
    """Convolution that sees past the border by 'reflect', 'edge' or 'zeros'."""
    margin = weight.shape[2] // 2
    if margin and padding != "zeros":
        x = pad(x, margin, HEIGHT_AND_WIDTH, padding)
        margin = 0
    x = ops.convolution(x, np.ascontiguousarray(weight), [stride] * 2, [margin] * 2, [margin] * 2, [1, 1])
    return x if bias is None else ops.add(x, bias.reshape(1, -1, 1, 1))


def spread(x: Node, block: int) -> Node:
    """(1, block^2 C, H, W) -> (1, C, H block, W block), pixel by pixel: channels are the last axis in memory."""
    return ops.depth_to_space(x, "blocks_first", block) if block > 1 else x


def blocks_first(channels: int, block: int) -> np.ndarray:
    """The order that turns channels as torch's pixel_shuffle takes them into those that `spread` takes."""
    return np.arange(channels).reshape(-1, block**2).T.ravel()


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
