"""Whether a pruned network is right, judged from its weights alone, whoever pruned it.

Random weights are all different, so each weight that is left shows which output and input channel it belonged to. In
the dense network the weights that read a removed channel are set to zero, and group and layer normalisation is over the
remaining channels; then every layer must give on its remaining channels what the pruned one gives.
"""

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pruning.graph.comparison import Watch, as_double
from pruning.graph.layers import place_of_channels
from pruning.modes import seeded
from pruning.recording import Inputs, tensors

Conv = nn.modules.conv._ConvNd
MIXING = (nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)
TOLERANCE = 1e-4
VOTES = 512
"""Numbers of a row or column that are looked up: among millions some are the same."""


def _matrices(dense: nn.Module, small: nn.Module) -> list[Tensor]:
    """(out, in) first tap of each kernel, as the weights are stored; (out, taps) where the dense one has one input."""
    pair: list[Tensor] = [layer.weight.detach() for layer in (dense, small)]  # type: ignore[union-attr, operator, misc]
    if pair[0].shape[1] == 1:
        return [weight.flatten(1) for weight in pair]
    return [weight.flatten(2)[..., 0] if weight.ndim > 2 else weight for weight in pair]


def kept_rows_and_columns(dense: Tensor, small: Tensor) -> tuple[list[int], list[int]] | None:
    """Which rows and columns of a matrix of random numbers are left; None where that cannot be told."""
    if not small.numel():
        return None
    flat = dense.flatten().numpy()
    order = np.argsort(flat, kind="stable")
    ascending, width = flat[order], dense.shape[1]

    def found(values: Tensor) -> list[np.ndarray]:
        places = [np.searchsorted(ascending, row).clip(max=len(flat) - 1) for row in values.numpy()]
        return [order[p][ascending[p] == row] for p, row in zip(places, values.numpy(), strict=True)]

    rows = [_most(places // width) for places in found(small[:, :VOTES])]
    columns = [_most(places % width) for places in found(small.T[:, :VOTES])]
    return None if None in rows or None in columns else (rows, columns)  # type: ignore[return-value]


def _most(votes: np.ndarray) -> int | None:
    return int(np.bincount(votes).argmax()) if len(votes) else None


def judge(dense: nn.Module, small: nn.Module, inputs: Inputs) -> tuple[str, str]:
    """('pruned' | 'nothing' | 'wrong' | 'late', why)."""
    masked, kept, changed = copy.deepcopy(dense), {}, False
    for name, layer in dense.named_modules():
        _adapt(masked.get_submodule(name), small.get_submodule(name))
        if not isinstance(layer, (Conv, nn.Linear)) or not isinstance(layer.weight, nn.Parameter):
            continue
        other = small.get_submodule(name)
        if other.weight.shape == layer.weight.shape:
            continue
        changed = True
        found = kept_rows_and_columns(*_matrices(layer, other))
        if found is None:
            continue
        transposed, groups = getattr(layer, "transposed", False), getattr(layer, "groups", 1)
        outs, ins = found[::-1] if transposed else found
        if transposed and groups > 1 and layer.weight.shape[1] > 1:  # the same places of every group
            outs = [group * layer.weight.shape[1] + place for group in range(groups) for place in outs]
        kept[name] = outs
        gone = sorted(set(range(layer.weight.shape[0 if transposed else 1])) - set(ins))
        if gone and (groups == 1 or transposed):
            masked.get_submodule(name).weight.data.index_fill_(0 if transposed else 1, torch.tensor(gone), 0)  # type: ignore[union-attr, operator]
        elif gone:
            masked.get_submodule(name).weight.data[:, gone] = 0  # type: ignore[union-attr, operator, index]
    if not changed:
        return "nothing", "no layer is smaller"
    precise = (copy.deepcopy(m).double() for m in (masked, small))
    try:  # in float64, where rounding does not change what a detector picks
        return _compared(*precise, as_double(inputs), kept)
    except Exception:
        return _compared(masked, small, inputs, kept)


def _adapt(layer: nn.Module, other: nn.Module) -> None:
    """Let a layer that is neither convolution nor linear work on the channels that the other one has kept."""
    if isinstance(layer, MIXING):
        _renormalise(layer, other)
    elif isinstance(layer, nn.RNNBase):
        _silence(layer, other)


def _silence(layer: nn.Module, other: nn.Module) -> None:
    """Let a recurrent layer not read what the other one, of the pruned network, cannot."""
    for name in ("weight_ih_l0", "weight_ih_l0_reverse") if layer.bidirectional else ("weight_ih_l0",):
        weight, few = (getattr(each, name).detach() for each in (layer, other))
        found = kept_rows_and_columns(weight, few)
        if found is not None:
            weight[:, sorted(set(range(weight.shape[1])) - set(found[1]))] = 0


def _renormalise(layer: nn.Module, other: nn.Module) -> None:
    """Let the dense normalisation be over the channels that the other one, of the pruned network, has kept."""
    weight, few = layer.weight, other.weight
    if (
        weight is None
        or few.shape == weight.shape
        or layer.__dict__.get("num_groups") != other.__dict__.get("num_groups")
    ):
        return
    kept = (weight.detach()[None] == few.detach()[:, None]).nonzero()[:, 1]
    own = copy.deepcopy(other)

    def over_kept(module: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> Tensor:
        axis = place_of_channels(module, out)
        return out.index_copy(axis, kept, own.to(out.dtype).forward(args[0].index_select(axis, kept)))

    layer.register_forward_hook(over_kept)


def _compared(masked: nn.Module, small: nn.Module, inputs: Inputs, kept: dict[str, list[int]]) -> tuple[str, str]:
    expected = _run(masked, inputs, kept)
    try:
        found = _run(small, inputs, kept)
    except Exception as error:
        return "late", f"{type(error).__name__}: {str(error)[:200]}"
    for name, outs in kept.items():
        if name in expected[1]:
            dense, few = expected[1][name], found[1].get(name)
            axis = dense.ndim - 1 if isinstance(masked.get_submodule(name), nn.Linear) else 1
            if few is None or not _alike_on(dense.index_select(axis, torch.tensor(outs)), few, list(kept.values())):
                return "wrong", f"{name} gives something else"
    if len(expected[0]) != len(found[0]) or not all(map(_alike, *(expected[0], found[0]))):
        return "wrong", "the output is something else"
    return "pruned", ""


@torch.no_grad()
def _run(model: nn.Module, inputs: Inputs, layers: dict[str, list[int]]) -> tuple[list[Tensor], dict[str, Tensor]]:
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        return lambda module, args, out: seen.update({name: out.clone()})

    hooks = [model.get_submodule(name).register_forward_hook(keep(name)) for name in layers]
    model.eval()
    try:
        with seeded(), Watch():
            return list(tensors(inputs.map(torch.clone).run(model))), seen
    finally:
        for hook in hooks:
            hook.remove()


def _alike_on(dense: Tensor, few: Tensor, kept: list[list[int]]) -> bool:
    """Whether both are the same on channels that some layer has kept, on each axis that is shorter."""
    shorter = [axis for axis in range(dense.ndim) if dense.ndim == few.ndim and dense.shape[axis] > few.shape[axis]]
    if not shorter:
        return _alike(dense, few)
    size, wanted = dense.shape[shorter[0]], few.shape[shorter[0]]
    likely = {tuple(some) for some in kept if len(some) == wanted and max(some) < size}
    return any(_alike_on(dense.index_select(shorter[0], torch.tensor(some)), few, kept) for some in likely)


def _alike(a: Tensor, b: Tensor) -> bool:
    if a.shape != b.shape:
        return False
    if not a.is_floating_point() or not a.numel():
        return bool((a == b).all())
    a, b = a.nan_to_num(), b.nan_to_num()
    return float((a - b).abs().max()) <= TOLERANCE * float(a.abs().max()) + 1e-7
