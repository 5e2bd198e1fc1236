"""ArtNet: encode, transfer, decode."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch.nn.functional as F
from torch import Tensor, nn

from artnet.config import PIXELS, ArtNetConfig
from artnet.decoder import Decoder
from artnet.encoder import Encoder
from s2transform import PreparedStyle, blend, prepare_style, transfer

Features = dict[str, Tensor]
"""Level name -> (N, C, H / stride, W / stride)."""
StyleLevels = dict[str, PreparedStyle]


class ArtNet(nn.Module):
    """The style-transfer network.

    Pictures are (N, 3, H, W) float in [0, 1] with H and W multiples of `config.stride` (`pad_to_stride` makes them so).
    """

    def __init__(self, config: ArtNetConfig | None = None):
        super().__init__()
        self.config = config or ArtNetConfig()
        self.encoder = Encoder(self.config.cut, self.config.encoder_padding, self.config.widths)
        self.decoder = Decoder(self.config, self.encoder.channels)

    def encode(self, picture: Tensor) -> Features:
        """Features of every level of the config, the picture itself included where it is one."""
        features = self.encoder(picture, self.config.levels)
        if PIXELS in self.config.skips:
            features[PIXELS] = picture
        return features

    def prepare(self, features: Features, *, swap: bool = True) -> StyleLevels:
        """What the transfer needs of a style's features: moments everywhere, patches at the bottleneck."""
        return {
            level: prepare_style(x, swap=swap and level == self.config.cut, bank_stride=self.config.bank_stride)
            for level, x in features.items()
        }

    def transfer(
        self,
        content: Features,
        styles: Sequence[StyleLevels],
        weights: Sequence[float] = (1.0,),
        *,
        method: str = "s2",
        strength: float = 1.0,
    ) -> Features:
        """Move the content's features to the styles': the method at the bottleneck, AdaIN at the skips."""
        moved = {}
        for level, x in content.items():
            at_level = method if level == self.config.cut else "adain"
            moved[level] = blend(x, [transfer(x, s[level], at_level) for s in styles], weights, strength)
        return moved

    def decode(self, features: Mapping[str, Tensor]) -> Tensor:
        """Picture (N, 3, H, W) from (transferred) features, not clamped."""
        return self.decoder(features)

    def forward(self, picture: Tensor, style: Tensor | None = None, method: str = "s2") -> Tensor:
        """Paint pictures like styles (as many, or one); without a style, encode and decode them as they are."""
        features = self.encode(picture)
        if style is not None:
            prepared = self.prepare(self.encode(style), swap=method == "s2")
            features = self.transfer(features, [prepared], method=method)
        return self.decode(features)


def pad_to_stride(picture: Tensor, stride: int) -> Tensor:
    """Repeat the right and bottom edge of (N, 3, H, W) until both sides are multiples of stride, at least two strides.

    Two strides, because the bottleneck's features must be padded by reflection.
    """
    height, width = (max(2, -(-side // stride)) * stride for side in picture.shape[2:])
    return F.pad(picture, (0, width - picture.shape[3], 0, height - picture.shape[2]), mode="replicate")


def config_of(network: ArtNet) -> ArtNetConfig:
    """The config with every convolution's present width: rebuilds the network after surgery."""
    names = {n: m.out_channels for n, m in network.named_modules() if isinstance(m, nn.Conv2d)}
    del names["decoder.output"]
    return replace(network.config, widths=names)
