"""Columns that networks see; a picture goes through them once, and what is kept of it is small.

Columns, lower is better but for ssim:
    style   relative distance of channel means and deviations at relu1_1 to relu4_1 of a VGG16 trunk
    gram    relative Frobenius distance of the Gram matrices of the same layers
    swd     sliced Wasserstein distance of relu3_1 features: local texture, beyond means and deviations
    hstyle, hgram, hswd   the same three with both pictures at half size: larger strokes
    mstyle  'style' as MobileNetV2 sees it, which the stylizer was not trained with
    content 1 - cosine similarity of instance-normalised relu4_1 features, of output and content
    mcont   'content' as MobileNetV2 sees it
    ssim    structural similarity of luma with the content
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from artnet.image.compose import LUMA
from artnet.image.damaged import reading
from artnet.model.precision import pick_dtype
from artnet.model.tensors import to_tensor
from artnet.training.losses import TEXTURE_LAYER, Statistics, VGGTrunk, gram_loss, moment_loss, statistics

COLUMNS = ("style", "gram", "swd", "hstyle", "hgram", "hswd", "mstyle", "content", "mcont", "ssim")
MOBILE_TAPS = (1, 3, 6, 10)
MOBILE_CONTENT = 2  # of the taps
DIRECTIONS, QUANTILES = 64, 4096  # of the sliced Wasserstein distance
WINDOW = 11  # pixels, of the structural similarity
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class MobileTrunk(nn.Module):
    """Four feature maps of torchvision's MobileNetV2.

    Args:
        path: safetensors file of its whole state, of any float type.
    """

    def __init__(self, path: Path):
        super().__init__()
        network = mobilenet_v2(weights=None)
        with reading(path, "a MobileNetV2"):
            state = load_file(path)
            network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
        self.layers = network.features[: MOBILE_TAPS[-1] + 1].eval().requires_grad_(False)
        self.mean, self.std = (torch.tensor(x).view(1, 3, 1, 1) for x in (IMAGENET_MEAN, IMAGENET_STD))

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Feature maps of (N, 3, H, W) pictures in [0, 1]."""
        x, found = (picture - self.mean) / self.std, []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index in MOBILE_TAPS:
                found.append(x)
        return found


@dataclass(frozen=True)
class Texture:
    """A VGG trunk's view of a picture at one size: statistics a layer, and (DIRECTIONS, QUANTILES) sorted features."""

    layers: list[Statistics]
    sorted: Tensor


@dataclass(frozen=True)
class View:
    """What the columns need of one picture.

    Attributes:
        full, half: textures at the picture's own and at half its size.
        mobile: statistics of MobileNetV2's layers.
        shapes: instance-normalised features of the trunk and of MobileNetV2, flat.
        luma: (1, 1, H, W).
    """

    full: Texture
    half: Texture
    mobile: list[Statistics]
    shapes: tuple[Tensor, Tensor]
    luma: Tensor


class Networks:
    """Both networks, on the CPU. The VGG trunk runs in bfloat16 where the CPU multiplies it: no column moves by .001.

    Args:
        vgg: see `VGGTrunk`.
        mobile: see `MobileTrunk`.
    """

    def __init__(self, vgg: Path, mobile: Path):
        self.vgg = VGGTrunk(vgg).to(memory_format=torch.channels_last)
        self.mobile = MobileTrunk(mobile)
        self.bfloat16 = pick_dtype(torch.device("cpu"))[0] == torch.bfloat16

    @torch.inference_mode()
    def view(self, picture: np.ndarray) -> View:
        """See an (H, W, 3) uint8 picture."""
        x = to_tensor(picture)
        full, shape = self.texture(x)
        mobile = self.mobile(x)
        luma = (x * x.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
        shapes = (normalised(shape), normalised(mobile[MOBILE_CONTENT]))
        return View(full, self.texture(F.avg_pool2d(x, 2))[0], [statistics(f) for f in mobile], shapes, luma)

    def texture(self, picture: Tensor) -> tuple[Texture, Tensor]:
        """The texture of a (1, 3, H, W) picture, and its relu4_1 features."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            taps = self.vgg(picture.contiguous(memory_format=torch.channels_last))
        taps = [tap.float() for tap in taps]
        return Texture([statistics(tap) for tap in taps], sorted_projections(taps[TEXTURE_LAYER])), taps[-1]


def normalised(features: Tensor) -> Tensor:
    """Instance-normalised (1, C, H, W) features, flat."""
    return F.instance_norm(features).flatten()


def sorted_projections(features: Tensor) -> Tensor:
    """(DIRECTIONS, QUANTILES) values of (1, C, H, W) features along fixed random directions, each row sorted."""
    generator = torch.Generator().manual_seed(0)
    directions = F.normalize(torch.randn(DIRECTIONS, features.shape[1], generator=generator), dim=1)
    values = torch.from_numpy(np.sort((directions @ features.flatten(2)[0]).numpy()))  # a tenth of torch's time
    return F.interpolate(values[None], size=QUANTILES, mode="linear", align_corners=True)[0]


def texture_columns(out: Texture, style: Texture) -> list[float]:
    """Distances of moments, Gram matrices and sorted features."""
    swd = (out.sorted - style.sorted).abs().mean() / style.sorted.std()
    return [moment_loss(out.layers, style.layers).item(), gram_loss(out.layers, style.layers).item(), swd.item()]


def blurred(x: Tensor) -> Tensor:
    """Means over windows, down and then across, which is much faster than both at once."""
    return F.avg_pool2d(F.avg_pool2d(x, (WINDOW, 1), 1), (1, WINDOW), 1)


def similarity(x: Tensor, y: Tensor) -> float:
    """Structural similarity of two (1, 1, H, W) pictures in [0, 1], in windows of equal weight."""
    mx, my, xx, yy, xy = (blurred(t) for t in (x, y, x * x, y * y, x * y))
    vx, vy, both = xx - mx**2, yy - my**2, xy - mx * my
    score = ((2 * mx * my + 1e-4) * (2 * both + 9e-4)) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4))
    return score.mean().item()


@torch.inference_mode()
def columns(out: View, content: View, style: View) -> list[float]:
    """The values of `COLUMNS`."""
    kept = [1 - F.cosine_similarity(a, b, dim=0).item() for a, b in zip(out.shapes, content.shapes, strict=True)]
    return [
        *texture_columns(out.full, style.full),
        *texture_columns(out.half, style.half),
        moment_loss(out.mobile, style.mobile).item(),
        *kept,
        similarity(out.luma, content.luma),
    ]
