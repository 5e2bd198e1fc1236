"""The network as ONNX graphs with dynamic height and width, the transfer inside (extra `onnx`)."""

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from artnet.engines.graph.spec import HELD, RGB, SHARES, GraphSpec
from artnet.model import drafts
from artnet.model.network import ArtNet, StyleLevels
from artnet.model.slots import BANK, Slot
from s2transform import PatchBank, PreparedStyle
from s2transform.moments import Moments, channel_moments
from s2transform.swap import Reduction

EXAMPLE = 128
"""Side in pixels of the pictures that the graphs are traced with: a multiple of every stride that they declare."""
LONGEST_STRIDES = 8192
"""Longest side of a picture, in strides of the network, that the graphs declare."""


class EncoderModule(nn.Module):
    """(1, H, W, 3) uint8 -> the features of every level, float32."""

    def __init__(self, network: ArtNet):
        super().__init__()
        self.network = network

    def forward(self, rgb: Tensor) -> list[Tensor]:
        return list(self.network.encode(picture_of(rgb)).values())


class PainterModule(nn.Module):
    """The painter of one spec, with its inputs and outputs in their order."""

    def __init__(self, network: ArtNet, spec: GraphSpec):
        super().__init__()
        self.network, self.spec = network.folded(), spec
        self.inputs, self.outputs = spec.inputs(network.config), spec.outputs(network.config)

    def forward(self, *arrays: Tensor) -> list[Tensor]:
        given = dict(zip(self.inputs, arrays, strict=True))
        used: dict[Slot, Moments] = {}

        def moments_of(slot: Slot, features: Tensor) -> Moments:
            if slot not in used:
                used[slot] = rows_of(given[slot]) if self.spec.takes else channel_moments(features)
                if self.spec.moments == "mixed":
                    pairs = zip(channel_moments(features), used[slot], strict=True)
                    used[slot] = tuple(torch.lerp(own, held, given[HELD]) for own, held in pairs)  # type: ignore[assignment]
            return used[slot]

        content = self.network.encode(picture_of(given[RGB]))
        moved = []
        for i in range(self.spec.styles):

            def moments_for(slot: Slot, features: Tensor, i: int = i) -> Moments:
                return moments_of(replace(slot, index=i) if slot.role == "swapped" else slot, features)

            style = self.style(given, i, content)
            moved.append(self.network.transfer(content, [style], method=self.spec.transfer, moments_of=moments_for))
        if self.spec.blended:
            parts = [content, *moved]
            mixed = {level: sum(s * p[level] for s, p in zip(given[SHARES], parts, strict=True)) for level in content}
        else:
            mixed = moved[0]
        return [
            torch.cat([x.flatten(1) for x in used[slot]]) if slot else pixels_of(self.network.decode(mixed))
            for slot in self.outputs.values()
        ]

    def style(self, given: dict[Slot, Tensor], i: int, content: dict[str, Tensor]) -> StyleLevels:
        """The arrays of style i in the form that the transforms take."""
        levels = {}
        for level in self.network.config.levels:
            mean, std = rows_of(given[Slot(level, "style", i)])
            banks: tuple[PatchBank, ...] = ()
            if level == self.network.config.cut and self.spec.transfer == "s2":
                basis, codes, bias, table = (given[Slot("", role, i)] for role in BANK)
                kernels = codes.view(bias.shape[0], 3, 3, -1).permute(0, 3, 1, 2)
                pixels = table[:-1].view(bias.shape[0], 9, -1).permute(1, 0, 2)
                banks = (PatchBank(kernels, bias, pixels, Reduction(mean.flatten(), basis.T)),)
            levels[level] = PreparedStyle(content[level], mean, std, banks)
        return levels


class Primer(nn.Module):
    """(1, H, W, 3) uint8 to the same, made clear and on the ground at full strength."""

    def __init__(self) -> None:
        super().__init__()
        for i, tile in enumerate(drafts.ground_tiles()):
            self.register_buffer(f"tile{i}", tile)

    def forward(self, rgb: Tensor) -> Tensor:
        begins = torch.zeros(2, 1, dtype=torch.int64)
        return pixels_of(drafts.on_ground(drafts.clarified(picture_of(rgb)), list(self.buffers()), *begins))


