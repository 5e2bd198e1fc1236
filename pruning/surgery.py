"""Applying a plan: cut every layer that a removed channel touches."""

import copy
from collections.abc import Mapping

import numpy as np
from torch import nn

from pruning.graph import trace_network
from pruning.layers import slice_layer, width
from pruning.plan_data import Plan
from pruning.recording import Example, as_inputs
from pruning.structure import Channels, Network


def apply(model: nn.Module, plan: Plan, example: Example | None = None) -> nn.Module:
    """Build the smaller network.

    Args:
        model: the network that the plan was made for, or one of the same architecture. It stays as it is.
        plan: from `pruning.plan`.
        example: what the forward takes; None uses zeros of the plan's shapes.

    Returns:
        A copy without the removed channels, with new parameters (build the optimiser after it) and no gradients.

    Raises:
        ValueError: the plan does not fit the model.
    """
    return cut(model, network_of(model, plan, example), plan.removed)


def cut(model: nn.Module, network: Network, removed: Mapping[str, Channels]) -> nn.Module:
    """A copy of the traced model without these channels of each group."""
    pruned = copy.deepcopy(model)
    for (name, side), positions in network.removed_positions(removed).items():
        layer = pruned.get_submodule(name)
        slice_layer(layer, side, np.setdiff1d(np.arange(width(layer, side)), positions).tolist())
    return pruned


def network_of(model: nn.Module, plan: Plan, example: Example | None = None) -> Network:
    """Trace the model that a plan is for.

    Raises:
        ValueError: the plan's groups are not the model's.
    """
    inputs = plan.example(model) if example is None else as_inputs(example)
    network = trace_network(model, inputs, keep=plan.keep)
    for group in plan.groups:
        found = network.groups.get(group.name)
        if found is None:
            known = ", ".join(network.groups)
            raise ValueError(f"the plan does not fit the model: no group {group.name}; its groups: {known}")
        if found.channels != group.channels:
            raise ValueError(
                f"the plan does not fit the model: {group.name} has {found.channels} channels, planned {group.channels}"
            )
        if list(found.producers) != group.producers:
            raise ValueError(
                f"the plan does not fit the model: {group.name} is produced by {', '.join(found.producers)}, "
                f"planned {', '.join(group.producers)}"
            )
    return network
