"""Perceptual losses over a frozen VGG trunk, and the term that empties channels.

Content and moment losses follow Huang and Belongie (arXiv 1703.06868); each is relative, so that no picture and no
layer dominates. Gram (Gatys et al., arXiv 1508.06576) and sliced Wasserstein (Heitz et al., arXiv 2006.07229) terms see
what means and deviations do not: how channels occur together, and their whole distribution. Gram matrices across layers
(Yeh et al., arXiv 1910.09447) tie fine marks to the shapes that they are part of; relaxed earth mover's distance and
self-similarity (Kolkin et al., arXiv 1904.12785) let strokes move what a pinned content feature would hold in place.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from kornia.losses import total_variation
from safetensors import safe_open
from torch import Tensor, nn
from torchvision.models import VGG16_Weights, vgg16, vgg19

from artnet.image.damaged import reading
from artnet.model.encoder import ConvReLU
from artnet.model.tensors import luma

TEXTURE_LAYER = 2  # relu3_1, where the sliced Wasserstein distance is taken
DIRECTIONS = 32
POSITIONS = 256
"""At most so many positions of a feature map are compared with each other."""
TONE_BLOCK = 8
LATTICE = 4
"""Pixels between the lines of a lattice: the stride of the decoder's second layer."""
FARTHEST = 8
"""Pixels that a photo is moved by, at most, to see whether its painting only moves along."""
NOISE = 0.02
"""Deviation of the noise that a camera adds to it meanwhile, of values in [0, 1]."""
FLAT_SHARE = 0.4
"""The share of a photo, its least changing part, that is to be as lively as the style."""


class VGGTrunk(nn.Module):
    """relu1_1, relu2_1, relu3_1 and relu4_1 of a frozen VGG16 or VGG19.

    Args:
        path: safetensors file with torchvision's `features.N.weight` names; None takes torchvision's IMAGENET1K_V1
            VGG16. A file whose metadata says "BGR" is fed BGR, 0-255, minus the Caffe means; any other RGB,
            ImageNet-normalised.
    """

    def __init__(self, path: str | Path | None = None):
        super().__init__()
        if path is None:
            state, caffe = vgg16(weights=VGG16_Weights.IMAGENET1K_V1).features.state_dict(), False
        else:
            with reading(path, "a VGG trunk"), safe_open(path, "pt") as file:
                caffe = "BGR" in " ".join((file.metadata() or {}).values())
                state = {k.removeprefix("features."): file.get_tensor(k).float() for k in file.keys()}  # noqa: SIM118
        deep = "16.weight" in state  # VGG19 has a fourth convolution in its third block
        self.taps = (1, 6, 11, 20 if deep else 18)
        layers = (vgg19 if deep else vgg16)(weights=None).features[: self.taps[-1] + 1]
        missing = [k for k in layers.state_dict() if k not in state]
        if missing:
            raise ValueError(f"{path} is not a VGG trunk up to relu4_1: features.{missing[0]} is missing")
        with reading(path or "torchvision's file", "a VGG trunk"):
            layers.load_state_dict({k: state[k] for k in layers.state_dict()})
        self.layers = layers.eval().requires_grad_(False)
        for layer in self.layers:
            if isinstance(layer, nn.ReLU):
                layer.inplace = False
        mean, scale = ([104.00699, 116.66877, 122.67892], 255.0) if caffe else ([0.485, 0.456, 0.406], 1.0)
        std = [1.0, 1.0, 1.0] if caffe else [0.229, 0.224, 0.225]
        self.caffe = caffe
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1) / scale)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1) / scale)
        self.mean: Tensor
        self.std: Tensor

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Four feature maps of (N, 3, H, W) pictures in [0, 1]."""
        x = picture[:, [2, 1, 0]] if self.caffe else picture
        x = (x - self.mean) / self.std
        out = []
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i in self.taps:
                out.append(x)
        return out


def random_view() -> Callable[[Tensor], Tensor]:
    """One way to look at pictures, to be used for all pictures of a step: what a loss compares must not depend on it.

    Turned, mirrored, with the colour channels exchanged. A network trained under one fixed trunk learns that trunk's
    blind spots: its pictures score well there and worse under any other network. This view is our own.
    """
    turns, mirrored = int(torch.randint(4, ())), bool(torch.rand(()) < 0.5)
    channels = torch.randperm(3).tolist()

    def view(pictures: Tensor) -> Tensor:
        x = pictures[:, channels].rot90(turns, (2, 3))
        x = x.flip(3) if mirrored else x
        return x.contiguous(memory_format=torch.channels_last)

    return view


class Statistics(NamedTuple):
    """Means (N, C), deviations (N, C) and Gram matrices (N, C, C), float32, of one layer's features."""

    mean: Tensor
    std: Tensor
    gram: Tensor


