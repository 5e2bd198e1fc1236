"""S2 and AdaIN as OpenVINO operations, and the whole way from a content's pixels to painted ones as one graph."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from artnet.engines.graph.spec import HELD, RGB, SHARES, GraphSpec
from artnet.engines.graph.style import EPS, PATCH
from artnet.engines.openvino.network import HEIGHT_AND_WIDTH, NetworkGraph, integers, pad
from artnet.engines.openvino.runtime import Node, ops, ov
from artnet.model.slots import Slot

ROWS_AND_COLUMNS = (1, 2)
TO_ROWS = [0, 2, 3, 1]
MOMENTS_BLOCK = 8


class Moments(NamedTuple):
    """(1, C, 1, 1) channel means and deviations."""

    mean: Node
    std: Node


class PainterGraph:
    """Builds the painter of one spec; see `artnet.engines.graph.spec` for its inputs and outputs."""

    def __init__(self, network: NetworkGraph, spec: GraphSpec):
        self.network, self.spec = network, spec
        self.inputs: list[Node] = []
        self.used: dict[Slot, Node] = {}
        self.held = self.input(HELD, [1]) if spec.moments == "mixed" else None
        self.shares = self.input(SHARES, [spec.styles + 1]) if spec.blended else None

    def model(self) -> ov.Model:
        rgb = self.input(RGB, [1, -1, -1, 3], np.uint8)
        moved = {level: self.transfer(level, x) for level, x in self.network.encode(rgb).items()}
        results = []
        for name, slot in self.spec.outputs(self.network.config).items():
            results.append(ops.result(self.used[slot] if slot else self.network.decode(moved)))
            results[-1].output(0).get_tensor().set_names({name})
        return ov.Model(results, self.inputs, "painter")

    def input(self, slot: Slot, shape: list[int], dtype: type = np.float32) -> Node:
        node = ops.parameter(shape, dtype, name=slot.name)
        node.output(0).get_tensor().set_names({slot.name})
        self.inputs.append(node)
        return node

    def transfer(self, level: str, x: Node) -> Node:
        """The features of a level, moved to every style and blended."""
        channels = self.network.channels(level)
        swaps = level == self.network.config.cut and self.spec.transfer == "s2"
        unit = self.normalise(Slot(level, "content"), x, lambda: block_moments(x, channels), as_rows=swaps)
        moved = []
        for i in range(self.spec.styles):
            style = split_rows(self.input(Slot(level, "style", i), [2, channels]))
            if swaps:
                rows = self.swap(unit, style.std, i, channels)
                moments_of_rows = partial(row_moments, rows)
                y = self.normalise(Slot(level, "swapped", i), ops.transpose(rows, [0, 3, 1, 2]), moments_of_rows)
            else:
                y = unit
            moved.append(ops.add(ops.multiply(y, style.std), style.mean))
        return self.blend(self.shares, [x, *moved]) if self.shares else moved[0]

    def normalise(self, slot: Slot, x: Node, own: Callable[[], Moments], *, as_rows: bool = False) -> Node:
        """To mean 0 and deviation 1, by the moments of the spec; those that it reports go to `used`.

        `as_rows` gives (1, H, W, C).
        """
        if self.spec.moments == "own":
            unit = ops.mvn(x, integers(*HEIGHT_AND_WIDTH), True, EPS, "inside_sqrt")
            return ops.transpose(unit, TO_ROWS) if as_rows else unit
        channels = self.network.channels(slot.level)
        moments = split_rows(self.input(slot, [2, channels])) if self.spec.takes else own()
        if self.held:
            pairs = zip(own(), moments, strict=True)
            moments = Moments(*(ops.add(a, ops.multiply(ops.subtract(b, a), self.held)) for a, b in pairs))
        if self.spec.reports:
            self.used[slot] = ops.reshape(ops.concat([*moments], 0), integers(2, channels), False)
        if as_rows:  # before the arithmetic: OpenVINO keeps bfloat16 then
            x, moments = ops.transpose(x, TO_ROWS), Moments(*(ops.transpose(m, TO_ROWS) for m in moments))
        return ops.divide(ops.subtract(x, moments.mean), moments.std)

    def swap(self, unit: Node, std: Node, style: int, channels: int) -> Node:
        """Replace every 3x3 patch, given the style's deviations, by the style's nearest patch; see `s2transform.swap`.

        Takes and returns (1, H, W, C).
        """
        config = self.network.config
        width = min(config.match_channels, channels)
        basis = self.input(Slot("", "basis", style), [channels, width])
        codes = self.input(Slot("", "codes", style), [-1, PATCH**2 * width])
        bias = self.input(Slot("", "bias", style), [-1])
        table = self.input(Slot("", "table", style), [-1, channels])
        scaled = ops.multiply(basis, ops.reshape(std, integers(-1, 1), False))
        return paste(match(ops.matmul(unit, scaled, False, False), codes, bias), table)

    def blend(self, weights: Node, parts: list[Node]) -> Node:
        shares = ops.split(weights, np.int64(0), len(parts)).outputs()
        total = ops.multiply(parts[0], shares[0])
        for part, share in zip(parts[1:], shares[1:], strict=True):
            total = ops.add(total, ops.multiply(part, share))
        return total


def split_rows(moments: Node) -> Moments:
    """(2, C) -> two (1, C, 1, 1)."""
    rows = ops.split(moments, np.int64(0), 2).outputs()
    return Moments(*(ops.reshape(row, integers(1, -1, 1, 1), False) for row in rows))


def block_moments(x: Node, channels: int) -> Moments:
    """Means and deviations of (1, C, H, W).

    A depthwise convolution of ones adds up blocks before all is added: OpenVINO reads bfloat16 for it and adds float32.
    Features that go into a reduction right away would be computed, stored and read as float32.
    """
    block = np.ones((channels, 1, 1, MOMENTS_BLOCK, MOMENTS_BLOCK), np.float32)
    step, none, beyond = [MOMENTS_BLOCK] * 2, [0, 0], [MOMENTS_BLOCK - 1] * 2

    def mean(values: Node) -> Node:
        blocks = ops.group_convolution(values, block, step, none, beyond, [1, 1])
        return ops.divide(ops.reduce_sum(blocks, integers(*HEIGHT_AND_WIDTH), True), count)

    sides = ops.gather(ops.shape_of(x), integers(*HEIGHT_AND_WIDTH), np.int64(0))
    count = ops.convert(ops.reduce_prod(sides, np.int64(0)), "f32")
    first = mean(x)
    variance = ops.subtract(mean(ops.multiply(x, x)), ops.multiply(first, first))
    return Moments(first, ops.sqrt(ops.maximum(variance, np.float32(EPS))))


def row_moments(rows: Node) -> Moments:
    """Means and deviations of (1, H, W, C)."""
    axes, shape = integers(*ROWS_AND_COLUMNS), integers(1, -1, 1, 1)
    mean = ops.reduce_mean(rows, axes, True)
    centred = ops.subtract(rows, mean)
    variance = ops.reduce_mean(ops.multiply(centred, centred), axes, True)
    std = ops.sqrt(ops.maximum(variance, np.float32(EPS)))
    return Moments(ops.reshape(mean, shape, False), ops.reshape(std, shape, False))


def windows(x: Node) -> list[Node]:
    """The nine (1, H, W, D) shifts of (1, H + 2, W + 2, D)."""
    axes, ones = integers(*ROWS_AND_COLUMNS), integers(1, 1)
    shifts = []
    for offset in range(PATCH**2):
        top, left = divmod(offset, PATCH)
        # Ends count from the back, so that no size needs to be known; 'no end' is written as a number beyond any.
        stop = integers(*(shift - PATCH + 1 or np.iinfo(np.int64).max for shift in (top, left)))
        shifts.append(ops.slice(x, integers(top, left), stop, ones, axes))
    return shifts


def match(codes: Node, bank: Node, bias: Node) -> Node:
    """Index of the nearest patch for every position of (1, H, W, D): (1, H, W, 1) int32."""
    columns = ops.concat(windows(pad(codes, 1, ROWS_AND_COLUMNS, "reflect")), 3)
    scores = ops.add(ops.matmul(columns, bank, False, True), bias)
    return ops.topk(scores, np.int64(1), 3, "max", "none", "i32").output(1)


def paste(best: Node, table: Node) -> Node:
    """(1, H, W, C): every patch of (1, H, W, 1) indices laid down, averaged where they overlap.

    An embedding bag adds the up to nine pixels that fall on a position; outside the border lies the row of zeros.
    """
    rows = ops.gather(ops.shape_of(table, "i32"), integers(0), np.int32(0))
    nowhere = np.int32(-1)
    around = windows(pad(best, 1, ROWS_AND_COLUMNS, "constant", nowhere))
    around.reverse()  # the patch centred below right of a position lays its upper left pixel there
    patches = ops.concat(around, 3)  # (1, H, W, 9)
    inside = ops.greater_equal(patches, np.int32(0))
    pixels = ops.add(ops.multiply(patches, np.int32(PATCH**2)), np.arange(PATCH**2, dtype=np.int32))
    pixels = ops.select(inside, pixels, ops.subtract(rows, np.int32(1)))
    total = ops.embedding_bag_packed_sum(table, ops.reshape(pixels, integers(-1, PATCH**2), False))
    count = ops.reduce_sum(ops.convert(inside, "f32"), integers(3), True)  # (1, H, W, 1)
    shape = ops.concat([ops.gather(ops.shape_of(best), integers(0, 1, 2), np.int64(0)), integers(-1)], 0)
    return ops.divide(ops.reshape(total, shape, False), count)
