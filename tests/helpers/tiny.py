"""Tiny stand-ins that tests of several folders build."""

import numpy as np
import torch

from artnet.model.config import ArtNetConfig
from artnet.model.network import ArtNet


def tiny_config(**changes):
    """GoogLeNet's shape at about an eighth of its width."""
    full = ArtNet(ArtNetConfig(**changes))
    widths = {
        name: max(2, module.out_channels // 8)
        for name, module in full.named_modules()
        if isinstance(module, torch.nn.Conv2d) and name != "decoder.output"
    }
    return ArtNetConfig(**changes, widths=widths)


def noise_picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
