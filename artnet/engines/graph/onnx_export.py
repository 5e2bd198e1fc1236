"""The network as ONNX graphs with dynamic height and width, the transfer inside (extra `onnx`)."""

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from artnet.engines.graph.spec import BANK, Variant
from artnet.image.drafting import factor_of
from artnet.model import drafts
from artnet.model.network import ArtNet, StyleLevels
from s2transform import PatchBank, PreparedStyle
from s2transform.moments import Moments, channel_moments
from s2transform.swap import Reduction

EXAMPLE = 96
"""Side in pixels of the pictures that the graphs are traced with."""
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
    """The painter of one variant: inputs (in the order of `input_names`) and outputs of `artnet.engines.graph.spec`."""

    def __init__(self, network: ArtNet, variant: Variant):
        super().__init__()
        self.network, self.variant = network.folded(), variant

    def input_names(self) -> list[str]:
        config, variant = self.network.config, self.variant
        names = ["rgb", *(["held"] if variant.moments == "mixed" else [])]
        names += variant.statistics(config) if variant.takes else []
        for i in range(variant.styles):
            names += [f"{level}/style{i}" for level in config.levels]
            names += [f"{name}{i}" for name in BANK] if variant.transfer == "s2" else []
        return [*names, "shares"] if variant.blended else names

    def output_names(self) -> list[str]:
        painted = [] if self.variant.moments == "measured" else ["painted"]
        names = self.variant.statistics(self.network.config) if self.variant.reports else []
        return [*painted, *(f"used/{name}" for name in names)]

    def forward(self, *arrays: Tensor) -> list[Tensor]:
        given = dict(zip(self.input_names(), arrays, strict=True))
        used: dict[str, Moments] = {}

        def moments_of(name: str, features: Tensor) -> Moments:
            if name not in used:
                used[name] = rows_of(given[name]) if self.variant.takes else channel_moments(features)
                if self.variant.moments == "mixed":
                    pairs = zip(channel_moments(features), used[name], strict=True)
                    used[name] = tuple(torch.lerp(own, held, given["held"]) for own, held in pairs)  # type: ignore[assignment]
            return used[name]

        content = self.network.encode(picture_of(given["rgb"]))
        moved = []
        for i in range(self.variant.styles):

            def renamed(name: str, features: Tensor, i: int = i) -> Moments:
                return moments_of(name.replace("swapped0", f"swapped{i}"), features)

            style = self.style(given, i, content)
            moved.append(self.network.transfer(content, [style], method=self.variant.transfer, moments_of=renamed))
        if self.variant.blended:
            parts = [content, *moved]
            mixed = {level: sum(s * p[level] for s, p in zip(given["shares"], parts, strict=True)) for level in content}
        else:
            mixed = moved[0]
        names = self.output_names()
        painted = [pixels_of(self.network.decode(mixed))] if "painted" in names else []
        return painted + [torch.cat([x.flatten(1) for x in used[n[5:]]]) for n in names if n != "painted"]

    def style(self, given: dict[str, Tensor], i: int, content: dict[str, Tensor]) -> StyleLevels:
        """The arrays of style i in the form that the transforms take."""
        levels = {}
        for level in self.network.config.levels:
            mean, std = rows_of(given[f"{level}/style{i}"])
            banks: tuple[PatchBank, ...] = ()
            if level == self.network.config.cut and self.variant.transfer == "s2":
                basis, codes, bias, table = (given[f"{name}{i}"] for name in BANK)
                kernels = codes.view(bias.shape[0], 3, 3, -1).permute(0, 3, 1, 2)
                pixels = table[:-1].view(bias.shape[0], 9, -1).permute(1, 0, 2)
                banks = (PatchBank(kernels, bias, pixels, Reduction(mean.flatten(), basis.T)),)
            levels[level] = PreparedStyle(content[level], mean, std, banks)
        return levels


class FixedModule(nn.Module):
    """A picture, (1, H, W, 3) uint8, to the painted one; styles and strength are built in.

    Args:
        looks: what `look_inputs` returns for the pass at full size, then, where there is one, for the draft.
        factor: how many times smaller a draft is, 1 for none.
    """

    def __init__(self, network: ArtNet, variant: Variant, looks: Sequence[Mapping[str, np.ndarray]], factor: int):
        super().__init__()
        self.painter, self.factor = PainterModule(network, variant), factor
        self.names = self.painter.input_names()[1:]
        for size, look in enumerate(looks):
            for i, name in enumerate(self.names):
                self.register_buffer(f"look{size}_{i}", torch.from_numpy(look[name]))

    def forward(self, rgb: Tensor) -> Tensor:
        def paint(picture: Tensor, size: int) -> Tensor:
            return self.painter(picture, *(getattr(self, f"look{size}_{i}") for i in range(len(self.names))))[0]

        return revised(rgb, self.factor, paint)