class FixedModule(nn.Module):
    """A picture, (1, H, W, 3) uint8, to the painted one; styles and strength are built in.

    Args:
        looks: what `look_inputs` returns for the pass at full size, then, where there is one, for the draft.
        factor: how many times smaller a draft is, 1 for none.
        scale: how many times smaller than the picture it is painted, to be enlarged.
    """

    def __init__(
        self, network: ArtNet, spec: GraphSpec, looks: Sequence[Mapping[Slot, np.ndarray]], factor: int, scale: int
    ):
        super().__init__()
        self.painter, self.factor, self.scale = PainterModule(network, spec), factor, scale
        self.slots = self.painter.inputs[1:]
        for size, look in enumerate(looks):
            for i, slot in enumerate(self.slots):
                self.register_buffer(f"look{size}_{i}", torch.from_numpy(look[slot]))
        self.primer = Primer()

    def forward(self, rgb: Tensor) -> Tensor:
        def paint(picture: Tensor, size: int) -> Tensor:
            return self.painter(picture, *(getattr(self, f"look{size}_{i}") for i in range(len(self.slots))))[0]

        return scaled(rgb, self.scale, lambda small: revised(self.primer(small), self.factor, paint))


class PairModule(nn.Module):
    """Content and style, each (1, H, W, 3) uint8, to the painted content; the style has one fixed size.

    Args:
        factor: how many times smaller a draft is, 1 for none.
        scale: how many times smaller than the pictures both are when it is painted, to be enlarged.
    """

    def __init__(self, network: ArtNet, method: str, factor: int, scale: int):
        super().__init__()
        self.network, self.method, self.factor, self.scale = network.folded(), method, factor, scale
        self.primer = Primer()

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        picture = drafts.reduced(picture_of(style), self.scale)
        sizes = [picture] if self.factor == 1 else [picture, drafts.reduced(picture, self.factor)]
        # Exact matching, because ONNX has no eigenvectors to find principal components with.
        prepare = partial(self.network.prepare, swap=self.method == "s2", exact=True)
        prepared = [prepare(self.network.encode(size)) for size in sizes]

        def paint(rgb: Tensor, size: int) -> Tensor:
            moved = self.network.transfer(self.network.encode(picture_of(rgb)), [prepared[size]], method=self.method)
            return pixels_of(self.network.decode(moved))

        return scaled(content, self.scale, lambda small: revised(self.primer(small), self.factor, paint))


def scaled(rgb: Tensor, scale: int, paint: Callable[[Tensor], Tensor]) -> Tensor:
    """What `paint` makes of (1, H, W, 3) uint8 so many times smaller, enlarged."""
    if scale == 1:
        return paint(rgb)
    content = picture_of(rgb)
    painted = paint(pixels_of(drafts.reduced(content, scale)))
    return pixels_of(drafts.shown(picture_of(painted), content, scale))


def revised(rgb: Tensor, factor: int, paint: Callable[[Tensor, int], Tensor]) -> Tensor:
    """What `paint(picture, 0)` makes of (1, H, W, 3) uint8, after `paint(reduced, 1)` where there is a draft."""
    if factor == 1:
        return paint(rgb, 0)
    content = picture_of(rgb)
    draft = paint(pixels_of(drafts.reduced(content, factor)), 1)
    return paint(pixels_of(drafts.revisable(picture_of(draft), content, factor)), 0)


def picture_of(rgb: Tensor) -> Tensor:
    """(1, H, W, 3) uint8 -> (1, 3, H, W) in [0, 1]."""
    return rgb.permute(0, 3, 1, 2).float() / 255


