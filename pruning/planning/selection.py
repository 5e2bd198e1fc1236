"""How many channels each group loses: by threshold, or by a search for a cost target."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real

import numpy as np

FRACTIONS = ("macs", "params", "channels")
"""Targets given as the fraction to keep; the other one, latency_ms, is a time."""
TARGETS = (*FRACTIONS, "latency_ms")
SCOPES = ("global", "isomorphic", "layer")
TOLERANCE = 0.02
"""Distance between the cost reached and the target, as a fraction of the dense cost, above which there is a warning."""

Counts = dict[str, int]
Removed = dict[str, np.ndarray]
"""Group -> its removed channels, ascending."""


def check_target(target: Mapping[str, float], kinds: Sequence[str] = TARGETS) -> tuple[str, float]:
    """(kind, goal) of a target such as {"macs": 0.5}.

    Raises:
        ValueError: no mapping, none of these kinds, or a goal out of range.
    """
    if not isinstance(target, Mapping):
        raise ValueError(f"target must be a mapping such as {{'macs': 0.5}}, got {target!r}")
    if len(target) != 1 or next(iter(target)) not in kinds:
        raise ValueError(f"target must have one key of {', '.join(kinds)}, got {dict(target)}")
    [(kind, goal)] = target.items()
    if not isinstance(goal, Real):
        raise ValueError(f"target {kind} must be a number, got {goal!r}")
    if kind in FRACTIONS and not 0 < goal < 1:
        raise ValueError(f"target is the fraction to keep, between 0 and 1, got {dict(target)}")
    if not 0 < goal < float("inf"):
        raise ValueError(f"target latency_ms must be above 0, got {dict(target)}")
    return kind, goal


@dataclass(frozen=True)
class Ranking:
    """The scored groups and the limits on what they may lose.

    Attributes:
        scores: (C,) score of every channel of each scored group.
        min_channels: channels that stay in every group.
        round_to: the kept width is a multiple of this, or the dense width.
        max_share: largest share of a group's channels that may go.
        comparable: the same channels' scores made comparable between groups; by default, scores.
        kinds: what each group is built of, for scope 'isomorphic'.
    """

    scores: Mapping[str, np.ndarray]
    min_channels: int
    round_to: int
    max_share: float = 1.0
    comparable: Mapping[str, np.ndarray] | None = None
    kinds: Mapping[str, object] | None = None

    def order(self, name: str) -> np.ndarray:
        """Channels of a group from the lowest score to the highest, ties by position."""
        return np.argsort(self.scores[name], kind="stable")

    def removed(self, counts: Counts) -> Removed:
        """The channels that go if each group loses this many."""
        return {name: np.sort(self.order(name)[:count]) for name, count in counts.items()}

    def allowed(self, counts: Mapping[str, int]) -> Counts:
        """The counts, lowered where a group would become too narrow or its width no multiple of round_to."""
        return {name: len(self.scores[name]) - self._width(name, count) for name, count in counts.items()}

    def _width(self, name: str, count: int) -> int:
        dense = len(self.scores[name])
        # Rounded first: 10 channels of which .9 may go keep 1, not 2.
        kept = max(dense - count, self.min_channels, dense - int(round(self.max_share * dense, 9)))
        return min(dense, -(-kept // self.round_to) * self.round_to)


def below(ranking: Ranking, eps: float) -> Counts:
    """Counts that remove every channel with a score at or below eps."""
    return ranking.allowed({name: int((scores <= eps).sum()) for name, scores in ranking.scores.items()})


def reach(
    ranking: Ranking, kind: str, goal: float, scope: str, cost: Callable[[Removed], float], *, strict: bool = True
) -> Counts:
    """The fewest removals, lowest scores first, with which the cost is at most the goal.

    Args:
        kind: one of TARGETS.
        goal: the fraction of the dense cost, or milliseconds.
        scope: 'global' ranks all channels together by their comparable scores; 'isomorphic' those of groups that are
            built alike, and removes the same share of every kind; 'layer' removes the same share of every group.
        cost: cost after a removal, in the goal's unit.
        strict: a target that cannot be reached is an error; otherwise a warning, and everything goes that may.

    Raises:
        ValueError: the target cannot be reached, and strict. A cost more than TOLERANCE below a fraction is a warning.
    """
    steps = {"global": _global_steps, "isomorphic": _isomorphic_steps, "layer": _layer_steps}[scope](ranking)

    def cost_at(step: int) -> float:
        return cost(ranking.removed(ranking.allowed(steps(step))))

    last = sum(len(scores) for scores in ranking.scores.values())
    least = cost_at(last)
    unit = "of the dense network " if kind in FRACTIONS else ""
    if least > goal:
        message = f"{kind} can be brought to {least:.3f} {unit}at the least, not {goal}"
        if strict:
            raise ValueError(message)
        warnings.warn(f"the target is missed: {message}", stacklevel=4)
        return ranking.allowed(steps(last))
    low, high = -1, last  # cost(high) <= goal; the cost never grows with the step (a measured time: nearly never)
    reached = least
    while high - low > 1:
        middle = (low + high) // 2
        if (found := cost_at(middle)) <= goal:
            high, reached = middle, found
        else:
            low = middle
    if kind in FRACTIONS and goal - reached > TOLERANCE:
        closer = "; a lower round_to comes closer" if ranking.round_to > 1 else ""
        warnings.warn(
            f"the target of {goal} {kind} is missed by more than {TOLERANCE}: removing channel by channel jumps "
            f"from {cost_at(high - 1):.3f} to {reached:.3f}{closer}",
            stacklevel=4,
        )
    return ranking.allowed(steps(high))


def _global_steps(ranking: Ranking) -> Callable[[int], Counts]:
    names = list(ranking.scores)
    values = ranking.scores if ranking.comparable is None else ranking.comparable
    owners = np.concatenate([np.full(len(ranking.scores[name]), i) for i, name in enumerate(names)])
    ranked = owners[np.argsort(np.concatenate([values[name] for name in names]), kind="stable")]

    def counts(step: int) -> Counts:
        return dict(zip(names, np.bincount(ranked[:step], minlength=len(names)).tolist(), strict=True))

    return counts


def _isomorphic_steps(ranking: Ranking) -> Callable[[int], Counts]:
    """The same share of each kind of group, and in it the lowest (Fang et al., ECCV 2024, arXiv 2407.04616)."""
    kinds = ranking.kinds or {}
    alike: dict[object, dict[str, np.ndarray]] = {}
    for name, scores in (ranking.scores if ranking.comparable is None else ranking.comparable).items():
        alike.setdefault(kinds.get(name), {})[name] = scores
    ranked = [(_global_steps(replace(ranking, scores=some, comparable=None)), some) for some in alike.values()]
    total = sum(len(scores) for scores in ranking.scores.values())

    def counts(step: int) -> Counts:
        shares = [steps(sum(map(len, some.values())) * step // total) for steps, some in ranked]
        found = {name: count for share in shares for name, count in share.items()}
        return {name: found[name] for name in ranking.scores}

    return counts


def _layer_steps(ranking: Ranking) -> Callable[[int], Counts]:
    total = sum(len(scores) for scores in ranking.scores.values())

    def counts(step: int) -> Counts:
        return {name: len(scores) * step // total for name, scores in ranking.scores.items()}

    return counts
