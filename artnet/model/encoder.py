"""The encoder: GoogLeNet (Szegedy et al., arXiv 1409.4842) up to a cut, BatchNorm folded into the convolutions.

Layer names follow `torchvision.models.googlenet`, whose blocks use a 3x3 convolution where the paper has 5x5.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from artnet.model.config import POOL_BEFORE, STAGES

BATCHNORM_EPS = 1e-3  # torchvision's GoogLeNet

INCEPTION_WIDTHS = {  # 1x1, 3x3 reduce, 3x3, "5x5" reduce, "5x5", pool projection
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}


class ConvReLU(nn.Module):
    """Convolution with bias, then ReLU: torchvision's BasicConv2d with its BatchNorm folded."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1, padding: str = "zeros"):
        super().__init__()
        mode: Any = padding
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, padding_mode=mode)
        self.relu = nn.ReLU(inplace=True)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type, misc]

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.conv(x))


class WidthBook:
    """Hands out the width of each convolution: the given one, or the architecture's."""

    def __init__(self, widths: Mapping[str, int]):
        self.widths = widths

    def conv(
        self, name: str, in_channels: int, default: int, kernel: int, stride: int = 1, padding: str = "zeros"
    ) -> ConvReLU:
        width = self.widths.get(f"{name}.conv", default)
        return ConvReLU(in_channels, width, kernel, stride, padding)


class Inception(nn.Module):
    """Four parallel branches, concatenated."""

    def __init__(self, name: str, in_channels: int, book: WidthBook, padding: str):
        super().__init__()
        one, reduce3, three, reduce5, five, pool = INCEPTION_WIDTHS[name.rsplit(".", 1)[-1]]

        def pair(branch: str, reduce: int, out: int) -> nn.Sequential:
            first = book.conv(f"{name}.{branch}.0", in_channels, reduce, 1)
            width = first.conv.out_channels
            return nn.Sequential(first, book.conv(f"{name}.{branch}.1", width, out, 3, padding=padding))

        self.branch1 = book.conv(f"{name}.branch1", in_channels, one, 1)
        self.branch2 = pair("branch2", reduce3, three)
        self.branch3 = pair("branch3", reduce5, five)
        projection = book.conv(f"{name}.branch4.1", in_channels, pool, 1)
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), projection)
        last = [self.branch1, self.branch2[1], self.branch3[1], projection]
        self.out_channels: int = sum(int(m.get_submodule("conv").out_channels) for m in last)  # type: ignore[arg-type, misc]

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Encoder(nn.Module):
    """GoogLeNet up to `cut`.

    Args:
        cut: last stage, a key of `artnet.model.config.STAGES`.
        padding: 'reflect' or 'zeros' for its 3x3 and 7x7 convolutions.
        widths: output channels by convolution name, prefixed 'encoder.'.
    """

    def __init__(self, cut: str, padding: str = "zeros", widths: Mapping[str, int] | None = None):
        super().__init__()
        book = WidthBook(widths or {})
        self.channels: dict[str, int] = {}
        channels = 3
        plan = {"conv1": (64, 7, 2), "conv2": (64, 1, 1), "conv3": (192, 3, 1)}
        for name in ("conv1", "conv2", *list(STAGES)[1:]):
            if name in plan:
                default, kernel, stride = plan[name]
                layer = book.conv(f"encoder.{name}", channels, default, kernel, stride, padding)
                self.add_module(name, layer)
                channels = layer.conv.out_channels
            else:
                block = Inception(f"encoder.{name}", channels, book, padding)
                self.add_module(name, block)
                channels = block.out_channels
            self.channels[name] = channels
            if name == cut:
                break
        self.pools = nn.ModuleDict(
            {n: nn.MaxPool2d(k, 2, ceil_mode=True) for n, k in POOL_BEFORE.items() if n in self.channels}
        )

    def forward(self, picture: Tensor, wanted: Iterable[str]) -> dict[str, Tensor]:
        """Features (N, C, H / stride, W / stride) of the wanted stages of (N, 3, H, W) pictures in [0, 1]."""
        features = {}
        wanted = set(wanted)
        # The scaling is what torchvision's transform_input amounts to.
        x = (picture * 2 - 1).to(self.get_submodule("conv1.conv").weight.dtype)  # type: ignore[union-attr, arg-type]
        for name in self.channels:
            if name in self.pools:
                x = self.pools[name](x)
            x = self.get_submodule(name)(x)
            if name in wanted:
                features[name] = x
        return features


def fold_batchnorm(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Turn a torchvision GoogLeNet state dict into this encoder's: every BatchNorm folded into its convolution.

    Keys '<layer>.conv.weight' and '<layer>.bn.*' become '<layer>.conv.weight' and '<layer>.conv.bias'; the classifier
    and auxiliary heads are dropped.
    """
    folded = {}
    for key, weight in state.items():
        layer = key.removesuffix(".conv.weight")
        if layer == key or layer.startswith("aux"):
            continue
        scale = state[f"{layer}.bn.weight"] * (state[f"{layer}.bn.running_var"] + BATCHNORM_EPS).rsqrt()
        folded[key] = weight * scale[:, None, None, None]
        folded[f"{layer}.conv.bias"] = state[f"{layer}.bn.bias"] - state[f"{layer}.bn.running_mean"] * scale
    return folded


def load_googlenet(encoder: Encoder, state: Mapping[str, Tensor]) -> None:
    """Load a torchvision GoogLeNet state dict into an encoder of GoogLeNet's widths.

    Raises:
        ValueError: a layer of the encoder is missing in the state dict, or has another shape.
    """
    folded = fold_batchnorm(state)
    own = encoder.state_dict()
    for name, value in own.items():
        if name not in folded or folded[name].shape != value.shape:
            raise ValueError(f"the GoogLeNet weights do not fit layer {name}")
    encoder.load_state_dict({name: folded[name] for name in own})
