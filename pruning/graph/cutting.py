"""Cutting channels out of a network, given what belongs to them."""

import copy
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

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
    for name, count in network.lowered(removed).items():
        owner, _, attribute = name.rpartition(".")
        set_attribute(pruned, name, getattr(pruned.get_submodule(owner), attribute) - count)
    return pruned


def set_attribute(model: nn.Module, name: str, value: int) -> None:
    """Change a number that a module of the model keeps, and note that."""
    owner, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(owner), attribute, value)
    setattr(model, CHANGED, {**getattr(model, CHANGED, {}), name: value})


def _slice(model: nn.Module, name: str, axis: int, positions: np.ndarray) -> None:
    owner, _, part = name.rpartition(".")
    module = model.get_submodule(owner)
    tensor = getattr(module, part)
    kept = torch.from_numpy(np.setdiff1d(np.arange(tensor.shape[axis]), positions)).to(tensor.device)
    data = tensor.detach().index_select(axis, kept)
    if isinstance(tensor, nn.Parameter):
        data = nn.Parameter(data, requires_grad=tensor.requires_grad)
    setattr(module, part, data)
