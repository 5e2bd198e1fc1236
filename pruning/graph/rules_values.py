"""Rules of operations on values: element by element, over axes, over places."""

import re

from torch import Tensor

from pruning.graph.operation import Operation, empty, rule
from pruning.graph.shadows import Axes, Labels

POINTWISE = """_prelu_kernel _to_copy alias bernoulli clamp clone contiguous copy detach detach_copy dropout exponential
fill floor_divide hardswish lift_fresh lift_fresh_copy log_normal log_sigmoid_forward masked_fill native_dropout normal
random to uniform where zero rsub logit square zeros_like ones_like empty_like full_like rand_like randn_like
randint_like new_empty_strided view_as_real_copy pow silu_backward nan_to_num"""
"""Beside all operations that ATen itself marks as pointwise."""


@rule(*POINTWISE.split())
def pointwise(op: Operation) -> Axes:
    """Every result at a place comes from the operands at that place."""
    operands = [t for t in op.operands() if isinstance(t, Tensor)]
    axes = [op.shadow(t).axes for t in operands]
    return op.shadows.broadcast([t.shape for t in operands], axes, op.out.shape)


def _dims(op: Operation, count: int) -> list[int]:
    dims = op["dim"] if "dim" in op.arguments else op["axis"]
    if dims is None or (isinstance(dims, (list, tuple)) and not dims):
        return list(range(count))
    return sorted({int(d) % max(count, 1) for d in (dims if isinstance(dims, (list, tuple)) else [dims])})


REDUCTIONS = """all amax amin any argmax argmin count_nonzero kthvalue linalg_vector_norm logsumexp max mean median min
mode nanmean nanmedian nansum norm prod std std_mean sum var var_mean aminmax"""
SCANS = "_log_softmax _softmax cummax cummin cumprod cumsum logcumsumexp sort topk argsort _safe_softmax msort"


@rule(*REDUCTIONS.split())
def reduction(op: Operation) -> Axes | list[Axes]:
    """Axes that vanish (or become 1) must hold no channels; the others are as before."""
    if op.name in ("max", "min") and isinstance(op["other"], Tensor):
        return pointwise(op)
    return _over(op, keeps_length=False)


@rule(*SCANS.split())
def scan(op: Operation) -> Axes | list[Axes]:
    """The same of operations that keep the axis, with other values on it."""
    return _over(op, keeps_length=True)


def _over(op: Operation, keeps_length: bool) -> Axes | list[Axes]:
    axes = op.axes("self")
    dims = _dims(op, len(axes))
    if not op.normalises:
        op.refuse([axes[d] for d in dims], f"it meets {op.name.strip('_')} over its channels")
    kept: list[Labels] = [labels if d not in dims else None for d, labels in enumerate(axes)]
    if keeps_length and op.name != "topk":
        kept = list(axes)
    elif op.out.ndim != len(axes):
        kept = [labels for d, labels in enumerate(axes) if d not in dims]
    results = [op.result] if isinstance(op.result, Tensor) else op.result
    return [tuple(kept) for _ in results]


PLACES = """adaptive_max_pool2d adaptive_max_pool3d _adaptive_avg_pool2d _adaptive_avg_pool3d avg_pool2d avg_pool3d
fractional_max_pool2d max_pool2d_with_indices max_pool3d_with_indices reflection_pad1d reflection_pad2d
reflection_pad3d replication_pad1d replication_pad2d replication_pad3d upsample_bicubic2d upsample_bilinear2d
upsample_linear1d upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_trilinear3d
_upsample_bilinear2d_aa _upsample_bicubic2d_aa _upsample_nearest_exact1d _upsample_nearest_exact2d max_pool1d
avg_pool1d adaptive_avg_pool1d adaptive_max_pool1d"""


@rule(*PLACES.split())
def over_places(op: Operation) -> list[Axes]:
    """Pooling, padding and resizing move things about on the last axes only."""
    axes = op.axes("self") or op.axes("input")
    places = int(re.search(r"([123])d", op.name)[1])  # type: ignore[index]
    op.refuse(axes[-places:], f"it meets {op.name.strip('_')} across its channels")
    kept = (*axes[:-places], *[None] * places)
    return [kept] if isinstance(op.result, Tensor) else [kept for _ in op.result]


@rule("grid_sampler_2d", "grid_sampler_3d")
def sampling(op: Operation) -> Axes:
    """Places are picked by a grid, which has no channels."""
    op.refuse(op.axes("grid"), "it places what is sampled")
    axes = op.axes("input")
    op.refuse(axes[2:], "it is sampled across its channels")
    return (*axes[:2], *empty(op.out.shape[2:]))


@rule("roi_align", "roi_pool")
def regions(op: Operation) -> list[Axes]:
    """Regions of a picture become pictures; only their number changes."""
    op.refuse(op.axes("rois"), "it places regions")
    kept: Axes = (None, op.axes("input")[1], None, None)
    results = [op.result] if isinstance(op.result, Tensor) else op.result
    return [kept if t.ndim == 4 else empty(t.shape) for t in results]


CREATIONS = """arange empty eye full linspace logspace ones rand randint randn randperm scalar_tensor tril_indices
triu_indices zeros empty_strided new_empty new_zeros new_ones new_full"""


@rule(*CREATIONS.split())
def creation(op: Operation) -> Axes:
    """Constants; whether their size follows the channels is for the trial removal to find out."""
    return empty(op.out.shape)
