"""ResNets in their CIFAR form (He et al., arXiv 1512.03385, 1603.05027): three stages on one residual stream each.

Shortcuts that change the width are 1x1 convolutions: the published zero padding of channels ties a stage's channels to
positions in the next stage, which no channel removal can keep.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, normalised, and the shortcut; ReLU after the sum."""

    def __init__(self, into: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(into, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.norm2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        same = into == out and stride == 1
        self.shortcut = (
            nn.Identity() if same else nn.Sequential(nn.Conv2d(into, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        )

    def forward(self, x: Tensor) -> Tensor:
        branch = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(branch + self.shortcut(x))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions, each behind its normalisation and ReLU, and the shortcut; nothing after the sum.

    `out` is the width of the stream, four times the width inside.
    """

    def __init__(self, into: int, out: int, stride: int) -> None:
        super().__init__()
        inner = out // 4
        self.norm1, self.conv1 = nn.BatchNorm2d(into), nn.Conv2d(into, inner, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(inner), nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.norm3, self.conv3 = nn.BatchNorm2d(inner), nn.Conv2d(inner, out, 1, bias=False)
        same = into == out and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(into, out, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        branch = self.conv1(F.relu(self.norm1(x)))
        branch = self.conv2(F.relu(self.norm2(branch)))
        return self.conv3(F.relu(self.norm3(branch))) + self.shortcut(x)


class ResNet(nn.Module):
    """A stem, three stages of residual blocks (the second and third at half the size), the mean, a linear layer.

    Args:
        blocks: per stage.
        widths: of the three stages; bottlenecks have streams four times as wide.
        bottleneck: pre-activated bottlenecks instead of basic blocks.
        classes: outputs.
        channels: of the picture.
    """

    def __init__(self, blocks: int, widths: Sequence[int], bottleneck: bool, classes: int, channels: int) -> None:
        super().__init__()
        kind, factor = (Bottleneck, 4) if bottleneck else (BasicBlock, 1)
        into = widths[0]
        self.stem = nn.Conv2d(channels, into, 3, padding=1, bias=False)
        self.stem_norm = nn.Identity() if bottleneck else nn.BatchNorm2d(into)
        stages: list[nn.Module] = []
        for i, width in enumerate(widths):
            stage = [kind(into, factor * width, 2 if i else 1)]
            stage += [kind(factor * width, factor * width, 1) for _ in range(blocks - 1)]
            stages.append(nn.Sequential(*stage))
            into = factor * width
        self.stages = nn.Sequential(*stages)
        self.norm = nn.BatchNorm2d(into) if bottleneck else nn.Identity()
        self.bottleneck = bottleneck
        self.classifier = nn.Linear(into, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to logits (N, classes)."""
        x = self.stem_norm(self.stem(x))
        x = self.stages(x if self.bottleneck else F.relu(x))
        return self.classifier(F.relu(self.norm(x)).mean((2, 3)))


def resnet(
    depth: int, classes: int = 10, channels: int = 3, *, widths: Sequence[int] = (16, 32, 64), bottleneck: bool = False
) -> ResNet:
    """A ResNet of the given depth.

    Args:
        depth: 6 n + 2 for basic blocks (8, 20, 32, 56, 110), 9 n + 2 for bottlenecks (164); n blocks per stage.
        classes: outputs.
        channels: of the picture.
        widths: of the three stages.
        bottleneck: see `ResNet`.

    Raises:
        ValueError: a depth that no whole number of blocks gives.
    """
    per_block = 9 if bottleneck else 6
    if depth < per_block + 2 or (depth - 2) % per_block:
        raise ValueError(f"depth must be {per_block} n + 2 for n = 1, 2, ..., got {depth}")
    return ResNet((depth - 2) // per_block, widths, bottleneck, classes, channels)
