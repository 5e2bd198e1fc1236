"""DenseNet in its CIFAR form (Huang et al., arXiv 1608.06993), without bottlenecks and compression."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DenseLayer(nn.Module):
    """Normalise, ReLU, 3x3 convolution; the new channels are put behind the old ones."""

    def __init__(self, into: int, growth: int) -> None:
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(into), nn.Conv2d(into, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.conv(F.relu(self.norm(x)))], 1)


class Transition(nn.Sequential):
    """Between two dense blocks: 1x1 convolution and half the size."""

    def __init__(self, width: int) -> None:
        super().__init__(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 1, bias=False), nn.AvgPool2d(2))


class DenseNet(nn.Module):
    """A stem, three dense blocks with transitions between them, the mean, a linear layer.

    Args:
        layers: per block.
        growth: channels that each layer adds.
        classes: outputs.
        channels: of the picture.
    """

    def __init__(self, layers: int, growth: int, classes: int, channels: int) -> None:
        super().__init__()
        width = 16
        parts: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1, bias=False)]
        for block in range(3):
            parts += [Transition(width)] if block else []
            parts += [DenseLayer(width + i * growth, growth) for i in range(layers)]
            width += layers * growth
        self.features = nn.Sequential(*parts, nn.BatchNorm2d(width), nn.ReLU())
        self.classifier = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) with H, W at least 4 to logits (N, classes)."""
        return self.classifier(self.features(x).mean((2, 3)))


def densenet(depth: int, classes: int = 10, channels: int = 3, *, growth: int = 12) -> DenseNet:
    """A DenseNet of the given depth; DenseNet-40 with growth 12 has 1.0 M parameters.

    Args:
        depth: 3 n + 4 for n layers in each of the three blocks.
        classes: outputs.
        channels: of the picture.
        growth: channels that each layer adds.

    Raises:
        ValueError: a depth that no whole number of layers gives.
    """
    if depth < 7 or (depth - 4) % 3:
        raise ValueError(f"depth must be 3 n + 4 for n = 1, 2, ..., got {depth}")
    return DenseNet((depth - 4) // 3, growth, classes, channels)
