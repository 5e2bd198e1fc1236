"""The decoder: a light mirror of the encoder, one 3x3 convolution for each stride.

Bilinear (or nearest) upsampling and reflection padding (zero padding leaves a visible frame). The last step to full
size can be a sub-pixel convolution (Shi et al., arXiv 1609.05158), as layers at full size cost more time than all the
others. The published abstract does not give the decoder's layers; these are our own.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from artnet.model.config import PIXELS, ArtNetConfig, stage_stride
from artnet.model.encoder import ConvReLU, WidthBook


class Decoder(nn.Module):
    """Turns transferred features of every level of the config into a picture.

    Args:
        config: the network's shape.
        channels: width of each encoder stage.
    """

    def __init__(self, config: ArtNetConfig, channels: Mapping[str, int]):
        super().__init__()
        self.skip_at = {stage_stride(s): s for s in config.skips}
        self.config = config
        book = WidthBook(config.widths)
        width = channels[config.cut]
        self.strides = strides = config.decoder_strides
        finest = strides[-1]
        for stride in strides:
            skip = self.skip_at.get(stride)
            width += 3 if skip == PIXELS else channels[skip] if skip else 0
            layer = book.conv(f"decoder.conv{stride}", width, config.decoder[stride], 3, padding="reflect")
            self.add_module(f"conv{stride}", layer)
            width = layer.conv.out_channels
        self.output = nn.Conv2d(width, 3 * finest**2, 3, padding=1, padding_mode="reflect")
        # A small start: with a pixel skip the first outputs are the transferred picture, without one they are grey.
        # All pixels of a block start alike (arXiv 1707.02937): the start is nearest upsampling, without a checkerboard.
        start = 0.1 * (width * 9) ** -0.5 * torch.randn(3, width, 3, 3)
        self.output.weight = nn.Parameter(start.repeat_interleave(finest**2, 0))
        nn.init.constant_(self.output.bias, 0.0 if PIXELS in config.skips else 0.5)  # type: ignore[arg-type]

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """Picture (N, 3, H, W), about [0, 1] but not clamped, from the features of `config.levels`."""
        x = features[self.config.cut]
        for stride in self.strides:
            if stride != self.strides[0]:
                x = F.interpolate(x, scale_factor=2, mode=self.config.upsampling)
            if stride in self.skip_at:
                x = torch.cat([x, features[self.skip_at[stride]].to(x.dtype)], 1)
            layer: ConvReLU = self.get_submodule(f"conv{stride}")  # type: ignore[assignment]
            x = layer(x)
        picture = F.pixel_shuffle(self.output(x), self.strides[-1])
        # The pixel skip stays in float32 even in a bfloat16 network: eight bits of mantissa would show as bands.
        return picture + features[PIXELS] if PIXELS in features else picture
