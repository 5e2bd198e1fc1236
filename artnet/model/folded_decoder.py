"""A trained decoder with its upsampling folded into its convolutions: the form that engines run."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from artnet.model.config import PIXELS
from artnet.model.decoder import Decoder
from artnet.model.upsampling import phases_bias, phases_kernel, upsampled_kernel


class FoldedDecoder(nn.Module):
    """What a `Decoder` computes, several times as fast at full size; see `artnet.model.upsampling`.

    Args:
        decoder: copied, float32.
    """

    def __init__(self, decoder: Decoder):
        super().__init__()
        config = decoder.config
        self.config, self.skip_at = config, decoder.skip_at
        self.first = decoder.get_submodule(f"conv{config.stride}")
        self.above, self.beside = nn.ModuleDict(), nn.ModuleDict()
        width: int = self.first.get_submodule("conv").out_channels  # type: ignore[assignment]
        for stride in config.decoder_strides[1:]:
            conv: nn.Conv2d = decoder.get_submodule(f"conv{stride}.conv")  # type: ignore[assignment]
            weight = conv.weight.detach()
            folded = upsampled_kernel(weight[:, :width].numpy(), config.upsampling)
            self.above[str(stride)] = convolution(folded, conv.bias, "replicate")
            if stride in self.skip_at:
                self.beside[str(stride)] = convolution(weight[:, width:].numpy(), None, "reflect")
            width = conv.out_channels
        self.output: nn.Module = decoder.output
        if config.ends_in_phases:
            kernel = phases_kernel(decoder.output.weight.detach().numpy())
            self.output = convolution(kernel, decoder.output.bias, "replicate")

    def forward(self, features: Mapping[str, Tensor]) -> Tensor:
        """See `Decoder.forward`."""
        x = self.first(features[self.config.cut])
        for stride, layer in self.above.items():
            x = layer(x)
            if stride != "1" or not self.config.ends_in_phases:
                x = F.pixel_shuffle(x, 2)
            if stride in self.beside:
                x = x + self.beside[stride](features[self.skip_at[int(stride)]].to(x.dtype))
            x = F.relu(x)
        picture = F.pixel_shuffle(self.output(x), 2 if self.config.ends_in_phases else self.config.decoder_strides[-1])
        return picture + features[PIXELS] if PIXELS in features else picture


def convolution(weight: np.ndarray, bias: Tensor | None, padding: Literal["reflect", "replicate"]) -> nn.Conv2d:
    """A 3x3 convolution with these weights; a bias that is given goes to every phase."""
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], 3, 1, 1, bias=bias is not None, padding_mode=padding)
    layer.weight = nn.Parameter(torch.from_numpy(weight))
    if bias is not None:
        layer.bias = nn.Parameter(torch.from_numpy(phases_bias(bias.detach().numpy())))
    return layer
