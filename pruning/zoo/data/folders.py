"""Data sets from disk through torchvision: CIFAR and folders with one subfolder per class."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset, Subset
from torchvision import datasets
from torchvision.transforms import v2

from pruning.zoo.data.splits import Splits

CIFAR: dict[str, tuple[type[datasets.CIFAR10], int]] = {
    "cifar10": (datasets.CIFAR10, 10),
    "cifar100": (datasets.CIFAR100, 100),
}
CIFAR_MEAN, CIFAR_STD = (0.491, 0.482, 0.447), (0.247, 0.243, 0.262)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
VALIDATION = 0.1
"""Share of the training pictures that is set aside."""


def cifar(name: str, root: str | Path, *, download: bool = False, seed: int = 0) -> Splits:
    """CIFAR-10 or CIFAR-100: (3, 32, 32), normalised; training pictures shifted by up to 4 px and mirrored at random.

    torchvision unpickles these files, after comparing them with the published checksums.

    Args:
        name: 'cifar10' or 'cifar100'.
        root: folder of the extracted archive, as torchvision keeps it.
        download: fetch the archive if it is not there.
        seed: of the division into training and validation.

    Raises:
        ValueError: an unknown name, or the files are not there or damaged.
    """
    if name not in CIFAR:
        raise ValueError(f"unknown data set {name!r}; valid: {', '.join(CIFAR)}")
    kind, classes = CIFAR[name]
    plain = _transform(CIFAR_MEAN, CIFAR_STD)
    varied = _transform(CIFAR_MEAN, CIFAR_STD, v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip())
    try:
        train, still, test = (
            kind(str(root), train=part, transform=how, download=download)
            for part, how in ((True, varied), (True, plain), (False, plain))
        )
    except RuntimeError as error:
        raise ValueError(f"{name} in {root}: {error}") from error
    return Splits(*_set_aside(train, still, seed), test, classes, (3, 32, 32))


def image_folder(root: str | Path, size: int = 224, *, seed: int = 0) -> Splits:
    """Pictures in root/train/CLASS/ and root/test/CLASS/ (or val/): (3, size, size), normalised as for ImageNet.

    Training pictures are random crops, mirrored at random; all others are scaled and cropped at the centre.

    Args:
        root: the folder that holds train/ and perhaps test/ or val/; without these, the validation part of train/
            is the test part too.
        size: of the pictures in pixels.
        seed: of the division of train/ into training and validation.

    Raises:
        ValueError: folders or pictures are missing, or train and test have other classes.
    """
    root = Path(root)
    tests = next((root / part for part in ("test", "val") if (root / part).is_dir()), None)
    plain = _transform(IMAGENET_MEAN, IMAGENET_STD, v2.Resize(size * 8 // 7), v2.CenterCrop(size))
    varied = _transform(IMAGENET_MEAN, IMAGENET_STD, v2.RandomResizedCrop(size), v2.RandomHorizontalFlip())
    try:
        train, still = (datasets.ImageFolder(str(root / "train"), transform=how) for how in (varied, plain))
        test = datasets.ImageFolder(str(tests), transform=plain) if tests else None
    except FileNotFoundError as error:
        raise ValueError(f"{root} must hold train/CLASS/ with pictures, and test/CLASS/ if any: {error}") from error
    if test is not None and train.classes != test.classes:
        raise ValueError(f"{root / 'train'} has the classes {train.classes}, {tests} has {test.classes}")
    learned, validation = _set_aside(train, still, seed)
    return Splits(learned, validation, validation if test is None else test, len(train.classes), (3, size, size))


def _transform(mean: tuple[float, ...], std: tuple[float, ...], *steps: nn.Module) -> Callable[[Any], Any]:
    last = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(list(mean), list(std))]
    return v2.Compose([*steps, *last])


def _set_aside(varied: Dataset, still: Dataset, seed: int) -> tuple[Dataset, Dataset]:
    """Training part with random changes, validation part without; the same files seen through two transforms."""
    count = len(varied)  # type: ignore[arg-type]
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
    cut = max(1, round(count * VALIDATION))
    return Subset(varied, order[cut:]), Subset(still, order[:cut])
