"""Soft and hard schedules at equal epochs, beside random channels and a small network trained from scratch.

    python -m benchmarks.pruning_schedules [--seeds 5] [--epochs 8]

ResNet-8 on the cluttered digits, 60 % of the channels of every group removed. Every row trains for the same number of
epochs, nothing is tuned afterwards. 'random' is HFP with channels drawn by lot; 'small' has the pruned widths from the
start; 'dense' keeps everything. Accuracies are those of the test part, of the network after removal;
'returned' counts the channels that were pruned after an epoch and are no longer after the next. Seeds count from 1:
constants of the engine were chosen on seed 0.
"""

from functools import partial

import torch
from torch import nn

import pruning
from benchmarks.classifiers import Results, accuracy, calibration, fit, options, recalibrate, task
from pruning.schedules import SoftHardPruner
from pruning.zoo.data import Splits

KEPT = 0.4
WIDTHS = (7, 13, 26)
"""What is left of 16, 32, 64."""
METHODS = ("hfp", "sfp", "asfp", "srfp", "asrfp", "ghfp", "random", "small")
FURTHER = ("dense", "ghfp-asrfp", "pgmpf")
"""Measured after the others."""


class RandomPruner(SoftHardPruner):
    """Ranks by lot instead of by norm."""

    def _order(self, name: str) -> list[int]:
        lots = torch.Generator().manual_seed(sum(map(ord, name)) + self.seed)
        return torch.randperm(self.sizes[name], generator=lots).tolist()


def run(name: str, seed: int, epochs: int) -> dict[str, object]:
    """Train one network by one method; accuracy and cost of what is left."""
    if name in ("small", "dense"):
        return without_pruning(seed, epochs, WIDTHS if name == "small" else (16, 32, 64))
    model, splits = task(seed)
    kind, schedule = (RandomPruner, "hfp") if name == "random" else (SoftHardPruner, name)
    pruner = kind(model, splits.example, schedule, epochs=epochs, target={"channels": KEPT}, seed=seed)
    fit(model, splits.train, epochs, seed, attach=pruner.attach, end_epoch=pruner.end_epoch)
    plan = pruner.finish()
    pruned = pruning.apply(model, plan)
    pruning.verify(model, plan, pruned, splits.example)
    return measured(pruned, splits, plan.after) | {"returned": sum(pruner.returned), "by epoch": pruner.returned}


def without_pruning(seed: int, epochs: int, widths: tuple[int, int, int]) -> dict[str, object]:
    model, splits = task(seed, widths)
    fit(model, splits.train, epochs, seed)
    network = pruning.trace(model, splits.example).network
    return measured(model, splits, network.dense)


def measured(model: nn.Module, splits: Splits, costs: dict[str, int]) -> dict[str, object]:
    removed = accuracy(model, splits.test)
    calibrated = accuracy(recalibrate(model, calibration(splits)), splits.test)
    return {"accuracy": removed, "recalibrated": calibrated, **costs}


def main() -> None:
    args = options(__doc__, "pruning-schedules.json", epochs=8)
    settings = {"network": "ResNet-8", "data": "cluttered digits", "channels kept": KEPT, "epochs": args.epochs}
    results = Results(args.json, ("method", "seed"), settings)
    for methods in (METHODS, FURTHER):
        for seed in range(1, args.seeds + 1):
            for method in methods:
                results.measure(partial(run, method, seed, args.epochs), method=method, seed=seed)


if __name__ == "__main__":
    main()
