"""The criteria by name."""

from collections.abc import Callable, Sequence

from torch import Tensor

from pruning.activations import ChannelStatistics

Criterion = Callable[[Sequence[ChannelStatistics]], Tensor]
_CRITERIA: dict[str, Criterion] = {}


def register(name: str) -> Callable[[Criterion], Criterion]:
    """Decorator that makes a criterion known under a name.

    Raises:
        ValueError: the name is taken.
    """

    def add(criterion: Criterion) -> Criterion:
        if name in _CRITERIA:
            raise ValueError(f"a criterion named {name!r} is registered already")
        _CRITERIA[name] = criterion
        return criterion

    return add


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
