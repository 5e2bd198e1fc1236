"""What every data set gives: three parts, how many classes there are, and what a picture looks like."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

Batches = Iterable[tuple[Tensor, Tensor]]
"""Pictures (N, C, H, W) float32 and labels (N,) int64"""


@dataclass(frozen=True)
class Splits:
    """A classification task. Items are (picture (C, H, W) float32, label int).

    Attributes:
        train: to learn weights from.
        validation: to make choices with (indicators, calibration); shares no source picture with the others.
        test: to report.
        classes: how many there are.
        shape: (C, H, W) of a picture.
    """

    train: Dataset
    validation: Dataset
    test: Dataset
    classes: int
    shape: tuple[int, int, int]

    @property
    def example(self) -> Tensor:
        """One black picture, (1, C, H, W): what tracing needs."""
        return torch.zeros(1, *self.shape)


def batches(data: Dataset, size: int = 64, *, shuffle: bool = False, seed: int = 0, workers: int = 0) -> Batches:
    """A data set in batches, of which the last may be smaller.

    Args:
        data: one part of `Splits`.
        size: pictures per batch.
        shuffle: a new order in every pass; the orders follow from the seed alone.
        seed: of those orders.
        workers: processes that load pictures.
    """
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(data, size, shuffle=shuffle, generator=generator, num_workers=workers)
