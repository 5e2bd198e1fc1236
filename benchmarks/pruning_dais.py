"""DAIS with and without annealing at a quarter of the MACs: what discretising the indicators costs.

    python -m benchmarks.pruning_dais [--seeds 5] [--epochs 6]

ResNet-8 on the cluttered digits, weights and indicators searched together from random weights for --epochs, then
TUNING epochs of what is left. Test accuracies: 'soft' with the indicators as they are, 'hard' after removal, then with
the batch normalisation recalibrated, then tuned. 'undecided' is the share of indicators in (.05, .95).
"""

from functools import partial
from itertools import cycle

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import Optimizer

import pruning
from benchmarks.classifiers import BATCH, Results, accuracy, calibration, fit, options, recalibrate, sgd, task
from pruning.search import Dais, Options
from pruning.zoo.data import Splits, batches

TARGET = 0.25
TUNING = 3
SHARPNESS = {"annealed": Options().sharpness, "without annealing": 1.0}


def searched(model: nn.Module, splits: Splits, dais: Dais, epochs: int, seed: int) -> None:
    """Train weights and indicators for all epochs."""
    train = batches(splits.train, BATCH, shuffle=True, seed=seed)
    stream = cycle(batches(splits.validation, BATCH, shuffle=True, seed=seed))
    optimizer, cosine = sgd(model, epochs, len(train))  # type: ignore[arg-type]
    for _ in range(epochs):
        model.train()
        for x, y in train:
            step(model, optimizer, x, y)
            cosine.step()
            other_x, other_y = next(stream)
            dais.step(F.cross_entropy(model(other_x), other_y))
        dais.end_epoch()


def step(model: nn.Module, optimizer: Optimizer, x: torch.Tensor, y: torch.Tensor) -> None:
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()


def run(method: str, seed: int, epochs: int) -> dict[str, object]:
    """One search, its removal and its tuning."""
    model, splits = task(seed)
    settings = Options(sharpness=SHARPNESS[method])
    dais = Dais(model, splits.example, target={"macs": TARGET}, epochs=epochs, options=settings)
    searched(model, splits, dais, epochs, seed)
    gates = torch.cat([gate.detach() for gate in dais.indicators().values()])
    row = {"soft": accuracy(model, splits.test), "MACs by sign": round(dais.kept_macs(), 4)}
    plan = dais.finish()
    pruned = pruning.apply(model, plan)
    pruning.verify(model, plan, pruned, splits.example)
    row |= {"MACs": round(plan.after["macs"] / plan.before["macs"], 4), "corrected": dais.corrected}
    row["undecided"] = round(float(((gates > 0.05) & (gates < 0.95)).float().mean()), 3)
    row["hard"] = accuracy(pruned, splits.test)
    row["drop"] = round(row["soft"] - row["hard"], 2)
    row["recalibrated"] = accuracy(recalibrate(pruned, calibration(splits)), splits.test)
    fit(pruned, splits.train, TUNING, seed + 100, rate=0.05)
    return {**row, "tuned": accuracy(pruned, splits.test)}


def main() -> None:
    args = options(__doc__, "pruning-dais.json", epochs=6)
    common = {"network": "ResNet-8", "data": "cluttered digits", "target": TARGET, "tuning epochs": TUNING}
    results = Results(args.json, ("method", "seed"), {**common, "epochs": args.epochs})
    for seed in range(args.seeds):
        for method in SHARPNESS:
            results.measure(partial(run, method, seed, args.epochs), method=method, seed=seed)


if __name__ == "__main__":
    main()
