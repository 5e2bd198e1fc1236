"""Numbers for a report: accuracy and its uncertainty, and the baselines that a network has to beat."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import stats

from apps.movement.cleaning import fill_gaps
from apps.movement.dataset import Example, labels_of
from apps.movement.recordings import Recording


def wilson(correct: int, count: int) -> tuple[float, float]:
    """95 % Wilson interval of a share: (64.6 %, 98.5 %) for 11 of 12."""
    interval = stats.binomtest(correct, count).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def rates(guesses: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Accuracy, sensitivity (share of atypical that is found) and specificity (share of typical that is left alone).

    Args:
        guesses: (n,) bool or 0/1.
        labels: (n,) 0/1, both present.
    """
    right = guesses.astype(bool) == labels.astype(bool)
    return {
        "accuracy": float(right.mean()),
        "sensitivity": float(right[labels == 1].mean()),
        "specificity": float(right[labels == 0].mean()),
    }


def summary(scores: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    """Mean and standard deviation of the rates over seeds, and the vote of all seeds with its Wilson interval.

    Args:
        scores: (seeds, n) probabilities of atypical.
        labels: (n,).
    """
    rows = [rates(row > 0.5, labels) for row in scores]
    vote = scores.mean(0) > 0.5
    return {
        "mean": {key: float(np.mean([row[key] for row in rows])) for key in rows[0]},
        "sd": {key: float(np.std([row[key] for row in rows], ddof=min(1, len(rows) - 1))) for key in rows[0]},
        "accuracy_per_seed": [row["accuracy"] for row in rows],
        "vote": single(vote, labels),
    }


def single(guesses: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    """The rates of one set of guesses, with how many are right and the Wilson interval."""
    correct = int((guesses.astype(bool) == labels.astype(bool)).sum())
    return {**rates(guesses, labels), "correct": correct, "of": len(labels), "wilson": wilson(correct, len(labels))}


def jitter(recording: Recording) -> float:
    """Mean way of a joint from frame to frame in the file's units, gaps bridged and nothing else cleaned."""
    points = fill_gaps(recording.positions.astype(np.float64))
    return float(np.linalg.norm(np.diff(points, axis=0), axis=2).mean())


def baselines(examples: Sequence[Example]) -> dict[str, dict[str, object]]:
    """The larger class for everybody, and one threshold on the jitter with one subject left out at a time."""
    labels, subjects = labels_of(examples), np.array([e.subject for e in examples])
    speed = np.array([jitter(e.recording) for e in examples])
    majority = np.full(len(labels), labels.mean() > 0.5)
    stump = np.zeros(len(labels), bool)
    for subject in dict.fromkeys(subjects):
        inside = subjects != subject
        threshold, sign = fit_stump(speed[inside], labels[inside])
        stump[~inside] = sign * (speed[~inside] - threshold) > 0
    return {"majority": single(majority, labels), "jitter stump": single(stump, labels)}


def fit_stump(values: np.ndarray, labels: np.ndarray) -> tuple[float, int]:
    """Threshold and sign such that sign * (value - threshold) > 0 is most often right; the first of equals.

    Args:
        values: (n,).
        labels: (n,) 0/1.
    """
    ordered = np.sort(values)
    middles = [(a + b) / 2 for a, b in pairwise(ordered)]
    candidates = [(float(t), sign) for t in middles for sign in (1, -1)]
    return max(candidates, key=lambda c: ((c[1] * (values - c[0]) > 0) == (labels == 1)).sum())


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation, 0 where one side is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(stats.spearmanr(a, b).statistic)