def statistics(features: Tensor) -> Statistics:
    """Statistics of (N, C, H, W) over positions, by two matrix products in the features' dtype.

    Second moments are the Gram matrix's diagonal: under bfloat16 the deviations are good to about half a percent, and
    no float32 copy of the largest feature maps is ever made, which would cost more time than the products.
    """
    flat = features.permute(0, 2, 3, 1).flatten(1, 2)  # (N, L, C), a view of channels_last features
    count = flat.shape[1]
    mean = (flat.new_ones(1, 1, count).expand(len(flat), -1, -1) @ flat).float()[:, 0] / count
    gram = (flat.transpose(1, 2) @ flat).float() / count
    variance = gram.diagonal(dim1=1, dim2=2) - mean.square()
    return Statistics(mean, (variance.clamp(min=0) + 1e-5).sqrt(), gram)


def moment_loss(out: list[Statistics], style: list[Statistics]) -> Tensor:
    """Squared distance of channel means and deviations over their squared size, mean over layers and pictures."""
    terms = []
    for x, y in zip(out, style, strict=True):
        distance = (x.mean - y.mean).square().sum(1) + (x.std - y.std).square().sum(1)
        terms.append((distance / (y.mean.square().sum(1) + y.std.square().sum(1))).mean())
    return torch.stack(terms).mean()


def gram_loss(out: list[Statistics], style: list[Statistics]) -> Tensor:
    """Frobenius distance of Gram matrices over the style's Frobenius norm, mean over layers and pictures."""
    terms = []
    for x, y in zip(out, style, strict=True):
        distance = ((x.gram - y.gram).square().sum((1, 2)) + 1e-8).sqrt()
        terms.append((distance / y.gram.square().sum((1, 2)).sqrt()).mean())
    return torch.stack(terms).mean()


def texture_loss(out: Tensor, style: Tensor) -> Tensor:
    """Sliced Wasserstein distance of (N, C, H, W) features along random directions, relative to the style's spread."""
    return sliced_wasserstein(out.flatten(2), style.flatten(2))


def sliced_wasserstein(out: Tensor, style: Tensor) -> Tensor:
    """Mean distance of (N, C, L) rows along random directions once sorted, relative to the style's deviation."""
    directions = F.normalize(torch.randn(DIRECTIONS, out.shape[1], device=out.device), dim=1)
    a, b = ((directions @ x).float().sort(dim=2).values for x in (out, style))
    return ((a - b).abs().mean((1, 2)) / (b.std((1, 2)) + 1e-6)).mean()


