"""From a criterion to comparable scores of every group."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from pruning.criteria.evidence import ChannelStatistics, Evidence
from pruning.criteria.registry import Criterion, get
from pruning.criteria.view import GroupView, group_views
from pruning.graph import TracedModel, as_traced
from pruning.graph.structure import Network
from pruning.recording import Example

Scores = dict[str, Tensor]
"""Group name -> (C,) float64, in execution order."""
Statistics = Evidence | Mapping[str, ChannelStatistics]
"""What `pruning.record` gives, or its `outputs` alone, which are enough for criterion 'zero'."""


def scores(
    model: nn.Module | TracedModel,
    example: Example | None,
    criterion: str,
    statistics: Statistics | None = None,
    *,
    keep: Sequence[str] = (),
    seed: int = 0,
) -> Scores:
    """Raw scores of every group's channels, low to be removed first, before any normalisation.

    Args:
        model, example: see `pruning.trace`; the example is None for a traced model. What cannot be pruned has no score.
        criterion: a name from `pruning.criteria.names()`.
        statistics: from `pruning.record`, for criteria that need it.
        keep: layers to leave out.
        seed: of criterion 'random'.

    Raises:
        ValueError: an unknown name, missing statistics, or no group that can be scored.
    """
    found = get(criterion)
    traced = as_traced(model, example, keep)
    return raw_scores(views(traced.model, traced.network, statistics, seed), found)


def views(model: nn.Module, network: Network, statistics: Statistics | None, seed: int = 0) -> dict[str, GroupView]:
    """Every group of a traced model with its weights and what was recorded.

    Raises:
        ValueError: statistics of other layers or widths.
    """
    evidence = statistics if isinstance(statistics, Evidence) else Evidence(outputs=dict(statistics or {}))
    _check_evidence(network, evidence)
    return group_views(model, network, evidence, seed)


def _check_evidence(network: Network, evidence: Evidence) -> None:
    unknown = sorted((set(evidence.outputs) | set(evidence.inputs)) - set(network.layers))
    if unknown:
        raise ValueError(f"statistics of unknown layers {unknown}; valid: {', '.join(network.layers)}")
    found = [(name, len(s.maximum), network.layers[name].out) for name, s in evidence.outputs.items()]
    found += [(name, len(s.zeros), network.layers[name].into) for name, s in evidence.inputs.items()]
    for name, recorded, channels in found:
        if recorded != channels:
            raise ValueError(f"statistics of {name} have {recorded} channels, the layer {channels}")


def raw_scores(groups: Mapping[str, GroupView], criterion: Criterion) -> Scores:
    """Scores of every group that the criterion can score.

    Raises:
        ValueError: something it needs was not recorded, or no group can be scored.
    """
    if not groups:
        raise ValueError(
            "the model has no channels that can be removed: all of them are inputs, outputs, in keep, or of no layer"
        )
    evidence, network = next(iter(groups.values())).evidence, next(iter(groups.values())).network
    # Recorded inputs without any output mean that no layer of the model feeds a ReLU, which is no lack of recording.
    if any(not getattr(evidence, need) and not (need == "outputs" and evidence.inputs) for need in criterion.needs):
        how = _recording_call(criterion)
        raise ValueError(f"statistics are needed by criterion {criterion.name!r}; make them with {how}")
    found = {name: criterion.score(view) for name, view in groups.items()}
    scored = {name: values.double().cpu() for name, values in found.items() if values is not None}
    if not scored:
        can = ", ".join(name for name in groups if name in network.observed)
        raise ValueError(
            f"no group has statistics of all its producers that criterion {criterion.name!r} can use; "
            f"groups that can have: {can or 'none'}"
        )
    return scored


def _recording_call(criterion: Criterion) -> str:
    if "gates" in criterion.needs:
        return "pruning.attention.gate_evidence(model, example, labelled_batches)"
    loss = ", loss=loss" if "gradients" in criterion.needs else ""
    return f"pruning.record(model, example, batches{loss})"


def _divided_by(size: Callable[[Tensor], Tensor]) -> Callable[[Scores], Scores]:
    def normalise(scored: Scores) -> Scores:
        sizes = {name: float(size(values)) for name, values in scored.items()}
        return {name: values / sizes[name] if sizes[name] > 0 else values for name, values in scored.items()}

    return normalise


def _over_largest(scored: Scores) -> Scores:
    largest = max(float(values.abs().max()) for values in scored.values())
    return {name: values / largest if largest > 0 else values for name, values in scored.items()}


NORMALISATIONS: dict[str, Callable[[Scores], Scores]] = {
    "mean": _divided_by(torch.mean),
    "l2": _divided_by(torch.linalg.vector_norm),
    "max": _divided_by(torch.max),
    "global": _over_largest,
    "none": lambda scored: scored,
}
"""How scores of different groups are made comparable: over each group's mean, norm or maximum, over the largest score
of the network (which keeps their order), or not at all."""


def check_normalisation(name: str) -> str:
    """The name itself.

    Raises:
        ValueError: it is not one of the NORMALISATIONS.
    """
    if name not in NORMALISATIONS:
        raise ValueError(f"normalise must be one of {', '.join(NORMALISATIONS)}, got {name!r}")
    return name


def comparable(scored: Scores, criterion: Criterion, groups: Mapping[str, GroupView], normalise: str) -> Scores:
    """Normalised scores, adjusted for costs where the criterion does that."""
    result = NORMALISATIONS[normalise](scored)
    if criterion.adjust is None:
        return result
    adjusted = criterion.adjust(list(result.values()), [groups[name] for name in result])
    return dict(zip(result, adjusted, strict=True))
