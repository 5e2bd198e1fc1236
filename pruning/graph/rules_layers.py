"""Rules of operations with weights: convolution, matrix product, normalisation, attention."""

import numpy as np

from pruning.graph.operation import Operation, empty, flat, rule
from pruning.graph.shadows import Axes, Labels, is_constant

FOREIGN = "are no parameters of the model (layers in a list are, if it is an nn.ModuleList),"


@rule("convolution", "_convolution")
def convolution(op: Operation) -> Axes:
    """Input channels meet the weight's, output channels are the weight's; groups lose as many each."""
    into, weight, bias, groups = op.axes("input")[1], op.axes("weight"), op.axes("bias"), int(op["groups"])
    channels = op["input"].shape[1]
    learned = op.shadow(op["weight"]).learned
    op.refuse(op.axes("input")[2:], "it meets a convolution across its channels")
    if not learned:
        how = FOREIGN if is_constant(op.shadow(op["weight"]).node) else "are computed in the forward"
        op.refuse([into, *weight[:2]], f"it meets a convolution whose weights {how}")
    if groups == channels == op.out.shape[1]:  # depthwise: a channel is its own group
        makes = op.shadows.same([weight[0], into, *bias])
        return (None, makes, *empty(op.out.shape[2:]))
    makes = _transposed(op, groups) if op["transposed"] else _straight(op, groups)
    _bundled(op, makes, None, groups)
    return (None, makes, *empty(op.out.shape[2:]))


def _straight(op: Operation, groups: int) -> Labels:
    """What a convolution makes, its weight being (out, in / groups, ...)."""
    out, reads = op.axes("weight")[:2]
    _bundled(op, op.axes("input")[1], reads, groups)
    return op.shadows.same([out, *op.axes("bias")])


def _transposed(op: Operation, groups: int) -> Labels:
    """What a transposed convolution makes, its weight being (in, out / groups, ...)."""
    reads, out = op.axes("weight")[:2]
    _bundled(op, op.shadows.same([op.axes("input")[1], reads]), None, groups)
    return op.shadows.same([None if out is None else np.tile(out, groups), *op.axes("bias")])


def _bundled(op: Operation, labels: Labels, places: Labels, groups: int) -> None:
    """Channels at equal places of the groups go together, with that place of the weight."""
    if labels is None:
        return
    if groups > 1:
        rows = labels.reshape(groups, -1)
        op.shadows.atoms.join(rows[:1], rows)
        labels = rows[0]
    if places is not None:
        op.shadows.atoms.join(labels, places)


def _contract(op: Operation, one: str, other: str, axes: tuple[Labels, Labels]) -> None:
    """The axes that a matrix product sums over: a weight's and those of what it reads."""
    learned = [op.shadow(op[name]).learned for name in (one, other)]
    if not any(learned):
        if any(is_constant(op.shadow(op[name]).node) for name in (one, other)):
            op.refuse(axes, f"it meets {op.name} with weights that {FOREIGN}")
        op.refuse(axes, f"it meets {op.name} outside a layer, a product of activations,")
    elif axes[0] is not None and axes[1] is not None:
        op.shadows.atoms.join(axes[0], axes[1])
    elif not all(learned):
        # The weight may read inputs of the network, whose axes are not known any more; a constant matrix is no weight.
        reader = axes[int(learned[0])]
        op.refuse([reader], f"it meets {op.name} with a matrix of fixed size")


@rule("mm", "addmm", "bmm", "baddbmm", "addbmm")
def matrix_product(op: Operation) -> Axes:
    """(..., a, b) times (..., b, c)."""
    one, other = ("self", "mat2") if op["mat2"] is not None and "mat1" not in op.arguments else ("mat1", "mat2")
    if "batch1" in op.arguments:
        one, other = "batch1", "batch2"
    left, right = op.axes(one), op.axes(other)
    _contract(op, one, other, (left[-1], right[-2]))
    result: list[Labels] = [left[-2], right[-1]]
    if len(left) == 3:
        result.insert(0, op.shadows.same([left[0], right[0]]))
    if one == "self":
        return tuple(result)
    return op.shadows.broadcast([op["self"].shape, op.out.shape], [op.axes("self"), tuple(result)], op.out.shape)


@rule("mv", "dot", "vdot", "addmv")
def vector_product(op: Operation) -> Axes:
    """A matrix or vector times a vector."""
    one, other = {"mv": ("self", "vec"), "addmv": ("mat", "vec")}.get(op.name, ("self", "other"))
    if op.name == "dot":
        other = "tensor"
    left, right = op.axes(one), op.axes(other)
    _contract(op, one, other, (left[-1], right[0]))
    if op.name == "addmv":
        return (op.shadows.same([left[0], *op.axes("self")]),)
    return left[:-1]


