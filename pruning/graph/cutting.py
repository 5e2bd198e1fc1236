"""Cutting channels out of a network, given what belongs to them."""

import copy
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from pruning.graph.layers import slice_layer, width
from pruning.graph.structure import Channels, Network

CHANGED = "pruned_attributes"
"""Attribute of a pruned network: {module.attribute: number} of all that followed a width, for its checkpoint."""


def cut(model: nn.Module, network: Network, removed: Mapping[str, Channels]) -> nn.Module:
    """A copy of the traced model without these channels of each group."""
    pruned = copy.deepcopy(model)
    for (name, side), positions in network.removed_positions(removed).items():
        layer = pruned.get_submodule(name)
        slice_layer(layer, side, np.setdiff1d(np.arange(width(layer, side)), positions).tolist())
    for (name, axis), positions in network.removed_elsewhere(removed).items():
        _slice(pruned, name, axis, positions)
    keep_ties(model, pruned)
    for name, count in network.lowered(removed).items():
        owner, _, attribute = name.rpartition(".")
        set_attribute(pruned, name, getattr(pruned.get_submodule(owner), attribute) - count)
    return pruned


def keep_ties(dense: nn.Module, pruned: nn.Module) -> None:
    """Let names that are one tensor in the dense network be one in the smaller one, where it was cut by one of them."""
    names: dict[int, list[str]] = {}
    for name, tensor in all_tensors(dense, remove_duplicate=False).items():
        names.setdefault(id(tensor), []).append(name)
    for same in names.values():
        found = [_owner(pruned, name) for name in same]
        size = getattr(*_owner(dense, same[0])).shape
        cut = [tensor for owner, part in found if (tensor := getattr(owner, part)).shape != size]
        for owner, part in found if cut and len(found) > 1 else ():
            setattr(owner, part, cut[0])


def all_tensors(model: nn.Module, *, remove_duplicate: bool = True) -> dict[str, Tensor]:
    """Parameters and buffers by name; a tensor of several names by the first, unless all are wanted."""
    parameters = model.named_parameters(remove_duplicate=remove_duplicate)
    return {**dict(parameters), **dict(model.named_buffers(remove_duplicate=remove_duplicate))}


def _owner(model: nn.Module, name: str) -> tuple[nn.Module, str]:
    owner, _, part = name.rpartition(".")
    return model.get_submodule(owner), part


def set_attribute(model: nn.Module, name: str, value: int) -> None:
    """Change a number that a module of the model keeps, and note that."""
    owner, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(owner), attribute, value)
    setattr(model, CHANGED, {**getattr(model, CHANGED, {}), name: value})


def _slice(model: nn.Module, name: str, axis: int, positions: np.ndarray) -> None:
    module, part = _owner(model, name)
    tensor = getattr(module, part)
    kept = torch.from_numpy(np.setdiff1d(np.arange(tensor.shape[axis]), positions)).to(tensor.device)
    data = tensor.detach().index_select(axis, kept)
    if isinstance(tensor, nn.Parameter):
        data = nn.Parameter(data, requires_grad=tensor.requires_grad)
    setattr(module, part, data)