def flat_positions(photos: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, L) indices into a (H, W) grid over each of (N, 3, .., ..) photos: where light changes least, L of H * W."""
    grey = F.interpolate(luma(photos.float()), size=size, mode="area")
    around = F.pad(grey, (2, 2, 2, 2), mode="replicate")
    spread = F.max_pool2d(around, 5, stride=1) + F.max_pool2d(-around, 5, stride=1)
    return spread.flatten(1).topk(int(FLAT_SHARE * spread[0].numel()), largest=False).indices


def flat_loss(out: Tensor, style: Tensor, photos: Tensor) -> Tensor:
    """Sliced Wasserstein distance between features where the photo is flat and as many of the style's, taken anywhere.

    Over the whole picture, edges of the photo may stand in for the style's strokes; here nothing can but strokes.

    Args:
        out, style: (N, C, H, W) features.
        photos: (N, 3, .., ..) what was painted.
    """
    where = flat_positions(photos, (out.shape[2], out.shape[3]))
    here = out.flatten(2).gather(2, where[:, None].expand(-1, out.shape[1], -1))
    anywhere = torch.randperm(style[0, 0].numel(), device=style.device)[: where.shape[1]]
    return sliced_wasserstein(here, style.flatten(2)[:, :, anywhere])


def cross_gram(fine: Tensor, coarse: Tensor) -> Tensor:
    """(N, C, D) mean products of every fine channel, averaged to the coarse layer's size, with every coarse one.

    Args:
        fine: (N, C, 2H, 2W) features.
        coarse: (N, D, H, W) features of a deeper layer.
    """
    pooled = F.interpolate(fine, size=coarse.shape[2:], mode="area").flatten(2)
    return (pooled @ coarse.flatten(2).transpose(1, 2)).float() / pooled.shape[2]


def cross_gram_loss(out: list[Tensor], style: list[Tensor]) -> Tensor:
    """Frobenius distance of the Gram matrices across relu3_1 and relu4_1, over the style's Frobenius norm."""
    x, y = cross_gram(out[2], out[3]), cross_gram(style[2], style[3])
    distance = ((x - y).square().sum((1, 2)) + 1e-8).sqrt()
    return (distance / (y.square().sum((1, 2)).sqrt() + 1e-8)).mean()


def sample_positions(*features: Tensor) -> list[Tensor]:
    """(N, L, C) rows of each (N, C, H, W), at the same random positions where all are of one size; L <= POSITIONS."""
    count = features[0][0, 0].numel()
    chosen = torch.randperm(count)[:POSITIONS].to(features[0].device) if count > POSITIONS else slice(None)
    return [x.flatten(2)[:, :, chosen].transpose(1, 2) for x in features]


def cosine_distances(x: Tensor, y: Tensor) -> Tensor:
    """(N, L, M) distances 0..2 between the rows of (N, L, C) and (N, M, C)."""
    return 1 - (F.normalize(x, dim=2) @ F.normalize(y, dim=2).transpose(1, 2)).float()


def relaxed_emd_loss(out: list[Tensor], style: list[Tensor]) -> Tensor:
    """Relaxed earth mover's distance of features centred at the style's mean, mean over relu3_1 and relu4_1.

    Every position of the picture must be near some position of the style, and every one of the style near some
    position of the picture: the larger of the two mean distances counts, so that all of the style's marks are used.
    """
    terms = []
    for x, y in zip(out[2:], style[2:], strict=True):
        centre = y.mean((2, 3), keepdim=True)
        distances = cosine_distances(*sample_positions(x - centre, y - centre))
        terms.append(torch.maximum(distances.amin(1).mean(1), distances.amin(2).mean(1)).mean())
    return torch.stack(terms).mean()


def self_similarity_loss(out: list[Tensor], content: list[Tensor]) -> Tensor:
    """How differently positions resemble each other in the picture and in its content, mean over relu3_1 and relu4_1.

    Of each picture the distances between positions are taken, each position's over their mean; 0 is the same layout
    whatever the colours and textures are.
    """
    terms = []
    for x, y in zip(out[2:], content[2:], strict=True):
        shapes = []
        for rows in sample_positions(x - x.mean((2, 3), keepdim=True), y - y.mean((2, 3), keepdim=True)):
            distances = cosine_distances(rows, rows)
            shapes.append(distances / (distances.mean(1, keepdim=True) + 1e-6))
        terms.append((shapes[0] - shapes[1]).abs().mean())
    return torch.stack(terms).mean()


def content_loss(out: list[Tensor], content: list[Tensor]) -> Tensor:
    """1 - cosine similarity of instance-normalised features: 3/4 of the sum over relu3_1 and relu4_1."""
    total = torch.zeros((), device=out[0].device)
    for x, y in ((out[2], content[2]), (out[3], content[3])):
        a, b = (F.instance_norm(t.float()).flatten(1) for t in (x[: len(y)], y))
        total = total + 0.75 * (1 - F.cosine_similarity(a, b)).mean()
    return total