@rule("linear")
def linear(op: Operation) -> Axes:
    """(..., C) with a weight (out, C)."""
    weight = op.axes("weight")
    _contract(op, "input", "weight", (op.axes("input")[-1], weight[1]))
    return (*op.axes("input")[:-1], op.shadows.same([weight[0], *op.axes("bias")]))


NORMS = """native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training cudnn_batch_norm
_batch_norm_with_update _batch_norm_no_update miopen_batch_norm _batch_norm_impl_index"""


@rule(*NORMS.split())
def batch_norm(op: Operation) -> list[Axes]:
    """One scale, shift, mean and variance per channel; statistics of the batch are over all other axes."""
    axes = op.axes("input")
    vectors = [op.axes(name) for name in ("weight", "bias", "running_mean", "running_var")]
    channel = op.shadows.same([axes[1], *[labels for some in vectors for labels in some]])
    if op["training"] or (op["train"] if "train" in op.arguments else False) or op["running_mean"] is None:
        op.refuse([axes[0], *axes[2:]], "it is normalised over its channels")
    return [(axes[0], channel, *axes[2:]), *[empty(t.shape) for t in op.result[1:]]]


@rule("native_layer_norm", "_fused_rms_norm")
def layer_norm(op: Operation) -> list[Axes]:
    """Statistics over the last axis: what is left is normalised anew; several axes would be cut across."""
    axes, count = op.axes("input"), len(op["normalized_shape"])
    for vector in (op.axes("weight"), op.axes("bias")):
        for labels, other in zip(axes[-count:], vector, strict=False):
            op.shadows.same([labels, other])
    if count > 1:
        op.refuse(axes[-count:], f"it meets {op.name.strip('_')} over several axes")
    return [axes, *[empty(t.shape) for t in op.result[1:]]]


@rule("native_group_norm")
def group_norm(op: Operation) -> list[Axes]:
    """Statistics over groups of channels, which lose as many each."""
    axes = op.axes("input")
    channel = op.shadows.same([axes[1], *op.axes("weight"), *op.axes("bias")])
    _bundled(op, channel, None, int(op["group"]))
    return [axes, *[empty(t.shape) for t in op.result[1:]]]


ATTENTIONS = """_scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_flash_attention
_scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention scaled_dot_product_attention
_scaled_dot_product_fused_attention_overrideable _scaled_dot_product_attention_math"""


@rule(*ATTENTIONS.split())
def attention(op: Operation) -> list[Axes]:
    """Queries and keys (..., T, D) are summed over; values pass to the result channel by channel."""
    query, key, value = op.axes("query"), op.axes("key"), op.axes("value")
    op.refuse([query[-1], key[-1]], "its products are summed by attention")
    op.refuse([query[-2], key[-2], value[-2]], "attention sums over it")
    shapes = [op[name].shape[:-2] for name in ("query", "key", "value")]
    axes = [query[:-2], *(_shared(op, some[:-2], name) for some, name in ((key, "key"), (value, "value")))]
    heads = op.shadows.broadcast([shapes[0]] * 3, axes, op.out.shape[:-2])
    results = [op.result] if not isinstance(op.result, (tuple, list)) else op.result
    rest = [empty(t.shape) if hasattr(t, "shape") else () for t in results[1:]]
    return [(*heads, None, value[-1]), *rest]


@rule("mkldnn_rnn_layer")
def recurrent(op: Operation) -> list[Axes]:
    """A layer of an LSTM: what it reads may shrink, its own state does not."""
    op.shadows.same([op.axes("input")[-1], op.axes("weight0")[-1]])
    states = [op.axes(name) for name in ("hx_", "cx_")]
    op.refuse([labels for axes in states for labels in axes], "it is the state of a recurrent layer")
    return [empty(t.shape) for t in flat(op.result)]


def _shared(op: Operation, axes: Axes, name: str) -> Axes:
    """Heads of keys or values, each as often as there are queries that share it."""
    few, many = op[name].shape[-3], op["query"].shape[-3]
    if few == many or len(axes) < 2:
        return axes
    op.refuse([op.axes("query")[-3]] if axes[-1] is None else [], "queries share heads that stay")
    return (*axes[:-1], None if axes[-1] is None else np.repeat(axes[-1], many // few))


@rule("embedding")
def embedding(op: Operation) -> Axes:
    """Rows of a table; its columns are channels."""
    axes = op.axes("weight")
    op.refuse([axes[0], *op.axes("indices")], "it is looked up")
    return (*empty(op["indices"].shape), axes[1])
