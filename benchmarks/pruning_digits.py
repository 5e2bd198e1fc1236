"""Every criterion at 50 % and 25 % of the MACs on small trained networks: accuracy before any tuning.

    python -m benchmarks.pruning_digits [--seeds 3] [--epochs 8]

ResNet-8, VGG-6 and DenseNet-10 on the bundled digits (8 x 8), trained once per seed; then only the batch normalisation
is recalibrated. The digits show which criteria wreck a network, not which is best: tuned, all networks solve them.
"""

import warnings
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pruning
from benchmarks.classifiers import Results, accuracy, calibration, fit, options, recalibrate
from pruning.zoo import networks
from pruning.zoo.data import batches, digits

SHARES = (0.5, 0.25)
NETWORKS: dict[str, Any] = {
    "ResNet-8": lambda: networks.resnet(8, 10, 1),
    "VGG-6": lambda: networks.VGG(((32, 32), (64, 64), (128,)), 10, 1),
    "DenseNet-10": lambda: networks.densenet(10, 10, 1),
}


def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Cross-entropy with the true classes."""
    return F.cross_entropy(model(batch[0]), batch[1])


def compare(network: str, seed: int, epochs: int) -> dict[str, object]:
    """Accuracies of one trained network: 'CRITERION SHARE', None where refused."""
    torch.manual_seed(seed)
    model, splits = NETWORKS[network](), digits(seed)
    fit(model, splits.train, epochs, seed)
    row: dict[str, object] = {"dense": accuracy(model, splits.test)}
    statistics = pruning.record(model, splits.example, batches(splits.train, 200), loss=loss)
    for name in sorted({*pruning.criteria.names()} - {"attention"}):  # no gates here
        how: dict[str, Any] = {"criterion": name, "statistics": statistics, "seed": seed}
        for share in SHARES:
            try:
                plan = pruning.plan(model, splits.example, target={"macs": share}, **how)
            except ValueError:  # 'zero' where the normalisation, not the convolution, comes before a ReLU
                row[f"{name} {share}"] = None
                continue
            pruned = recalibrate(pruning.apply(model, plan), calibration(splits))
            row[f"{name} {share}"] = accuracy(pruned, splits.test)
    return row


def main() -> None:
    args = options(__doc__, "pruning-digits.json", epochs=8)
    warnings.filterwarnings("ignore", "the (target of|criterion cannot)")
    results = Results(args.json, ("network", "seed"), {"data": "digits", "epochs": args.epochs})
    for seed in range(args.seeds):
        for name in NETWORKS:
            results.measure(partial(compare, name, seed, args.epochs), network=name, seed=seed)


if __name__ == "__main__":
    main()
