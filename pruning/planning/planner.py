"""Making a plan: score the channels of every group, choose how many go, and write down what that costs."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from numbers import Integral, Real

from torch import nn

from pruning import criteria
from pruning.graph import TracedModel, trace
from pruning.graph.cutting import cut
from pruning.graph.structure import Network
from pruning.graph.tracing import RAISE
from pruning.planning.removal import part_left, removal_plan
from pruning.planning.scoring import Statistics, check_normalisation, comparable, raw_scores, views
from pruning.planning.selection import SCOPES, Counts, Ranking, Removed, below, check_target, reach
from pruning.plans import Plan
from pruning.recording import Example
from pruning.surgery.latency import latency_ms


def plan(
    model: nn.Module | TracedModel,
    example: Example | None = None,
    *,
    criterion: str = "zero",
    statistics: Statistics | None = None,
    eps: float = 0.0,
    target: Mapping[str, float] | None = None,
    scope: str = "global",
    normalise: str | None = None,
    min_channels: int = 1,
    round_to: int = 1,
    max_per_layer: float = 1.0,
    keep: Sequence[str] = (),
    on_unsupported: str = RAISE,
    seed: int = 0,
) -> Plan:
    """Decide which channels to remove.

    Args:
        model: the dense network; see `pruning.trace` for what it may contain. Or that network traced, which saves
            tracing it again.
        example: what the forward takes, None for a traced network; its size is the one at which costs are counted and
            times measured.
        criterion: a name from `pruning.criteria.names()`.
        statistics: from `pruning.record`, for criteria that judge by activations or gradients. A group that the
            criterion cannot score stays whole, with a warning.
        eps: without a target, every channel with a raw score at or below eps goes, at least 0.
        target: {"macs": f}, {"params": f} or {"channels": f}, f in (0, 1) the fraction of the whole network to keep,
            or {"latency_ms": t}, the time of a forward of the example as measured on this machine. Channels go from
            the lowest score upwards until the cost is at most this.
        scope: with a target, 'global' ranks all channels together; 'isomorphic' those of groups that are built of the
            same kinds of layers, and removes the same share of every kind; 'layer' removes the same share of every
            group.
        normalise: how a global ranking compares groups, a key of `scoring.NORMALISATIONS`: over each group's
            'mean', 'l2' norm or 'max', over the 'global' maximum, or 'none'; None takes the criterion's own.
        min_channels: channels that stay in every group, at least 1.
        round_to: kept widths are multiples of this (or the dense width).
        max_per_layer: the largest share of a group's channels that may go, in (0, 1].
        keep: layers that keep all their channels.
        on_unsupported: 'raise' an error where a layer's channels cannot be removed, or 'skip' them: they stay, the plan
            lists them with the reason, and a target is reached with the rest, or missed with a warning.
        seed: of criterion 'random'.

    Returns:
        The plan. Warns if it removes nothing, if a fraction is missed by more than 2 % of the dense cost, if groups
        cannot be scored, and if frozen layers among others that are not frozen lose channels.

    Raises:
        ValueError: unknown names, options out of range, missing statistics, or a target out of reach.
    """
    found = criteria.get(criterion)
    normalise = check_normalisation(found.normalise if normalise is None else normalise)
    _check_options(eps, target, scope, min_channels, round_to, max_per_layer)
    traced = _traced(model, example, keep, on_unsupported)
    network = traced.network
    if not network.groups and traced.skipped:
        reasons = "; ".join(f"{name}: {why}" for name, why in traced.skipped.items())
        raise ValueError(f"nothing can be pruned: {reasons}")
    groups = views(traced.model, network, statistics, seed)
    raw = raw_scores(groups, found)
    even = {name: values.numpy() for name, values in comparable(raw, found, groups, normalise).items()}
    kinds = {name: view.kind() for name, view in groups.items()}
    scores = {name: values.numpy() for name, values in raw.items()}
    ranking = Ranking(scores, min_channels, round_to, max_per_layer, even, kinds)
    counts = below(ranking, eps) if target is None else _reach(traced, ranking, target, scope, on_unsupported)
    removed = ranking.removed(counts)
    if target is None and not any(map(len, removed.values())):
        warnings.warn(f"the plan removes nothing: no channel has a score at or below {eps}", stacklevel=2)
    _warn(traced.model, network, ranking, removed)
    made = removal_plan(traced, removed, target, "plan", _empty(ranking, eps))
    if target and "latency_ms" in target:
        made.before["latency_ms"], made.after["latency_ms"] = (_latency(traced, gone) for gone in ({}, removed))
    return replace(made, criterion=criterion, normalise=normalise, scope=scope, eps=eps)


def _traced(
    model: nn.Module | TracedModel, example: Example | None, keep: Sequence[str], on_unsupported: str
) -> TracedModel:
    if isinstance(model, TracedModel):
        return model.keeping(keep).check(on_unsupported)
    if example is None:
        raise ValueError("a model that is not traced needs an example of what its forward takes")
    return trace(model, example, keep=keep, on_unsupported=on_unsupported, stacklevel=5)


def _check_options(
    eps: float,
    target: Mapping[str, float] | None,
    scope: str,
    min_channels: int,
    round_to: int,
    max_per_layer: float,
) -> None:
    numbers = {"eps": eps, "max_per_layer": max_per_layer}
    for name, value in (numbers | {"min_channels": min_channels, "round_to": round_to}).items():
        kind, what = (Real, "a number") if name in numbers else (Integral, "a whole number")
        if not isinstance(value, kind):
            raise ValueError(f"{name} must be {what}, got {value!r}")
    if not eps >= 0:
        raise ValueError(f"eps must be at least 0, got {eps}")
    if scope not in SCOPES:
        raise ValueError(f"scope must be one of {', '.join(SCOPES)}, got {scope!r}")
    if min_channels < 1 or round_to < 1:
        raise ValueError(f"min_channels and round_to must be at least 1, got {min_channels} and {round_to}")
    if not 0 < max_per_layer <= 1:
        raise ValueError(f"max_per_layer must be above 0 and at most 1, got {max_per_layer}")
    if target is not None:
        check_target(target)
        if eps:
            raise ValueError(f"eps ({eps}) and target ({dict(target)}) exclude each other")


def _reach(
    traced: TracedModel, ranking: Ranking, target: Mapping[str, float], scope: str, on_unsupported: str
) -> Counts:
    [(kind, goal)] = target.items()
    cost: Callable[[Removed], float]
    cost = partial(_latency, traced) if kind == "latency_ms" else partial(part_left, traced.network, kind=kind)
    return reach(ranking, kind, goal, scope, cost, strict=on_unsupported == RAISE)


def _latency(traced: TracedModel, removed: Removed) -> float:
    """Milliseconds of a forward of the example."""
    return latency_ms(cut(traced.model, traced.network, removed), traced.inputs)


def _warn(model: nn.Module, network: Network, ranking: Ranking, removed: Removed) -> None:
    """Say what the user may not expect; at the caller of `plan`."""
    whole = [name for name in network.groups if name not in ranking.scores]
    if whole:
        warnings.warn(f"the criterion cannot score {', '.join(whole)}; they stay whole", stacklevel=3)
    losing = {layer for layer, _ in network.removed_positions(removed)}
    frozen = [name for name in network.layers if name in losing and _is_frozen(model.get_submodule(name))]
    if frozen and any(p.requires_grad for p in model.parameters()):
        warnings.warn(
            f"{', '.join(frozen)}: frozen (requires_grad is False), and yet to lose channels; keep=[...] leaves a "
            "layer whole",
            stacklevel=3,
        )


def _is_frozen(layer: nn.Module) -> bool:
    flags = [p.requires_grad for p in layer.parameters()]
    return bool(flags) and not any(flags)


def _empty(ranking: Ranking, eps: float) -> dict[str, int]:
    """How many channels of each scored group score at or below eps."""
    return {name: int((scores <= eps).sum()) for name, scores in ranking.scores.items()}
