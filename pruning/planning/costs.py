"""What a removal does to every group: which channels stay, and what its layers cost before and after."""

from collections.abc import Mapping

import numpy as np

from pruning.graph.structure import ChannelGroup, Channels, Network, Widths
from pruning.plans import Cost, GroupPlan


def group_plans(network: Network, removed: Mapping[str, Channels], empty: Mapping[str, int]) -> list[GroupPlan]:
    """Every group of the network, also those that lose nothing.

    Args:
        network: the dense one.
        removed: {group: channels that go}.
        empty: {group: channels whose score says that they are}, of groups that were scored.
    """
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
