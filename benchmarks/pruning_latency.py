"""How much faster a network is at half of its MACs, on this machine.

    python -m benchmarks.pruning_latency [--rounds 7] [--json FILE]

torchvision's networks with random weights, which take as long as trained ones, cut to 50 % of their MACs by
l1-dependency; once to any widths, once to multiples of 16. Dense and pruned networks take turns, so that whatever else
the machine does meets all of them. Milliseconds of one forward at 224 x 224 pixels, batches of 1 and 16, two threads,
torch's default memory format; medians, with the lower and the upper quartile.
"""

import argparse
import statistics
import time
import warnings
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import get_model

import pruning
from benchmarks.classifiers import RESULTS, Results

NETWORKS = ("resnet50", "vgg16")
BATCHES = (1, 16)
KEPT, SIZE, THREADS = 0.5, 224, 2
MULTIPLES = (1, 16)


def variants(name: str) -> dict[str, nn.Module]:
    """The dense network, and one pruned to multiples of each of MULTIPLES."""
    torch.manual_seed(0)
    dense, example = get_model(name, weights=None).eval(), torch.zeros(1, 3, SIZE, SIZE)
    found: dict[str, nn.Module] = {"dense": dense}
    for multiple in MULTIPLES:
        plan = pruning.plan(
            dense, example, criterion="l1-dependency", target={"macs": KEPT}, scope="layer", round_to=multiple
        )
        found[f"pruned by {multiple}"] = pruning.apply(dense, plan)
        print(name, multiple, plan.after["macs"] / plan.before["macs"], flush=True)
    return found


@torch.inference_mode()
def seconds(model: nn.Module, x: Tensor) -> float:
    start = time.perf_counter()
    model(x)
    return time.perf_counter() - start


def measure(models: dict[str, nn.Module], batch: int, rounds: int) -> dict[str, object]:
    """Milliseconds of each, and the share of the dense time that pruning saves; the first round warms up."""
    x = torch.rand(batch, 3, SIZE, SIZE)
    times = [{name: seconds(model, x) for name, model in models.items()} for _ in range(rounds + 1)][1:]
    row: dict[str, object] = {}
    for name in models:
        low, middle, high = (1000 * q for q in statistics.quantiles([t[name] for t in times], n=4))
        row[name] = {"median": round(middle, 1), "quartiles": [round(low, 1), round(high, 1)]}
        row[f"{name} saves"] = round(statistics.median(1 - t[name] / t["dense"] for t in times), 3)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, default=RESULTS / "pruning-latency.json", help="continued if it is there")
    args = parser.parse_args()
    torch.set_num_threads(THREADS)
    torch.set_flush_denormal(True)
    warnings.filterwarnings("ignore", "the target of")
    settings = {"MACs kept": KEPT, "size": SIZE, "threads": THREADS, "rounds": args.rounds, "weights": "random"}
    results = Results(args.json, ("network", "batch"), settings)
    for name in NETWORKS:
        models = variants(name)
        for batch in BATCHES:
            results.measure(partial(measure, models, batch, args.rounds), network=name, batch=batch)


if __name__ == "__main__":
    main()
