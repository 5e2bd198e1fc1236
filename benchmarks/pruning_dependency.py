"""L1 of a channel's own filters against L1 of all weights that vanish with it.

    python -m benchmarks.pruning_dependency [--seeds 5] [--epochs 15]

ResNet-8 on the cluttered digits, trained once per seed, cut to 50 % of its MACs; then only the batch normalisation is
recalibrated. Test accuracies. How channels of different groups are compared matters as much as the score, so there
are three rankings: scores over their group's mean, ranked over the whole network; raw scores, likewise; and an equal
share of every group.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

import pruning
from benchmarks.classifiers import Results, accuracy, calibration, fit, options, recalibrate, task
from pruning.layers import Side, channel_axis, is_per_channel
from pruning.schedules.groups import Groups, find_groups

KEPT = 0.5
SIDES: dict[str, tuple[Side, ...]] = {"first": (), "own": ("out",), "dependency": ("out", "in")}
"""A group's own filters: of its first layer only, or of all its layers; and with the weights that read the channel."""

RANKINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "mean": lambda scores: scores / scores.mean(),
    "raw": lambda scores: scores,
    "share": lambda scores: scores.argsort().argsort() / len(scores),
}
"""What a group's scores become before they are compared with other groups'."""


@torch.no_grad()
def l1(groups: Groups, name: str, sides: tuple[Side, ...]) -> Tensor:
    """(C,) sum of the absolute weights on these sides of a group's convolution and linear layers; () is the first."""
    group = groups.network.groups[name]
    scores = torch.zeros(group.channels)
    for member in group.members:
        layer = groups.model.get_submodule(member.layer)
        chosen = member.side in sides or (member.side == "out" and member.layer == name)
        if chosen and not is_per_channel(layer):
            size = layer.weight.transpose(0, channel_axis(layer, member.side)).flatten(1).abs().sum(1)
            scores.index_add_(0, torch.from_numpy(member.channel), size[torch.from_numpy(member.local)])
    return scores


def lowest(groups: Groups, scores: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """The fewest channels, lowest score first, that leave at most KEPT of the MACs."""
    names = list(scores)
    owner = np.concatenate([np.full(len(scores[name]), i) for i, name in enumerate(names)])
    channel = np.concatenate([np.arange(len(scores[name])) for name in names])
    order = np.argsort(torch.cat(list(scores.values())).numpy(), kind="stable")
    removed: dict[str, list[int]] = {name: [] for name in names}
    for i in order:
        name = names[owner[i]]
        if len(removed[name]) < len(scores[name]) - 1:
            removed[name].append(int(channel[i]))
        if groups.cost(removed, "macs") <= KEPT:
            break
    return {name: np.sort(np.array(cut, dtype=np.int64)) for name, cut in removed.items()}


def main() -> None:
    args = options(__doc__, "pruning-dependency.json", epochs=15)
    settings = {"network": "ResNet-8", "data": "cluttered digits", "MACs kept": KEPT, "epochs": args.epochs}
    results = Results(args.json, ("seed",), settings)
    for seed in range(args.seeds):
        results.measure(partial(compare, seed, args.epochs), seed=seed)


def compare(seed: int, epochs: int) -> dict[str, object]:
    """Accuracies of one trained network before and after removal by each score, and their difference."""
    model, splits = task(seed)
    fit(model, splits.train, epochs, seed)
    groups = find_groups(model, splits.example)
    row: dict[str, object] = {"dense": accuracy(model, splits.test)}
    lots = torch.Generator().manual_seed(seed)
    scores = {kind: {name: l1(groups, name, sides) for name in groups.sizes} for kind, sides in SIDES.items()}
    scores["random"] = {name: 0.5 + torch.rand(size, generator=lots) for name, size in groups.sizes.items()}
    for ranking, rank in RANKINGS.items():
        found = {}
        for kind, values in scores.items():
            cut = lowest(groups, {name: rank(value) for name, value in values.items()})
            plan = groups.plan(cut, f"{kind} L1", {"macs": KEPT})
            pruned = pruning.apply(model, plan)
            pruning.verify(model, plan, pruned, splits.example)
            found[kind] = accuracy(recalibrate(pruned, calibration(splits)), splits.test)
        row |= {f"{ranking} {kind}": value for kind, value in found.items()}
        row |= {f"{ranking} gain over {kind}": round(found["dependency"] - found[kind], 2) for kind in ("first", "own")}
    return row


if __name__ == "__main__":
    main()
