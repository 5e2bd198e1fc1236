"""Rules of operations that only move things: views, slices, concatenations, shuffles."""

import numpy as np
from torch import Tensor

from pruning.graph.operation import Operation, empty, rule
from pruning.graph.reshaping import reshaped
from pruning.graph.shadows import Axes, Labels


@rule("view", "_unsafe_view", "_reshape_alias", "reshape", "_reshape_copy", "view_copy", "unflatten", "flatten")
def view(op: Operation) -> Axes:
    """Another shape for the same elements."""
    if op["dtype"] is not None:
        return op.axes("self")
    return reshaped(op.shadows, op["self"].shape, op.axes("self"), op.out.shape, op.choose, op.where)


@rule("permute")
def permute(op: Operation) -> Axes:
    axes = op.axes("self")
    return tuple(axes[d % len(axes)] for d in op["dims"])


@rule("transpose", "t", "swapaxes", "transpose_copy")
def transpose(op: Operation) -> Axes:
    axes = list(op.axes("self"))
    one, other = (0, 1) if op.name == "t" else (op.axis("dim0", len(axes)), op.axis("dim1", len(axes)))
    if len(axes) > 1:
        axes[one], axes[other] = axes[other], axes[one]
    return tuple(axes)


@rule("unsqueeze")
def unsqueeze(op: Operation) -> Axes:
    axes = list(op.axes("self"))
    axes.insert(op.axis("dim", len(axes) + 1), None)
    return tuple(axes)


@rule("squeeze")
def squeeze(op: Operation) -> Axes:
    axes, shape = op.axes("self"), op["self"].shape
    dims = op["dim"] if op["dim"] is not None else range(len(shape))
    gone = {d % max(len(shape), 1) for d in ([dims] if isinstance(dims, int) else dims)}
    return tuple(labels for d, labels in enumerate(axes) if not (d in gone and shape[d] == 1))


@rule("expand", "expand_copy")
def expand(op: Operation) -> Axes:
    return op.shadows.broadcast([op["self"].shape], [op.axes("self")], op.out.shape)


@rule("repeat")
def repeat(op: Operation) -> Axes:
    times = list(op["repeats"])
    axes = (*[None] * (len(times) - len(op.axes("self"))), *op.axes("self"))
    op.shadows.fix([a for a, r in zip(axes, times, strict=True) if r > 1 and a is not None and len(a) == 1], None)
    return tuple(
        None if a is None or (r > 1 and len(a) == 1) else np.tile(a, r) for a, r in zip(axes, times, strict=True)
    )


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
    axes = list(op.axes("self"))
    axis = op.axis("dim", len(axes))
    if (labels := axes[axis]) is not None:
        one, other = np.split(labels, 2)
        op.shadows.atoms.join(one, other)
        axes[axis] = one
    return tuple(axes)


@rule("select", "select_copy")
def select(op: Operation) -> Axes:
    axes = op.axes("self")
    axis = op.axis("dim", len(axes))
    op.refuse([axes[axis]], "one of them is taken by its number")
    return axes[:axis] + axes[axis + 1 :]


@rule("unbind")
def unbind(op: Operation) -> list[Axes]:
    axes = op.axes("self")
    axis = op.axis("dim", len(axes))
    op.refuse([axes[axis]], "they are taken one by one")
    return [axes[:axis] + axes[axis + 1 :] for _ in op.result]


@rule("cat", "concat", "concatenate")
def concatenation(op: Operation) -> Axes:
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


@rule("flip")
def flip(op: Operation) -> Axes:
    axes = op.axes("self")
    gone = {d % len(axes) for d in op["dims"]}
    return tuple(a if a is None or d not in gone else a[::-1].copy() for d, a in enumerate(axes))


@rule("roll")
def roll(op: Operation) -> Axes:
    axes = op.axes("self")
    moved = [d % len(axes) for d in op["dims"]] or range(len(axes))
    op.refuse([axes[d] for d in moved], "they are rolled by a number of places")
    return axes


@rule("index_select", "gather", "take_along_dim")
def index_select(op: Operation) -> Axes:
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


@rule("pixel_shuffle")
def pixel_shuffle(op: Operation) -> Axes:
    axes = list(op.axes("self"))
    if (labels := axes[-3]) is not None:
        rows = labels.reshape(-1, int(op["upscale_factor"]) ** 2)
        op.shadows.atoms.join(rows[:, :1], rows)
        axes[-3] = rows[:, 0].copy()
    return (*axes[:-2], None, None)


@rule("pixel_unshuffle")
def pixel_unshuffle(op: Operation) -> Axes:
    axes = list(op.axes("self"))
    if axes[-3] is not None:
        axes[-3] = np.repeat(axes[-3], int(op["downscale_factor"]) ** 2)
    return (*axes[:-2], None, None)


@rule("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(op: Operation) -> Axes:
    axes = op.axes("self")
    if (labels := axes[1]) is None:
        return axes
    rows = labels.reshape(int(op["groups"]), -1)
    op.shadows.atoms.join(rows[:1], rows)
    return (axes[0], rows.T.ravel().copy(), *axes[2:])


@rule("im2col")
def unfold_places(op: Operation) -> Axes:
    """(N, C, H, W) -> (N, C x kernel, places)."""
    axes = op.axes("self")
    taps = int(np.prod(op["kernel_size"]))
    labels = axes[-3]
    return (*axes[:-3], None if labels is None else np.repeat(labels, taps), None)


@rule("col2im")
def fold_places(op: Operation) -> Axes:
    axes = op.axes("self")
    labels = axes[-2]
    if labels is not None:
        rows = labels.reshape(-1, int(np.prod(op["kernel_size"])))
        op.shadows.atoms.join(rows[:, :1], rows)
        labels = rows[:, 0].copy()
    return (*axes[:-2], labels, None, None)


@rule("unfold")
def unfold(op: Operation) -> Axes:
    """Windows along one axis."""
    axes = list(op.axes("self"))
    axis = op.axis("dimension", len(axes))
    op.refuse([axes[axis]], "windows are taken along them")
    axes[axis] = None
    return (*axes, None)