def tone_loss(out: Tensor, content: Tensor) -> Tensor:
    """1 - correlation of luma in blocks of TONE_BLOCK pixels, of (N, 3, H, W) pictures: 0 where light stays light.

    Feature distances forgive light and dark that change places inside an object, an eye reads it as another object.
    """
    x, y = (F.avg_pool2d(luma(p.float()), TONE_BLOCK).flatten(1) for p in (out, content))
    x, y = (t - t.mean(1, keepdim=True) for t in (x, y))
    return (1 - F.cosine_similarity(x, y, eps=1e-4)).mean()


def lattice_loss(out: Tensor) -> Tensor:
    """How much of the marks of (N, 3, H, W) pictures is one block of LATTICE pixels, the same everywhere: 0..1.

    Upsampled noise is not as strong beside the positions that it came from as between them; once a ReLU has cut it,
    its mean is not the same there either, and plain colours show lines. Pooled features do not tell where they lie.
    """
    light = luma(out.float())
    blocks = F.pixel_unshuffle(light, LATTICE)  # (N, LATTICE^2, rows, columns)
    marks = blocks - blocks.mean(1, keepdim=True)
    return (marks.mean((2, 3)).square().mean(1) / (marks.square().mean((1, 2, 3)) + 1e-6)).mean()


def draw_move() -> tuple[int, int]:
    """(rows, columns) to move by, each -FARTHEST..FARTHEST."""
    rows, columns = torch.randint(-FARTHEST, FARTHEST + 1, (2,)).tolist()
    return rows, columns


def moved_and_noisy(photos: Tensor, move: tuple[int, int]) -> Tensor:
    """(N, 3, H, W) as the next frame of a camera that moved; what leaves comes in on the other side."""
    noisy = photos + NOISE * torch.randn_like(photos)
    return noisy.roll(move, (2, 3)).clamp(0, 1).contiguous(memory_format=torch.channels_last)


def steady_loss(out: Tensor, again: Tensor, move: tuple[int, int]) -> Tensor:
    """Mean absolute difference of (N, 3, H, W) paintings, the first moved as the photos of the second were.

    Wen et al. (arXiv 2303.17867) keep videos steady by such a term, without optical flow. A border of FARTHEST pixels
    is left out.
    """
    inside = (..., slice(FARTHEST, -FARTHEST), slice(FARTHEST, -FARTHEST))
    return (out.roll(move, (2, 3)) - again)[inside].abs().mean()


def perceptual_loss(out: list[Tensor], target: list[Tensor]) -> Tensor:
    """Squared feature distance over squared feature size, mean over layers."""
    pairs = [(x.float(), y.float()) for x, y in zip(out, target, strict=True)]
    return torch.stack([F.mse_loss(x, y) / (y.square().mean() + 1e-6) for x, y in pairs]).mean()


def variation_loss(picture: Tensor) -> Tensor:
    """Total variation for each pixel and channel of (N, 3, H, W)."""
    return total_variation(picture, reduction="mean").mean()


class SparsityMeter:
    """Measures, during forward passes, how evenly a network uses its channels; minimising it empties channels.

    For each ConvReLU, with r the root mean square of every channel: sum(r) / (sqrt(C) * ||r||), between 1 / sqrt(C)
    (one channel does all) and 1 (all alike): scale-free, as following weights could undo any shrinking. Its gradient at
    a weak channel does not fade, so the channel's ReLU closes for good. Layers are weighted by their multiplications.
    This term is our own; the paper's way to empty channels is not known.
    """

    def __init__(self, network: nn.Module):
        self.network = network
        self.terms: list[tuple[float, Tensor]] = []

    def record(self, layer: ConvReLU, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        rms = (output.float().square().mean((0, 2, 3)) + 1e-10).sqrt()
        evenness = rms.sum() / (rms.numel() ** 0.5 * rms.norm() + 1e-8)
        self.terms.append((layer.conv.weight.numel() * output.shape[2] * output.shape[3], evenness))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Record every forward pass within."""
        self.terms = []
        hooks = [m.register_forward_hook(self.record) for m in self.network.modules() if isinstance(m, ConvReLU)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def loss(self) -> Tensor:
        """Weighted mean of what was recorded, between 0 and 1."""
        if not self.terms:
            raise ValueError("nothing was recorded: run the network inside `with meter.watching():` first")
        total = sum(macs for macs, _ in self.terms)
        return torch.stack([evenness * (macs / total) for macs, evenness in self.terms]).sum()
