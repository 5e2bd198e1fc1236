"""The decoder: a light mirror of the encoder, one 3x3 convolution for each stride.

Nearest upsampling and reflection padding (zero padding leaves a visible frame). The published abstract does not give
the decoder's layers; these are our own.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from artnet.config import PIXELS, ArtNetConfig, stage_stride
from artnet.encoder import ConvReLU, WidthBook


class Decoder(nn.Module):
    """Turns transferred features of every level of the config into a picture.

    Args:
        config: the network's shape.
        channels: width of each encoder stage.
    """

    def __init__(self, config: ArtNetConfig, channels: Mapping[str, int]):
        super().__init__()
        self.skip_at = {stage_stride(s): s for s in config.skips}
        self.cut = config.cut
        book = WidthBook(config.widths)
        width = channels[config.cut]
        strides = [s for s in sorted(config.decoder, reverse=True) if s <= config.stride]
        if strides != [2**k for k in range(config.stride.bit_length() - 1, -1, -1)]:
            raise ValueError(f"decoder needs a width for every stride from {config.stride} to 1, got {config.decoder}")
        self.strides = strides
        for stride in strides:
            skip = self.skip_at.get(stride)
            width += 3 if skip == PIXELS else channels[skip] if skip else 0
            layer = book.conv(f"decoder.conv{stride}", width, config.decoder[stride], 3, padding="reflect")
            self.add_module(f"conv{stride}", layer)
            width = layer.conv.out_channels
        self.output = nn.Conv2d(width, 3, 3, padding=1, padding_mode="reflect")
        # A small start: with a pixel skip the first outputs are the transferred picture, without one they are grey.
        nn.init.normal_(self.output.weight, std=0.1 * (width * 9) ** -0.5)
        nn.init.constant_(self.output.bias, 0.0 if PIXELS in config.skips else 0.5)  # type: ignore[arg-type]

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Picture (N, 3, H, W), about [0, 1] but not clamped, from the features of `config.levels`."""
        x = features[self.cut]
        for stride in self.strides:
            if stride != self.strides[0]:
                x = F.interpolate(x, scale_factor=2, mode="nearest")
            if stride in self.skip_at:
                x = torch.cat([x, features[self.skip_at[stride]].to(x.dtype)], 1)
            layer: ConvReLU = self.get_submodule(f"conv{stride}")  # type: ignore[assignment]
            x = layer(x)
        picture = self.output(x)
        # The pixel skip stays in float32 even in a bfloat16 network: eight bits of mantissa would show as bands.
        return picture + features[PIXELS] if PIXELS in features else picture
