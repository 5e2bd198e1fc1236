"""Rules of operations that take tensors apart and put them together: slices, splits, concatenations, indices."""

import numpy as np
from torch import Tensor

from pruning.graph.operation import Operation, empty, rule
from pruning.graph.shadows import Axes, Labels


@rule("slice", "slice_copy")
def slices(op: Operation) -> Axes:
    """A part of an axis: such as half of it, which loses what the other half loses."""
    axes = list(op.axes("self"))
    axis = op.axis("dim", len(axes))
    labels, size = axes[axis], op["self"].shape[axis]
    if labels is not None and op.out.shape[axis] != size:
        start, _, step = slice(op["start"], op["end"], op["step"]).indices(size)
        axes[axis] = labels[start : start + step * op.out.shape[axis] : step]
        _balance(op, labels, axes[axis], start, step)
    return tuple(axes)


def _balance(op: Operation, labels: np.ndarray, part: Labels, start: int, step: int) -> None:
    """Tie the channels so that whatever goes, the slice still is the same share of the axis, at the same place."""
    length = 0 if part is None else len(part)
    if step == 1 and length and len(labels) % length == 0 and start % length == 0:
        rows = labels.reshape(-1, length)
        op.shadows.atoms.join(rows[:1], rows)
    elif step > 1 and start < step and len(labels) % step == 0:
        rows = labels.reshape(-1, step)
        op.shadows.atoms.join(rows[:, :1], rows)
    else:
        op.refuse([labels], f"{length} of {len(labels)} are sliced out at a fixed place")


@rule("split", "split_with_sizes", "unsafe_split", "unsafe_split_with_sizes", "chunk", "tensor_split", "unsafe_chunk")
def split(op: Operation) -> list[Axes]:
    """Equal parts lose as many channels each; unequal ones are written down as numbers."""
    axes = op.axes("self") or op.axes("input")
    axis = op.axis("dim", len(axes))
    sizes = [part.shape[axis] for part in op.result]
    labels = axes[axis]
    if labels is None or len(sizes) == 1:
        return [axes for _ in sizes]
    if len(set(sizes)) > 1:
        op.refuse([labels], f"they are split into parts of {', '.join(map(str, sizes))}")
    else:
        rows = labels.reshape(len(sizes), -1)
        op.shadows.atoms.join(rows[:1], rows)
    parts = np.split(labels, np.cumsum(sizes)[:-1])
    return [(*axes[:axis], part, *axes[axis + 1 :]) for part in parts]


@rule("glu")
def glu(op: Operation) -> Axes:
    """One half gates the other, so both lose the same channels."""
    axes = list(op.axes("self"))
    axis = op.axis("dim", len(axes))
    if (labels := axes[axis]) is not None:
        one, other = np.split(labels, 2)
        op.shadows.atoms.join(one, other)
        axes[axis] = one
    return tuple(axes)


@rule("select", "select_copy")
def select(op: Operation) -> Axes:
    """One position of an axis, which is taken by its number."""
    axes = op.axes("self")
    axis = op.axis("dim", len(axes))
    op.refuse([axes[axis]], "one of them is taken by its number")
    return axes[:axis] + axes[axis + 1 :]


@rule("unbind")
def unbind(op: Operation) -> list[Axes]:
    """Every position of an axis becomes a tensor."""
    axes = op.axes("self")
    axis = op.axis("dim", len(axes))
    op.refuse([axes[axis]], "they are taken one by one")
    return [axes[:axis] + axes[axis + 1 :] for _ in op.result]


@rule("cat", "concat", "concatenate")
def concatenation(op: Operation) -> Axes:
    """Tensors one after the other along an axis."""
    tensors = [t for t in op["tensors"] if t.ndim == op.out.ndim]
    axes = [op.shadow(t).axes for t in tensors]
    axis = op.axis("dim", op.out.ndim)
    found = [op.shadows.same([some[d] for some in axes]) for d in range(op.out.ndim) if d != axis]
    parts = [some[axis] for some in axes]
    joined: Labels = None
    if any(labels is not None for labels in parts):
        constants = [np.zeros(t.shape[axis], np.int64) for t in tensors]
        joined = np.concatenate([c if p is None else p for p, c in zip(parts, constants, strict=True)])
    found.insert(axis, joined)
    return tuple(found)


@rule("stack")
def stack(op: Operation) -> Axes:
    """Tensors side by side along a new axis."""
    axes = [op.shadow(t).axes for t in op["tensors"]]
    found = [op.shadows.same(some) for some in zip(*axes, strict=True)]
    found.insert(op.axis("dim", op.out.ndim), None)
    return tuple(found)


@rule("constant_pad_nd", "pad")
def padding(op: Operation) -> Axes:
    """Added channels are constants that stay."""
    axes, pads = list(op.axes("self")), list(op["pad"])
    for i in range(len(pads) // 2):
        axis, (low, high) = len(axes) - 1 - i, pads[2 * i : 2 * i + 2]
        labels = axes[axis]
        if labels is None or not (low or high):
            continue
        if low < 0 or high < 0:
            op.refuse([labels], "some of them are cropped")
            axes[axis] = None
        else:
            axes[axis] = np.concatenate([np.zeros(low, np.int64), labels, np.zeros(high, np.int64)])
    return tuple(axes)


@rule("index_select", "gather", "take_along_dim")
def index_select(op: Operation) -> Axes:
    """Positions taken by their numbers."""
    axes = list(op.axes("self"))
    axis = op.axis("dim", len(axes))
    if op.name == "index_select":
        op.refuse([axes[axis]], "they are taken by their numbers")
        axes[axis] = None
        return tuple(axes)
    op.refuse([*axes, *op.axes("index")], "they are gathered by their numbers")
    return empty(op.out.shape)


@rule("index", "_unsafe_index")
def index(op: Operation) -> Axes:
    """Indexed axes must hold no channels; the others are as before."""
    axes, indices = op.axes("self"), list(op["indices"])
    indices += [None] * (len(axes) - len(indices))
    used: list[int] = []
    axis = 0
    for tensor in indices:  # a mask of several axes takes all of them
        width = 1 if tensor is None or tensor.dtype.is_floating_point or not _is_mask(tensor) else tensor.ndim
        used += range(axis, axis + width) if tensor is not None else []
        axis += width
    op.refuse([axes[d] for d in used if d < len(axes)], "they are taken by index")
    kept = [axes[d] for d in range(len(axes)) if d not in used]
    new = op.out.ndim - len(kept)
    adjacent = bool(used) and used == list(range(used[0], used[-1] + 1))
    place = used[0] if adjacent else 0
    return (*kept[:place], *[None] * new, *kept[place:])


def _is_mask(tensor: Tensor) -> bool:
    return str(tensor.dtype) in ("torch.bool", "torch.uint8")


@rule("unfold")
def unfold(op: Operation) -> Axes:
    """Windows along one axis."""
    axes = list(op.axes("self"))
    axis = op.axis("dimension", len(axes))
    op.refuse([axes[axis]], "windows are taken along them")
    axes[axis] = None
    return (*axes, None)
