"""Do criteria rank channels alike? Rank correlations, and the share of channels that both would remove.

Rank correlation alone can hide a different choice near the threshold, so the overlap of the sets that go is shown too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, rankdata

Matrix = np.ndarray
"""(criteria, criteria), symmetric; NaN where two criteria cannot be compared (constant scores, or none)."""
Measure = Callable[[Sequence[np.ndarray]], Matrix]


@dataclass(frozen=True)
class Similarity:
    """Agreement between criteria.

    Attributes:
        criteria: their names, the order of rows and columns.
        layers: group -> measure -> matrix.
        mean: measure -> mean matrix over the groups.
        network: measure -> matrix of the whole network's normalised scores.
    """

    criteria: list[str]
    layers: dict[str, dict[str, Matrix]]
    mean: dict[str, Matrix]
    network: dict[str, Matrix]


def spearman(scores: Sequence[np.ndarray]) -> Matrix:
    """Spearman's rank correlation of every pair of (C,) scores."""
    ranks = np.stack([rankdata(s) for s in scores])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.atleast_2d(np.corrcoef(ranks))


def kendall(scores: Sequence[np.ndarray]) -> Matrix:
    """Kendall's tau-b of every pair."""
    return _pairwise(scores, lambda a, b: float(kendalltau(a, b).statistic))


def overlap(scores: Sequence[np.ndarray], share: float) -> Matrix:
    """Of the `share` of channels with the lowest scores by one criterion, how many the other has there too, in [0, 1].

    Ties go by position, as in a plan; chance alone gives `share`.
    """
    count = max(1, round(share * len(scores[0])))
    lowest = [set(np.argsort(s, kind="stable")[:count].tolist()) for s in scores]
    return np.array([[len(a & b) / count for b in lowest] for a in lowest])


def _pairwise(scores: Sequence[np.ndarray], measure: Callable[[np.ndarray, np.ndarray], float]) -> Matrix:
    matrix = np.full((len(scores), len(scores)), np.nan)
    for i, a in enumerate(scores):
        for j, b in enumerate(scores[: i + 1]):
            matrix[i, j] = matrix[j, i] = measure(a, b)
    return matrix


def compare(
    raw: Mapping[str, Mapping[str, np.ndarray]], comparable: Mapping[str, Mapping[str, np.ndarray]], share: float
) -> Similarity:
    """Compare criteria layer by layer and over the whole network.

    Args:
        raw: criterion -> group -> (C,) scores.
        comparable: the same, normalised between groups; only groups that every criterion scored are compared.
        share: the share of channels that would go, for the overlap.

    Raises:
        ValueError: no group is scored by all criteria.
    """
    names = list(raw)
    groups = [g for g in raw[names[0]] if all(g in raw[name] for name in names)]
    if not groups:
        raise ValueError(f"no group is scored by all of {', '.join(names)}")
    measures: dict[str, Measure] = {
        "spearman": spearman,
        "kendall": kendall,
        "overlap": lambda scores: overlap(scores, share),
    }
    layers = {g: {m: measure([raw[n][g] for n in names]) for m, measure in measures.items()} for g in groups}
    whole = [np.concatenate([comparable[name][g] for g in groups]) for name in names]
    mean = {m: _mean([layers[g][m] for g in groups]) for m in measures}
    return Similarity(names, layers, mean, {m: measure(whole) for m, measure in measures.items()})


def _mean(matrices: Sequence[Matrix]) -> Matrix:
    stacked = np.stack(matrices)
    known = np.isfinite(stacked)
    count = known.sum(0)
    return np.where(count > 0, np.where(known, stacked, 0).sum(0) / np.maximum(count, 1), np.nan)
