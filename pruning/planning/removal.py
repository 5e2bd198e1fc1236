"""What plans, schedules and searches share: a network with channels to remove, what a removal costs, and its plan."""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import nn

from pruning.graph import TracedModel, trace
from pruning.graph.structure import ChannelGroup, Channels, Network, Widths
from pruning.plans import Cost, GroupPlan, Plan
from pruning.recording import Example


def trace_prunable(model: nn.Module, example: Example, keep: Sequence[str], on_unsupported: str) -> TracedModel:
    """Trace a model for pruning during training, and try the removal, so that no training is lost.

    Raises:
        ValueError: as `pruning.trace`, or nothing can be pruned.
    """
    traced = trace(model, example, keep=keep, on_unsupported=on_unsupported, stacklevel=5)
    if not len(traced):
        why = "; ".join(f"{name}: {reason}" for name, reason in traced.skipped.items())
        raise ValueError(f"no group of channels can be pruned: {why or 'all are in keep, inputs or outputs'}")
    return traced


def part_left(network: Network, removed: Mapping[str, Channels], kind: str) -> float:
    """Part of the dense cost that is left: of 'macs', of 'params', or of the groups' channels."""
    return network.totals(removed)[kind] / network.dense[kind]


def removal_plan(
    traced: TracedModel,
    removed: Mapping[str, Channels],
    target: Mapping[str, float] | None,
    provenance: str,
    empty: Mapping[str, int] | None = None,
) -> Plan:
    """The plan that removes these channels of each group, whatever chose them.

    Args:
        traced: the dense network.
        removed: {group: channels that go}.
        target: what was asked for.
        provenance: what chose the channels.
        empty: {group: channels whose score says that they are}, of groups that were scored.
    """
    network = traced.network
    return Plan(
        criterion=None,
        normalise=None,
        scope=None,
        eps=None,
        target=dict(target) if target else None,
        keep=list(traced.keep),
        example_shapes=traced.inputs.shapes(),
        groups=_group_plans(network, removed, empty or {}),
        before=dict[str, float](network.dense),
        after=dict[str, float](network.totals(removed)),
        skipped=dict(traced.skipped),
        choices=list(traced.choices),
        following=sorted(network.following),
        provenance=provenance,
    )


def _group_plans(network: Network, removed: Mapping[str, Channels], empty: Mapping[str, int]) -> list[GroupPlan]:
    """Every group of the network, also those that lose nothing."""
    dense, small = network.widths({}), network.widths(removed)
    return [
        GroupPlan(
            name=name,
            producers=list(group.producers),
            channels=group.channels,
            kept=np.setdiff1d(np.arange(group.channels), removed.get(name, ())).tolist(),
            removed=sorted(int(channel) for channel in removed.get(name, ())),
            empty=empty.get(name),
            before=_cost(network, group, dense),
            after=_cost(network, group, small),
        )
        for name, group in network.groups.items()
    ]


def _cost(network: Network, group: ChannelGroup, widths: Widths) -> Cost:
    layers = [(network.layers[name], widths[name]) for name in group.producers]
    return {
        "macs": sum(layer.macs(*width) for layer, width in layers),
        "params": sum(layer.parameters(*width) for layer, width in layers),
    }
