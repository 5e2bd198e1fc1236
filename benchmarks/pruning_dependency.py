"""L1 of a channel's own filters against L1 of all weights that vanish with it.

    python -m benchmarks.pruning_dependency [--seeds 5] [--epochs 15]

ResNet-8 on the cluttered digits, trained once per seed, cut to 50 % of its MACs; then only the batch normalisation is
recalibrated. Test accuracies. 'own filters' of a residual stream can mean two things, so both are measured: the filters
of the first layer that makes the channel ('l1-first'), and those of every layer that adds to it ('l1').

Rankings: 'mean' divides scores by their group's mean and ranks over the whole network, 'raw' ranks them as they are,
'layer' takes the same share of every group. 'mean', the default of `pruning.plan`, is the protocol of the figure; the
other two show how much hangs on it.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor

import pruning
from benchmarks.classifiers import Results, accuracy, calibration, fit, options, recalibrate, task
from pruning.criteria.view import OWN, GroupView

KEPT = 0.5
RANKINGS: dict[str, dict[str, Any]] = {
    "mean": {"normalise": "mean"},
    "raw": {"normalise": "none"},
    "layer": {"scope": "layer"},
}
CRITERIA = ("l1-first", "l1", "l1-dependency", "random")


@pruning.criteria.register("l1-first")
def l1_first(view: GroupView) -> Tensor:
    """Sum of the absolute weights of a channel's filter in the group's first layer, (C,)."""
    return view.parts(OWN)[0].abs().sum(1, dtype=torch.float64)


def compare(seed: int, epochs: int) -> dict[str, object]:
    """Accuracies of one trained network before and after removal by each score and ranking."""
    model, splits = task(seed)
    fit(model, splits.train, epochs, seed)
    row: dict[str, Any] = {"dense": accuracy(model, splits.test)}
    for ranking, how in RANKINGS.items():
        for name in CRITERIA:
            plan = pruning.plan(model, splits.example, criterion=name, target={"macs": KEPT}, seed=seed, **how)
            pruned = pruning.apply(model, plan)
            pruning.verify(model, plan, pruned, splits.example)
            recalibrate(pruned, calibration(splits))
            row[f"{ranking} {name}"] = accuracy(pruned, splits.test)
            row[f"{ranking} {name} MACs"] = round(plan.after["macs"] / plan.before["macs"], 4)
        for own in ("l1-first", "l1"):
            ahead = row[f"{ranking} l1-dependency"] - row[f"{ranking} {own}"]
            row[f"{ranking} dependency minus {own}"] = round(ahead, 2)
    return row


def main() -> None:
    args = options(__doc__, "pruning-dependency.json", epochs=15)
    settings = {"network": "ResNet-8", "data": "cluttered digits", "MACs kept": KEPT, "epochs": args.epochs}
    results = Results(args.json, ("seed",), settings)
    for seed in range(args.seeds):
        results.measure(partial(compare, seed, args.epochs), seed=seed)


if __name__ == "__main__":
    main()
