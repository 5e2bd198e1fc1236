"""How many channels each group loses: by threshold, or by a search for a cost target."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pruning.structure import Network

TARGETS = ("macs", "params")
SCOPES = ("global", "layer")
TOLERANCE = 0.02
"""Largest accepted distance between the cost reached and the target, as a fraction of the dense cost."""

Counts = dict[str, int]


@dataclass(frozen=True)
class Ranking:
    """The scored groups and the limits on what they may lose.

    Attributes:
        scores: (C,) score of every channel of each scored group.
        min_channels: channels that stay in every group.
        round_to: the kept width is a multiple of this, or the dense width.
    """

    scores: Mapping[str, np.ndarray]
    min_channels: int
    round_to: int

    def order(self, name: str) -> np.ndarray:
        """Channels of a group from the lowest score to the highest, ties by position."""
        return np.argsort(self.scores[name], kind="stable")

    def removed(self, counts: Counts) -> dict[str, np.ndarray]:
        """The channels that go if each group loses this many."""
        return {name: np.sort(self.order(name)[:count]) for name, count in counts.items()}

    def allowed(self, counts: Mapping[str, int]) -> Counts:
        """The counts, lowered where a group would become too narrow or its width no multiple of round_to."""
        return {name: len(self.scores[name]) - self._width(name, count) for name, count in counts.items()}

    def _width(self, name: str, count: int) -> int:
        dense = len(self.scores[name])
        kept = max(dense - count, self.min_channels)
        return min(dense, -(-kept // self.round_to) * self.round_to)


def below(ranking: Ranking, eps: float) -> Counts:
    """Counts that remove every channel with a score at or below eps."""
    return ranking.allowed({name: int((scores <= eps).sum()) for name, scores in ranking.scores.items()})


def reach(network: Network, ranking: Ranking, kind: str, fraction: float, scope: str) -> Counts:
    """The fewest removals, lowest scores first, with which the cost is at most fraction x the dense cost.

    Args:
        kind: 'macs' or 'params'.
        scope: 'global' ranks all channels together, each score divided by the mean of its group's scores, since
            activations of different layers have different sizes; 'layer' removes the same share of every group.

    Raises:
        ValueError: the target cannot be reached, or is missed by more than TOLERANCE.
    """
    steps = _global_steps(ranking) if scope == "global" else _layer_steps(ranking)
    dense = network.totals(network.widths({}))[kind]

    def cost(step: int) -> float:
        widths = network.widths(ranking.removed(ranking.allowed(steps(step))))
        return network.totals(widths)[kind] / dense

    last = sum(len(scores) for scores in ranking.scores.values())
    least = cost(last)
    if least > fraction:
        raise ValueError(f"{kind} can be brought to {least:.3f} of the dense network at the least, not {fraction}")
    low, high = -1, last  # cost(high) <= fraction; the cost never grows with the step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if cost(middle) <= fraction else (middle, high)
    if fraction - cost(high) > TOLERANCE:
        raise ValueError(
            f"the target of {fraction} {kind} is missed by more than {TOLERANCE}: removing channel by channel jumps "
            f"from {cost(high - 1):.3f} to {cost(high):.3f}; lower round_to or choose one of these"
        )
    return ranking.allowed(steps(high))


def _global_steps(ranking: Ranking) -> Callable[[int], Counts]:
    names = list(ranking.scores)
    owners = np.concatenate([np.full(len(ranking.scores[name]), i) for i, name in enumerate(names)])
    ranked = owners[np.argsort(np.concatenate([_normalised(ranking.scores[name]) for name in names]), kind="stable")]

    def counts(step: int) -> Counts:
        return dict(zip(names, np.bincount(ranked[:step], minlength=len(names)).tolist(), strict=True))

    return counts


def _layer_steps(ranking: Ranking) -> Callable[[int], Counts]:
    total = sum(len(scores) for scores in ranking.scores.values())

    def counts(step: int) -> Counts:
        return {name: len(scores) * step // total for name, scores in ranking.scores.items()}

    return counts


def _normalised(scores: np.ndarray) -> np.ndarray:
    mean = scores.mean()
    return scores / mean if mean > 0 else scores
