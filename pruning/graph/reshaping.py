"""What becomes of axes when a tensor is viewed in another shape."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from pruning.graph.shadows import Axes, Labels, Shadows

Choose = Callable[[np.ndarray, list[int]], int]
"""(atoms of the block, its axes that could shrink) -> the axis that does."""


def reshaped(
    shadows: Shadows, before: Sequence[int], axes: Axes, after: Sequence[int], choose: Choose, where: str
) -> Axes:
    """The axes of a tensor of shape `before` once it has shape `after`.

    Where one axis of channels becomes several, one of them shrinks with the channels, and what shares a place on it
    goes together: (C,) as (groups, C / groups) loses as many of each group.

    Args:
        choose: which of several axes shrinks.
        where: for the reason given where two axes of channels become one.
    """
    if 0 in before:
        shadows.fix(axes, f"it is empty {where}")
        return (None,) * len(after)
    found: list[Labels] = [None] * len(after)
    for old, new in blocks(before, after):
        labelled = [i for i in old if axes[i] is not None and (before[i] > 1 or len(old) == 1)]
        free = [i for i in labelled if not shadows.atoms.is_fixed(axes[i]).all()]  # type: ignore[arg-type]
        if len(free) > 1:
            shadows.fix([axes[i] for i in labelled], f"two axes of channels become one {where}")
        if not labelled or not new:
            continue
        carrier = old.index((free or labelled)[0])
        shape = [before[i] for i in old]
        spread = [-1 if i == carrier else 1 for i in range(len(shape))]
        block = np.broadcast_to(axes[old[carrier]].reshape(spread), shape)  # type: ignore[union-attr]
        axis, labels = _carried(shadows, block.reshape([after[j] for j in new]), choose)
        found[new[axis]] = labels
    return tuple(found)


def blocks(before: Sequence[int], after: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """The smallest runs of axes that hold the same elements in both shapes: (old axes, new axes)."""
    i = j = 0
    while i < len(before) and j < len(after):
        old, new = [i], [j]
        while (some := _product(before, old)) != (others := _product(after, new)):
            grown = old if some < others else new
            grown.append(grown[-1] + 1)
        yield old, new
        i, j = old[-1] + 1, new[-1] + 1


def _product(shape: Sequence[int], axes: Sequence[int]) -> int:
    return int(np.prod([shape[i] for i in axes], dtype=np.int64))


def _carried(shadows: Shadows, block: np.ndarray, choose: Choose) -> tuple[int, np.ndarray]:
    """The axis along which the atoms of a block differ, and its labels; atoms at one place of it are joined."""
    roots = shadows.atoms.find(block)
    varying = [k for k in range(block.ndim) if (roots != roots.take([0], k)).any()]
    if not varying:
        longest = int(np.argmax(block.shape)) if block.ndim > 1 and block.shape[0] != 1 else 0
        axis = longest
    else:
        axis = varying[0] if len(varying) == 1 else choose(block, varying)
    rows = np.moveaxis(block, axis, 0).reshape(block.shape[axis], -1)
    if len(varying) > 1:
        shadows.atoms.join(rows[:, :1], rows)
    return axis, rows[:, 0].copy()
