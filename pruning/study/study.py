"""The study of criteria (arXiv 2004.11627) on one network: similarity, applicability, weight distribution.

Only the abstract was available; the measures and closed forms are our reading.
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pruning import criteria as registry
from pruning.graph import trace_network
from pruning.graph.layers import Conv, rows
from pruning.planning.scoring import Statistics, comparable, raw_scores, views
from pruning.recording import Example
from pruning.study.applicability import distinguishability, variation
from pruning.study.distribution import shape
from pruning.study.similarity import Similarity, compare

LEAST_FILTERS = 8
"""Layers with fewer filters say nothing about a distribution."""


@dataclass(frozen=True)
class Study:
    """What was found.

    Attributes:
        similarity: agreement between criteria.
        variation: criterion -> group -> coefficient of variation of its scores.
        applicability: layer -> criterion -> observed and Gaussian coefficient of variation and their ratio.
        distribution: layer -> 'trained' or 'initial' -> effect sizes.
        share: the share of channels that would go, for the overlap.
        skipped: criterion -> why it was left out.
    """

    similarity: Similarity
    variation: dict[str, dict[str, float]]
    applicability: dict[str, dict[str, dict[str, float]]]
    distribution: dict[str, dict[str, dict[str, float]]]
    share: float
    skipped: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """Plain lists, numbers and null for what is not a number."""
        similarity = self.similarity
        return _plain(
            {
                "criteria": similarity.criteria,
                "share": self.share,
                "skipped": self.skipped,
                "similarity": {
                    "network": similarity.network,
                    "mean_over_layers": similarity.mean,
                    "layers": similarity.layers,
                },
                "variation": self.variation,
                "applicability": self.applicability,
                "distribution": self.distribution,
            }
        )


def study(
    model: nn.Module,
    example: Example,
    *,
    statistics: Statistics | None = None,
    initial: nn.Module | None = None,
    criteria: Sequence[str] | None = None,
    share: float = 0.5,
    normalise: str = "mean",
    keep: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> Study:
    """Study the criteria on a trained network.

    Args:
        model, example, keep: see `pruning.trace`.
        statistics: from `pruning.record`; without it, criteria that need data are left out.
        initial: the same network before training; None resets the layers of a copy as their classes do.
        criteria: names; None for all that have what they need.
        share: of the channels that would go, in (0, 1).
        normalise: how a ranking of the whole network compares groups; see `pruning.plan`.
        progress: called with the name of each criterion and layer before it is studied.

    Raises:
        ValueError: unknown names, options out of range, or nothing to study.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, got {share}")
    note = progress or (lambda _: None)
    groups = views(model, trace_network(model, example, keep=keep), statistics)
    raw, even, skipped = {}, {}, {}
    for name in registry.names() if criteria is None else criteria:
        note(name)
        criterion = registry.get(name)
        try:
            found = raw_scores(groups, criterion)
        except ValueError as error:
            if criteria is not None:
                raise
            skipped[name] = str(error)
            continue
        raw[name] = {g: s.numpy() for g, s in found.items()}
        even[name] = {g: s.numpy() for g, s in comparable(found, criterion, groups, normalise).items()}
    spread = {n: {g: variation(torch.from_numpy(s)) for g, s in scored.items()} for n, scored in raw.items()}
    trained, control = _filters(model), _filters(_reset(model) if initial is None else initial)
    applicability, distribution = {}, {}
    for layer, filters in trained.items():
        note(layer)
        applicability[layer] = distinguishability(filters)
        pair = {"trained": filters, "initial": control[layer]}
        distribution[layer] = {when: shape(values.numpy()).as_dict() for when, values in pair.items()}
    return Study(compare(raw, even, share), spread, applicability, distribution, share, skipped)


def _filters(model: nn.Module) -> dict[str, Tensor]:
    """(n, d) filters of every convolution and linear layer that is worth a statistic."""
    found = {
        name: rows(layer, "out", layer.weight.detach().cpu().float())  # type: ignore[arg-type]
        for name, layer in model.named_modules()
        if isinstance(layer, (Conv, nn.Linear))
    }
    return {n: f for n, f in found.items() if len(f) >= LEAST_FILTERS and f.shape[1] > 1 and float(f.std()) > 0}


def _reset(model: nn.Module) -> nn.Module:
    fresh = copy.deepcopy(model)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for layer in fresh.modules():
            if isinstance(layer, (Conv, nn.Linear)):
                layer.reset_parameters()
    return fresh


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
