"""The criteria by name."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from torch import Tensor

from pruning.criteria.view import DEPENDENCY, OWN, GroupView, Sides

Score = Callable[[GroupView], Tensor | None]
"""(C,) scores of a group's channels, the lowest to be removed first; None if this group has no such score."""
Adjust = Callable[[Sequence[Tensor], Sequence[GroupView]], list[Tensor]]
"""Corrects the normalised scores of all groups together, for what they cost."""


class WeightScore(Protocol):
    """Scores from the weights on some sides of a group's layers."""

    def __call__(self, view: GroupView, sides: Sides) -> Tensor: ...


FIELDS = ("outputs", "inputs", "deviations", "gradients", "gates")


@dataclass(frozen=True)
class Criterion:
    """A way to score channels.

    Attributes:
        name: by which `pruning.plan` finds it.
        score: pure function of one group.
        needs: fields of `pruning.Evidence` that it cannot do without, () for the weights alone.
        uses: fields that it reads for groups where the weights say nothing.
        adjust: applied after normalisation; None for most.
        normalise: how its scores are made comparable between groups unless the user says otherwise.
        about: what it judges by, in half a line.
    """

    name: str
    score: Score
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    adjust: Adjust | None = None
    normalise: str = "mean"
    about: str = ""


_CRITERIA: dict[str, Criterion] = {}


def register(
    name: str,
    *,
    needs: Iterable[str] = (),
    uses: Iterable[str] = (),
    adjust: Adjust | None = None,
    normalise: str = "mean",
    about: str = "",
) -> Callable[[Score], Score]:
    """Decorator that makes a function known as a criterion; the options are fields of `Criterion`.

    What it is about is the first line of the function's docstring unless it is given.

    Raises:
        ValueError: the name is taken, or `needs` or `uses` names no field of Evidence.
    """

    def add(score: Score) -> Score:
        if name in _CRITERIA:
            raise ValueError(f"a criterion named {name!r} is registered already")
        if not {*needs, *uses} <= set(FIELDS):
            raise ValueError(f"needs and uses must be of {', '.join(FIELDS)}, got {[*needs, *uses]}")
        _CRITERIA[name] = Criterion(name, score, tuple(needs), tuple(uses), adjust, normalise, about or _first(score))
        return score

    return add


def register_both(
    name: str, *, needs: Iterable[str] = (), normalise: str = "mean"
) -> Callable[[WeightScore], WeightScore]:
    """Decorator that makes a function of weights two criteria: `name` and `name-dependency`.

    The first judges a channel's own filters, the second also the weights of the next layers that vanish with it.
    """

    def add(score: WeightScore) -> WeightScore:
        register(name, needs=needs, normalise=normalise, about=_first(score))(partial(score, sides=OWN))
        more = f"the same, with the weights of the next layers ({name})"
        register(f"{name}-dependency", needs=needs, normalise=normalise, about=more)(partial(score, sides=DEPENDENCY))
        return score

    return add


def _first(function: Callable[..., object]) -> str:
    """The first sentence of a docstring, without shapes and sources."""
    line = " ".join((function.__doc__ or "").split(". ")[0].split())
    line = re.sub(r" \([^()]*arXiv[^()]*\)", "", line)
    return line.partition(", (C,)")[0].partition("; ")[0].rstrip(".")


def get(name: str) -> Criterion:
    """The criterion of this name.

    Raises:
        ValueError: there is none; the message lists the names.
    """
    if name not in _CRITERIA:
        raise ValueError(f"unknown criterion {name!r}; valid: {', '.join(names())}")
    return _CRITERIA[name]


def names() -> list[str]:
    """All registered names, sorted."""
    return sorted(_CRITERIA)