def pixels_of(picture: Tensor) -> Tensor:
    """(1, 3, H, W) -> (1, H, W, 3) uint8."""
    return (picture.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def rows_of(moments: Tensor) -> Moments:
    """(2, C) -> two (1, C, 1, 1)."""
    return moments[0].view(1, -1, 1, 1), moments[1].view(1, -1, 1, 1)


def encoder_onnx(network: ArtNet) -> bytes:
    """`EncoderModule` as ONNX: 'rgb' in, an output for each level, named by it."""
    rgb = torch.zeros(1, EXAMPLE, EXAMPLE, 3, dtype=torch.uint8)
    return to_onnx(EncoderModule(network), [rgb], ["rgb"], list(network.config.levels), [sides(network.config.stride)])


def painter_onnx(network: ArtNet, spec: GraphSpec) -> bytes:
    """`PainterModule` as ONNX, with the names of `artnet.engines.graph.spec`."""
    module = PainterModule(network, spec)
    examples, shapes = zip(*(painter_example(network, spec, slot) for slot in module.inputs), strict=True)
    return to_onnx(module, list(examples), [slot.name for slot in module.inputs], list(module.outputs), list(shapes))


def painter_example(network: ArtNet, spec: GraphSpec, slot: Slot) -> tuple[Tensor, dict[int, Any] | None]:
    """An array for one input of a painter, and which of its sides may change."""
    config, patches = network.config, 12
    width = network.encoder.channels[config.cut]
    components = min(config.match_channels, width)
    if slot == RGB:
        return torch.randint(256, (1, EXAMPLE, EXAMPLE, 3), dtype=torch.uint8), sides(config.stride)
    if slot in (HELD, SHARES):
        return torch.zeros(1 if slot == HELD else spec.styles + 1), None
    if slot.role in BANK:
        count = Dim(f"patches{slot.index}", min=2, max=65536)
        shape = {"basis": (width, components), "codes": (patches, 9 * components), "bias": (patches,)}
        dynamic = {"basis": None, "codes": {0: count}, "bias": {0: count}, "table": {0: 9 * count + 1}}
        return torch.rand(shape.get(slot.role, (9 * patches + 1, width))), dynamic[slot.role]
    return torch.rand(2, network.encoder.channels[slot.level]), None


def fixed_onnx(
    network: ArtNet, spec: GraphSpec, looks: Sequence[Mapping[Slot, np.ndarray]], factor: int, scale: int = 1
) -> bytes:
    """`FixedModule` as ONNX: 'rgb' of any size in, 'painted' out."""
    rgb = torch.randint(256, (1, EXAMPLE, EXAMPLE, 3), dtype=torch.uint8)
    shapes = [sides(scale * factor * network.config.stride)]
    return to_onnx(FixedModule(network, spec, looks, factor, scale), [rgb], ["rgb"], ["painted"], shapes)


def pair_onnx(network: ArtNet, method: str, style_size: int, factor: int = 1, scale: int = 1) -> bytes:
    """`PairModule` as ONNX: 'content' of any size and 'style' of style_size x style_size in, 'painted' out."""
    content = torch.randint(256, (1, EXAMPLE, EXAMPLE, 3), dtype=torch.uint8)
    style = torch.randint(256, (1, style_size, style_size, 3), dtype=torch.uint8)
    shapes = [sides(scale * factor * network.config.stride), None]
    module = PairModule(network, method, factor, scale)
    return to_onnx(module, [content, style], ["content", "style"], ["painted"], shapes)


def sides(stride: int) -> dict[int, Any]:
    """Height and width of (1, H, W, 3), any multiples of the stride from two on."""
    return {axis: stride * Dim(name, min=2, max=LONGEST_STRIDES) for axis, name in ((1, "rows"), (2, "columns"))}


def to_onnx(
    module: nn.Module, examples: Sequence[Tensor], inputs: list[str], outputs: list[str], shapes: Sequence[Any]
) -> bytes:
    """Trace a module and write it as an ONNX file's bytes."""
    import onnx  # noqa: F401  (the exporter's own message on a missing package names neither extra nor remedy)

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    dynamic = (tuple(shapes),) if isinstance(module, PainterModule) else tuple(shapes)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # about axes that it renames
        program = torch.onnx.export(
            module.eval(), tuple(examples), dynamo=True, verbose=False,
            input_names=inputs, output_names=outputs, dynamic_shapes=dynamic,
        )  # fmt: skip
    stream = BytesIO()
    program.save(stream)  # type: ignore[arg-type, union-attr]
    return stream.getvalue()
