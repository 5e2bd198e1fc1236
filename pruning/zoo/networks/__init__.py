"""Classifiers in their CIFAR forms, for pictures of 16 to 64 pixels.

    model = networks.build("resnet20", classes=10, channels=3)

The networks of torchvision need nothing from here. Weights are random; seed torch before building.
"""

from collections.abc import Callable
from functools import partial

from torch import nn

from pruning.zoo.networks.densenet import DenseNet, densenet
from pruning.zoo.networks.resnet import ResNet, resnet
from pruning.zoo.networks.vgg import VGG, vgg16

NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "vgg16": vgg16,
    **{f"resnet{depth}": partial(resnet, depth) for depth in (8, 20, 32, 56, 110)},
    "resnet164": partial(resnet, 164, bottleneck=True),
    "densenet40": partial(densenet, 40),
}
"""Builders by name; each takes classes and channels."""

__all__ = ["NETWORKS", "VGG", "DenseNet", "ResNet", "build", "densenet", "resnet", "vgg16"]


def build(name: str, classes: int = 10, channels: int = 3) -> nn.Module:
    """The network of this name with random weights.

    Raises:
        ValueError: there is none; the message lists the names.
    """
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}; valid: {', '.join(NETWORKS)}")
    return NETWORKS[name](classes, channels)
