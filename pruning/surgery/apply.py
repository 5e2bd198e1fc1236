"""Applying a plan: cut every layer that a removed channel touches."""

from torch import nn

from pruning.graph import TracedModel, as_traced
from pruning.graph.cutting import cut
from pruning.plans import Plan
from pruning.recording import Example


def apply(model: nn.Module | TracedModel, plan: Plan, example: Example | None = None) -> nn.Module:
    """Build the smaller network.

    Args:
        model: the network that the plan was made for, or one of the same architecture, traced or not. It stays as it
            is.
        plan: from `pruning.plan`.
        example: what the forward takes; None uses zeros of the plan's shapes.

    Returns:
        A copy without the removed channels, with new parameters (build the optimiser after it) and no gradients.

    Raises:
        ValueError: the plan does not fit the model.
    """
    traced = traced_for(model, plan, example)
    return cut(traced.model, traced.network, plan.removed)


def traced_for(model: nn.Module | TracedModel, plan: Plan, example: Example | None = None) -> TracedModel:
    """The model that a plan is for, traced.

    Raises:
        ValueError: the plan's groups are not the model's.
    """
    if isinstance(model, TracedModel):
        traced = model.keeping(plan.keep)
    else:
        given = plan.example(model) if example is None else example
        traced = as_traced(model, given, plan.keep, tuple(plan.choices), plan.following)
    network = traced.network
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
    return traced