class PairModule(nn.Module):
    """Content and style, each (1, H, W, 3) uint8, to the painted content; the style has one fixed size.

    Args:
        factor: how many times smaller a draft is, 1 for none.
    """

    def __init__(self, network: ArtNet, method: str, factor: int):
        super().__init__()
        self.network, self.method, self.factor = network.folded(), method, factor

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        picture = picture_of(style)
        sizes = [picture] if self.factor == 1 else [picture, drafts.reduced(picture, self.factor)]
        # Exact matching, because ONNX has no eigenvectors to find principal components with.
        prepare = partial(self.network.prepare, swap=self.method == "s2", exact=True)
        prepared = [prepare(self.network.encode(size)) for size in sizes]

        def paint(rgb: Tensor, size: int) -> Tensor:
            moved = self.network.transfer(self.network.encode(picture_of(rgb)), [prepared[size]], method=self.method)
            return pixels_of(self.network.decode(moved))

        return revised(content, self.factor, paint)


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


def painter_onnx(network: ArtNet, variant: Variant) -> bytes:
    """`PainterModule` as ONNX, with the names of `artnet.engines.graph.spec`."""
    module = PainterModule(network, variant)
    examples, shapes = [], []
    for name in module.input_names():
        example, shape = painter_example(network, variant, name)
        examples.append(example)
        shapes.append(shape)
    return to_onnx(module, examples, module.input_names(), module.output_names(), shapes)


def painter_example(network: ArtNet, variant: Variant, name: str) -> tuple[Tensor, dict[int, Any] | None]:
    """An array for one input of a painter, and which of its sides may change."""
    config, patches = network.config, 12
    width = network.encoder.channels[config.cut]
    components = min(config.match_channels, width)
    kind = name.rstrip("0123456789")
    if kind == "rgb":
        return torch.randint(256, (1, EXAMPLE, EXAMPLE, 3), dtype=torch.uint8), sides(config.stride)
    if kind in ("held", "shares"):
        return torch.zeros(1 if kind == "held" else variant.styles + 1), None
    if kind in BANK:
        count = Dim(f"patches{name.removeprefix(kind)}", min=2, max=65536)
        shape = {"basis": (width, components), "codes": (patches, 9 * components), "bias": (patches,)}
        dynamic = {"basis": None, "codes": {0: count}, "bias": {0: count}, "table": {0: 9 * count + 1}}
        return torch.rand(shape.get(kind, (9 * patches + 1, width))), dynamic[kind]
    return torch.rand(2, network.encoder.channels[name.split("/")[0]]), None


def fixed_onnx(
    network: ArtNet, variant: Variant, looks: Sequence[Mapping[str, np.ndarray]], factor: int
) -> bytes:
    """`FixedModule` as ONNX: 'rgb' of any size in, 'painted' out."""
    rgb = torch.randint(256, (1, EXAMPLE, EXAMPLE, 3), dtype=torch.uint8)
    shapes = [sides(factor * network.config.stride)]
    return to_onnx(FixedModule(network, variant, looks, factor), [rgb], ["rgb"], ["painted"], shapes)


def pair_onnx(network: ArtNet, method: str, style_size: int) -> bytes:
    """`PairModule` as ONNX: 'content' of any size and 'style' of style_size x style_size in, 'painted' out."""
    factor = factor_of(style_size) if network.config.passes == 2 else 1
    content = torch.randint(256, (1, EXAMPLE, EXAMPLE, 3), dtype=torch.uint8)
    style = torch.randint(256, (1, style_size, style_size, 3), dtype=torch.uint8)
    shapes = [sides(factor * network.config.stride), None]
    return to_onnx(PairModule(network, method, factor), [content, style], ["content", "style"], ["painted"], shapes)


def sides(stride: int) -> dict[int, Any]:
    """Height and width of (1, H, W, 3), any multiples of the stride from two on."""
    return {
        axis: stride * Dim(name, min=2, max=LONGEST_STRIDES) for axis, name in ((1, "rows"), (2, "columns"))
    }


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
