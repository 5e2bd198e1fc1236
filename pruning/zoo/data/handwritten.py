"""Small tasks without downloads, from the 1,797 handwritten digits (8 x 8) that scikit-learn brings along.

The plain digits show only that the parts fit together: every pruned network solves them. The cluttered digits (a digit
at a random place, with scraps of other digits and noise) tell good pruning from bad.
"""

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from pruning.zoo.data.splits import Splits

SIZE = 16
SCRAPS = 4
SCRAP_SIZE = 3
NOISE = 0.15
COUNTS = (4000, 1000, 1000)


def digits(seed: int = 0) -> Splits:
    """The bundled digits: (1, 8, 8) in [0, 1]; 60 % for training, 20 % each for validation and test.

    Args:
        seed: of the division.

    Raises:
        ImportError: scikit-learn is missing.
    """
    parts = _sources(np.random.default_rng(seed))
    train, validation, test = (_dataset(pictures[:, None], labels) for pictures, labels in parts)
    return Splits(train, validation, test, 10, (1, 8, 8))


def cluttered_digits(seed: int = 0, counts: tuple[int, int, int] = COUNTS) -> Splits:
    """Generated pictures (1, 16, 16), around [0, 1]: one digit each, with scraps of other digits and noise.

    Args:
        seed: of everything that is random.
        counts: pictures for training, validation and test; no source digit is in two of them.

    Raises:
        ImportError: scikit-learn is missing.
    """
    rng = np.random.default_rng(seed)
    parts = _sources(rng)
    train, validation, test = (_cluttered(rng, *part, count) for part, count in zip(parts, counts, strict=True))
    return Splits(train, validation, test, 10, (1, SIZE, SIZE))


def _sources(rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """(pictures (N, 8, 8) in [0, 1], labels) of three disjoint parts, 60 : 20 : 20."""
    from sklearn.datasets import load_digits

    bundle = load_digits()
    order = rng.permutation(len(bundle.target))
    pictures, labels = bundle.images[order] / 16, bundle.target[order]
    ends = [len(order) * 6 // 10, len(order) * 8 // 10]
    return list(zip(np.split(pictures, ends), np.split(labels, ends), strict=True))


def _cluttered(rng: np.random.Generator, pictures: np.ndarray, labels: np.ndarray, count: int) -> TensorDataset:
    chosen = rng.integers(len(labels), size=count)
    canvases = np.stack([_canvas(rng, pictures, picture) for picture in pictures[chosen]])
    canvases += rng.normal(0, NOISE, canvases.shape)
    return _dataset(canvases[:, None], labels[chosen])


def _canvas(rng: np.random.Generator, pictures: np.ndarray, digit: np.ndarray) -> np.ndarray:
    """One digit at a random place, and scraps of random digits at others; the brighter one wins where they meet."""
    canvas = np.zeros((SIZE, SIZE))
    _place(rng, canvas, digit)
    for source in pictures[rng.integers(len(pictures), size=SCRAPS)]:
        top, left = rng.integers(source.shape[0] - SCRAP_SIZE + 1, size=2)
        _place(rng, canvas, source[top : top + SCRAP_SIZE, left : left + SCRAP_SIZE])
    return canvas


def _place(rng: np.random.Generator, canvas: np.ndarray, patch: np.ndarray) -> None:
    size = len(patch)
    top, left = rng.integers(SIZE - size + 1, size=2)
    window = canvas[top : top + size, left : left + size]
    np.maximum(window, patch, out=window)


def _dataset(pictures: np.ndarray, labels: np.ndarray) -> TensorDataset:
    values: Tensor = torch.from_numpy(pictures).float()
    return TensorDataset(values, torch.from_numpy(labels).long())
