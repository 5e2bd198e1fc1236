"""Rules of operations that show the same elements in another shape or order: views, permutations, shuffles."""

import numpy as np

from pruning.graph.operation import Operation, rule, unknown
from pruning.graph.reshaping import reshaped
from pruning.graph.shadows import Axes


@rule("view", "_unsafe_view", "_reshape_alias", "reshape", "_reshape_copy", "view_copy", "unflatten", "flatten")
def view(op: Operation) -> Axes:
    """Another shape for the same elements."""
    if op["dtype"] is not None:
        return op.axes("self")
    return reshaped(op.shadows, op["self"].shape, op.axes("self"), op.out.shape, op.choose, op.where)


@rule("as_strided")
def strides(op: Operation) -> Axes:
    """Another layout in memory of the same axes, as pooling to one place gives it to pictures with channels last."""
    axes = op.axes("self")
    lengths = [len(labels) if labels is not None else size for labels, size in zip(axes, op.out.shape, strict=False)]
    if len(axes) == op.out.ndim and lengths == list(op.out.shape):
        return axes
    return unknown(op)


@rule("permute")
def permute(op: Operation) -> Axes:
    """Axes in another order."""
    axes = op.axes("self")
    return tuple(axes[d % len(axes)] for d in op["dims"])


@rule("transpose", "t", "swapaxes", "transpose_copy")
def transpose(op: Operation) -> Axes:
    """Two axes change places."""
    axes = list(op.axes("self"))
    one, other = (0, 1) if op.name == "t" else (op.axis("dim0", len(axes)), op.axis("dim1", len(axes)))
    if len(axes) > 1:
        axes[one], axes[other] = axes[other], axes[one]
    return tuple(axes)


@rule("unsqueeze")
def unsqueeze(op: Operation) -> Axes:
    """A new axis of length one."""
    axes = list(op.axes("self"))
    axes.insert(op.axis("dim", len(axes) + 1), None)
    return tuple(axes)


@rule("squeeze")
def squeeze(op: Operation) -> Axes:
    """Axes of length one vanish."""
    axes, shape = op.axes("self"), op["self"].shape
    dims = op["dim"] if op["dim"] is not None else range(len(shape))
    gone = {d % max(len(shape), 1) for d in ([dims] if isinstance(dims, int) else dims)}
    return tuple(labels for d, labels in enumerate(axes) if not (d in gone and shape[d] == 1))


@rule("expand", "expand_copy")
def expand(op: Operation) -> Axes:
    """Axes of length one are repeated."""
    return op.shadows.broadcast([op["self"].shape], [op.axes("self")], op.out.shape)


@rule("repeat")
def repeat(op: Operation) -> Axes:
    """Axes are laid out several times, one after the other."""
    times = list(op["repeats"])
    axes = (*[None] * (len(times) - len(op.axes("self"))), *op.axes("self"))
    op.shadows.fix([a for a, r in zip(axes, times, strict=True) if r > 1 and a is not None and len(a) == 1], None)
    return tuple(
        None if a is None or (r > 1 and len(a) == 1) else np.tile(a, r) for a, r in zip(axes, times, strict=True)
    )


@rule("flip")
def flip(op: Operation) -> Axes:
    """Axes the other way round."""
    axes = op.axes("self")
    gone = {d % len(axes) for d in op["dims"]}
    return tuple(a if a is None or d not in gone else a[::-1].copy() for d, a in enumerate(axes))


@rule("roll")
def roll(op: Operation) -> Axes:
    """Axes turned by a number of places."""
    axes = op.axes("self")
    moved = [d % len(axes) for d in op["dims"]] or range(len(axes))
    op.refuse([axes[d] for d in moved], "they are rolled by a number of places")
    return axes


@rule("pixel_shuffle")
def pixel_shuffle(op: Operation) -> Axes:
    """Channels become places: each place of the result takes several."""
    axes = list(op.axes("self"))
    if (labels := axes[-3]) is not None:
        rows = labels.reshape(-1, int(op["upscale_factor"]) ** 2)
        op.shadows.atoms.join(rows[:, :1], rows)
        axes[-3] = rows[:, 0].copy()
    return (*axes[:-2], None, None)


@rule("pixel_unshuffle")
def pixel_unshuffle(op: Operation) -> Axes:
    """Places become channels."""
    axes = list(op.axes("self"))
    if axes[-3] is not None:
        axes[-3] = np.repeat(axes[-3], int(op["downscale_factor"]) ** 2)
    return (*axes[:-2], None, None)


@rule("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(op: Operation) -> Axes:
    """Channels of groups take turns; groups lose as many each."""
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
    """(N, C x kernel, places) -> (N, C, H, W)."""
    axes = op.axes("self")
    labels = axes[-2]
    if labels is not None:
        rows = labels.reshape(-1, int(np.prod(op["kernel_size"])))
        op.shadows.atoms.join(rows[:, :1], rows)
        labels = rows[:, 0].copy()
    return (*axes[:-2], labels, None, None)
