"""Whitening and colouring transform (Li et al., arXiv 1705.08086), the costly but full second-order alternative."""

import torch
from torch import Tensor

from s2transform.moments import check_features

EPS = 1e-5
"""Added to the covariance's diagonal: empty channels and pictures with fewer positions than channels stay finite."""


def covariance(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (N, C, 1) and covariance (N, C, C) over the positions of (N, C, H, W), float32."""
    flat = features.float().flatten(2)  # (N, C, L)
    mean = flat.mean(2, keepdim=True)
    centred = flat - mean
    return mean, centred @ centred.transpose(1, 2) / flat.shape[2]


def matrix_power(cov: Tensor, exponent: float) -> Tensor:
    """Symmetric (N, C, C) matrix to a real power, eigenvalues floored at EPS.

    Decomposed in float64: with many empty channels, float32 finds eigenvectors that are not finite, or none.
    """
    values, vectors = torch.linalg.eigh(cov.double())
    return ((vectors * values.clamp(min=EPS).pow(exponent)[:, None]) @ vectors.transpose(1, 2)).to(cov.dtype)


def wct(content: Tensor, style: Tensor) -> Tensor:
    """Give the content features the channel mean and covariance of the style features.

    Computed in float32 (an eigendecomposition of a C x C matrix for each picture), returned in the content's dtype.

    Args:
        content: (N, C, H, W) features.
        style: (N or 1, C, Hs, Ws) features.

    Raises:
        ValueError: shapes that do not fit.
    """
    check_features(content, style)
    content_mean, content_cov = covariance(content)
    style_mean, style_cov = covariance(style)
    mixing = matrix_power(style_cov, 0.5) @ matrix_power(content_cov, -0.5)
    flat = mixing @ (content.float().flatten(2) - content_mean) + style_mean
    return flat.view(content.shape).to(content.dtype)
