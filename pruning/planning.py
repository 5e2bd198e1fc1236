"""Making a plan: score the channels of every group, choose how many go, and write down what that costs."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from pruning import criteria
from pruning.activations import ChannelStatistics
from pruning.graph import trace_network
from pruning.plan_data import Cost, GroupPlan, Plan
from pruning.recording import Example, as_inputs
from pruning.structure import ChannelGroup, Member, Network, Widths
from pruning.targets import SCOPES, TARGETS, Ranking, below, reach


def plan(
    model: nn.Module,
    example: Example,
    *,
    criterion: str = "zero",
    statistics: Mapping[str, ChannelStatistics] | None = None,
    eps: float = 0.0,
    target: Mapping[str, float] | None = None,
    scope: str = "global",
    min_channels: int = 1,
    round_to: int = 1,
    keep: Sequence[str] = (),
) -> Plan:
    """Decide which channels to remove.

    Args:
        model: the dense network; see `pruning.trace` for what it may contain.
        example: what the forward takes; its size is the one at which costs are counted.
        criterion: a name from `pruning.criteria.names()`.
        statistics: from `pruning.record_activations`. A group without statistics of all its producers stays whole.
        eps: without a target, every channel with a score at or below eps goes, at least 0.
        target: {"macs": f} or {"params": f}, f in (0, 1) the fraction of the whole network's cost to keep. Channels go
            from the lowest score upwards until it is met, to within 2 % of the dense cost.
        scope: with a target, 'global' ranks all channels together, each score divided by the mean of its group's;
            'layer' removes the same share of every group.
        min_channels: channels that stay in every group, at least 1.
        round_to: kept widths are multiples of this (or the dense width).
        keep: layers that keep all their channels.

    Returns:
        The plan. Warns if it removes nothing.

    Raises:
        ValueError: unknown names, options out of range, missing statistics, or a target out of reach.
    """
    score = criteria.get(criterion)
    _check_options(eps, target, scope, min_channels, round_to)
    network = trace_network(model, example, keep=keep)
    aligned = _aligned(network, statistics)
    ranking = Ranking({name: score(group).numpy() for name, group in aligned.items()}, min_channels, round_to)
    if target is None:
        counts = below(ranking, eps)
    else:
        [(kind, fraction)] = target.items()
        counts = reach(network, ranking, kind, fraction, scope)
    removed = {name: channels.tolist() for name, channels in ranking.removed(counts).items()}
    if not any(removed.values()):
        warnings.warn(f"the plan removes nothing: no channel has a score at or below {eps}", stacklevel=2)
    widths = (network.widths({}), network.widths(removed))
    empty = {name: int((scores <= eps).sum()) for name, scores in ranking.scores.items()}
    return Plan(
        criterion=criterion,
        eps=eps,
        target=dict(target) if target else None,
        keep=list(keep),
        example_shapes=[list(x.shape) for x in as_inputs(example)],
        groups=[
            _group_plan(network, group, removed.get(name, []), empty.get(name), widths)
            for name, group in network.groups.items()
        ],
        before=network.totals(widths[0]),
        after=network.totals(widths[1]),
    )


def _check_options(
    eps: float, target: Mapping[str, float] | None, scope: str, min_channels: int, round_to: int
) -> None:
    if not eps >= 0:
        raise ValueError(f"eps must be at least 0, got {eps}")
    if scope not in SCOPES:
        raise ValueError(f"scope must be one of {', '.join(SCOPES)}, got {scope!r}")
    if min_channels < 1 or round_to < 1:
        raise ValueError(f"min_channels and round_to must be at least 1, got {min_channels} and {round_to}")
    if target is None:
        return
    if eps:
        raise ValueError(f"eps ({eps}) and target ({dict(target)}) exclude each other")
    if len(target) != 1 or next(iter(target)) not in TARGETS:
        raise ValueError(f"target must have one key of {', '.join(TARGETS)}, got {dict(target)}")
    if not 0 < next(iter(target.values())) < 1:
        raise ValueError(f"target is the fraction to keep, between 0 and 1, got {dict(target)}")


def _aligned(
    network: Network, statistics: Mapping[str, ChannelStatistics] | None
) -> dict[str, list[ChannelStatistics]]:
    """Statistics of each fully observed group's producers, in the order of the group's channels."""
    if statistics is None:
        raise ValueError("statistics are needed; make them with pruning.record_activations(model, batches)")
    unknown = sorted(set(statistics) - set(network.layers))
    if unknown:
        raise ValueError(f"statistics of unknown layers {unknown}; valid: {', '.join(network.layers)}")
    found = {}
    for name, group in network.groups.items():
        weighted = [m for m in group.members if m.side == "out" and network.layers[m.layer].weights]
        if all(m.layer in statistics for m in weighted):
            found[name] = [_align(statistics[m.layer], m, group, network.layers[m.layer].out) for m in weighted]
    if not found:
        valid = [name for name in network.groups if name in network.observed]
        raise ValueError(f"no group has statistics of all its producers; groups that can have: {', '.join(valid)}")
    return found


def _align(statistics: ChannelStatistics, member: Member, group: ChannelGroup, channels: int) -> ChannelStatistics:
    if len(statistics.maximum) != channels:
        raise ValueError(f"statistics of {member.layer} have {len(statistics.maximum)} channels, the layer {channels}")

    def spread(values: Tensor) -> Tensor:
        # A channel that this layer does not produce is never active here.
        return torch.zeros(group.channels).scatter_reduce(
            0, torch.from_numpy(member.channel), values[torch.from_numpy(member.local)], "amax"
        )

    return ChannelStatistics(spread(statistics.maximum), spread(statistics.mean), statistics.pictures)


def _group_plan(
    network: Network, group: ChannelGroup, removed: list[int], empty: int | None, widths: tuple[Widths, Widths]
) -> GroupPlan:
    costs: list[Cost] = []
    for at in widths:
        layers = [(network.layers[name], at[name]) for name in group.producers]
        macs = sum(layer.macs(*width) for layer, width in layers)
        costs.append({"macs": macs, "params": sum(layer.parameters(*width) for layer, width in layers)})
    return GroupPlan(
        name=group.name,
        producers=list(group.producers),
        channels=group.channels,
        kept=np.setdiff1d(np.arange(group.channels), removed).tolist(),
        removed=removed,
        empty=empty,
        before=costs[0],
        after=costs[1],
    )
