"""A style's moments and patches as NumPy arrays, for engines that run without torch.

They hold what `s2transform.prepare_style` holds; `tests/artnet/engines/test_engines.py` keeps both equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from artnet.model.config import ArtNetConfig

EPS = 1e-5  # s2transform.moments.EPS
PATCH = 3


@dataclass(frozen=True)
class StyleArrays:
    """One style.

    Attributes:
        moments: level -> (2, C) float32, means over deviations.
        basis: (C, D), principal components of the bottleneck's channels.
        codes: (K, 9 * D), the patches in that basis, centred, position by position.
        bias: (K,), minus half the squared norm of each code.
        table: (9 * K + 1, C), the patches to paste, the nine pixels of each in turn, and a last row of zeros.
    """

    moments: Mapping[str, np.ndarray]
    basis: np.ndarray
    codes: np.ndarray
    bias: np.ndarray
    table: np.ndarray


def style_arrays(features: Mapping[str, np.ndarray], config: ArtNetConfig) -> StyleArrays:
    """From the (1, C, H, W) float32 features of every level.

    Raises:
        ValueError: they are not finite, as of weights that are far too large.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # which is told in words
        moments = {level: channel_moments(x) for level, x in features.items()}
    if not all(np.isfinite(values).all() for values in moments.values()):
        raise ValueError("the weights give values that are not finite; train them anew, or take others")
    cut = features[config.cut][0].transpose(1, 2, 0)  # (H, W, C)
    mean = moments[config.cut][0]
    basis = principal_channels(cut - mean, config.match_channels)
    stride = config.bank_stride(*cut.shape[:2])
    codes = patches((cut - mean) @ basis, stride)
    whole = patches(cut, stride).reshape(-1, cut.shape[2])
    table = np.concatenate([whole, np.zeros_like(whole[:1])])
    return StyleArrays(moments, basis, codes, -np.square(codes).sum(1) / 2, table)


def channel_moments(features: np.ndarray) -> np.ndarray:
    """(2, C) of (1, C, H, W)."""
    flat = features[0].reshape(features.shape[1], -1)
    return np.stack([flat.mean(1), np.sqrt(np.maximum(flat.var(1), EPS))])


def principal_channels(centred: np.ndarray, count: int) -> np.ndarray:
    """(C, D), the `count` principal components of the channels of (H, W, C) features, or all where there are fewer."""
    flat = centred.reshape(-1, centred.shape[2])
    # In double precision: where many channels are silent, the single one may not converge.
    _, vectors = np.linalg.eigh((flat.T @ flat).astype(np.float64))  # by rising eigenvalue
    return np.ascontiguousarray(vectors[:, -count:], dtype=np.float32)


def patches(features: np.ndarray, stride: int) -> np.ndarray:
    """(K, 9 * C), the 3x3 patches of (H, W, C) features around every stride-th position, reflected at the border."""
    margin = PATCH // 2
    padded = np.pad(features, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (PATCH, PATCH), axis=(0, 1))[::stride, ::stride]
    return np.ascontiguousarray(windows.transpose(0, 1, 3, 4, 2)).reshape(-1, PATCH * PATCH * features.shape[2])
