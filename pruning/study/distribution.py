"""Are a layer's filters like draws from one Gaussian? Effect sizes of the deviations, not p-values.

Large layers reject any exact distribution, so what counts is by how much, beside the value that true Gaussian filters
of the same number would show, and beside the same layer at initialisation.
"""

from dataclasses import asdict, dataclass
from math import pi, sqrt

import numpy as np
from scipy.stats import kstest, kurtosis

MOST_WEIGHTS = 200_000
MOST_COORDINATES = 512
"""Larger layers are sampled (with a fixed seed)."""


@dataclass(frozen=True)
class Shape:
    """How one layer's weights (n filters, d coordinates) deviate from equal Gaussian filters.

    Attributes:
        ks: Kolmogorov-Smirnov distance of the standardised weights to N(0, 1); 0 is Gaussian, 0.058 uniform.
        kurtosis: excess kurtosis; 0 is Gaussian, -1.2 uniform, positive has heavy tails.
        shift: mean over standard deviation.
        variance_spread: coefficient of variation, over coordinates, of the variance over filters.
        correlation: mean absolute correlation between two coordinates over the filters.
        variance_spread_null, correlation_null: what Gaussian filters of this number would show.
    """

    ks: float
    kurtosis: float
    shift: float
    variance_spread: float
    correlation: float
    variance_spread_null: float
    correlation_null: float

    def as_dict(self) -> dict[str, float]:
        """The values by name."""
        return asdict(self)


def shape(filters: np.ndarray) -> Shape:
    """Effect sizes of a layer's filters (n, d).

    Raises:
        ValueError: fewer than two filters, or weights that are all equal.
    """
    n, d = filters.shape
    if n < 2 or not filters.std() > 0:
        raise ValueError(f"a distribution needs at least two different filters, got {n} of {d} weights")
    generator = np.random.default_rng(0)
    flat = filters.astype(np.float64).ravel()
    sample = generator.choice(flat, MOST_WEIGHTS, replace=False) if flat.size > MOST_WEIGHTS else flat
    standard = (sample - sample.mean()) / sample.std()
    picked = generator.choice(d, MOST_COORDINATES, replace=False) if d > MOST_COORDINATES else np.arange(d)
    columns = filters[:, picked].astype(np.float64)
    variances = columns.var(0, ddof=1)
    return Shape(
        ks=float(kstest(standard, "norm").statistic),
        kurtosis=float(kurtosis(standard)),
        shift=float(flat.mean() / flat.std()),
        variance_spread=float(variances.std() / variances.mean()),
        correlation=_mean_correlation(columns[:, variances > 0]),
        variance_spread_null=sqrt(2 / (n - 1)),
        correlation_null=sqrt(2 / (pi * n)),
    )


def _mean_correlation(columns: np.ndarray) -> float:
    if columns.shape[1] < 2:
        return float("nan")
    matrix = np.abs(np.corrcoef(columns, rowvar=False))
    return float((matrix.sum() - np.trace(matrix)) / (matrix.size - len(matrix)))
