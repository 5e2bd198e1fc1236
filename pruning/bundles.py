"""Grouped convolutions: every convolution group must lose as many channels, so channels at equal places go together."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pruning.layers import LayerCost
from pruning.structure import Member
from pruning.traversal import refusal


def bundled(name: str, members: tuple[Member, ...], layers: Mapping[str, LayerCost]) -> tuple[Member, ...]:
    """The members with their channels renumbered, so that each new channel is a bundle that any convolution can lose.

    A convolution of g groups ties the channels at place p of each of its groups, g channels that become one.

    Raises:
        ValueError: only a part of a grouped convolution's channels is in this group.
    """
    bundle = np.arange(layers[name].out)
    ties = [tie for member in members if (tie := _ties(name, member, layers[member.layer])) is not None]
    while True:
        before = bundle.copy()
        for channel, place in ties:
            lowest = np.full(place.max() + 1, len(bundle))
            np.minimum.at(lowest, place, bundle[channel])
            np.minimum.at(bundle, channel, lowest[place])
        if np.array_equal(before, bundle):
            break
    renumbered = np.unique(bundle, return_inverse=True)[1]
    return tuple(replace(member, channel=renumbered[member.channel]) for member in members)


def _ties(name: str, member: Member, cost: LayerCost) -> tuple[np.ndarray, np.ndarray] | None:
    """(channels, their places inside their convolution group) of a grouped convolution, None for any other layer."""
    if cost.per_channel or cost.groups == 1:
        return None
    channels = cost.out if member.side == "out" else cost.into
    if len(np.unique(member.local)) != channels:
        why = f"{member.layer} is a grouped convolution ({cost.groups} groups) that has channels of others too"
        raise ValueError(refusal(name, why))
    return member.channel, member.local % (channels // cost.groups)
