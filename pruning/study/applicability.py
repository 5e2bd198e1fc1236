"""Can a criterion tell the channels of a layer apart? Its spread against what equal Gaussian filters would show.

Closed forms (derived) for n filters of d weights, all from N(0, s^2): the coefficient of variation (standard deviation
over mean) of the scores is sampling noise alone. Observed over Gaussian near 1: nothing but noise; far above: real
differences.
"""

from math import exp, lgamma, pi, sqrt

from torch import Tensor

from pruning.criteria.geometry import distance_sums, fermat_distances, gram

CRITERIA = ("l1", "l2", "fpgm", "fermat")
"""Criteria with a closed form."""


def variation(scores: Tensor) -> float:
    """Coefficient of variation, NaN where the mean is 0 or there is one score only."""
    mean = float(scores.mean())
    return float(scores.std(correction=0)) / abs(mean) if len(scores) > 1 and mean else float("nan")


def gaussian_variation(criterion: str, d: int) -> float:
    """The coefficient of variation for equal Gaussian filters of d weights.

    Raises:
        ValueError: a criterion without a closed form.
    """
    if criterion == "l1":
        return sqrt((pi / 2 - 1) / d)
    if criterion in ("l2", "fermat"):  # the Fermat point tends to 0
        return sqrt(max(d / (2 * exp(2 * (lgamma((d + 1) / 2) - lgamma(d / 2)))) - 1, 0.0))
    if criterion == "fpgm":
        return 1 / sqrt(8 * d)
    raise ValueError(f"no closed form for {criterion!r}; there is one for {', '.join(CRITERIA)}")


def filter_scores(filters: Tensor) -> dict[str, Tensor]:
    """The criteria with a closed form on one layer's filters (n, d): name -> (n,)."""
    products = gram([filters])
    return {
        "l1": filters.double().abs().sum(1),
        "l2": filters.double().norm(dim=1),
        "fpgm": distance_sums(products),
        "fermat": fermat_distances(products),
    }


def distinguishability(filters: Tensor) -> dict[str, dict[str, float]]:
    """Criterion -> {'observed', 'gaussian', 'ratio'} coefficients of variation of one layer's filters (n, d)."""
    found = {}
    for name, scores in filter_scores(filters).items():
        observed, gaussian = variation(scores), gaussian_variation(name, filters.shape[1])
        found[name] = {"observed": observed, "gaussian": gaussian, "ratio": observed / gaussian}
    return found
