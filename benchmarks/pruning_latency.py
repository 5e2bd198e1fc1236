"""Time of ResNet-50 and VGG-16 at half of their MACs, against the dense networks, on the CPU.

    python -m benchmarks.pruning_latency [--seconds 8] [--threads 2] [--json FILE]

Random weights, 224 x 224 pixels, criterion l1-dependency, float32, channels last. 'round_to 16' keeps widths that are
multiples of 16. Dense and pruned networks take turns, so that noise meets all alike; every network and batch size is
written as soon as it is measured.
"""

import argparse
import time
from pathlib import Path

import torch
from torch import nn
from torchvision.models import get_model

import pruning
from apps.benchmark.timing import describe, interleaved, save, summary

NETWORKS, BATCHES, SIZE, TARGET = ("resnet50", "vgg16"), (1, 16), 224, 0.5
ROUNDINGS = (1, 16)
LEAST_ROUNDS, MOST_ROUNDS = 5, 60
RESULTS = Path(__file__).parent / "results" / "pruning-latency.json"


def variants(name: str) -> tuple[dict[str, nn.Module], dict[str, float]]:
    """The dense network and a pruned one for each rounding, and the share of MACs that each has."""
    torch.manual_seed(0)
    dense, example = get_model(name, weights=None).eval(), torch.zeros(1, 3, SIZE, SIZE)
    models, shares = {"dense": dense}, {"dense": 1.0}
    for rounding in ROUNDINGS:
        plan = pruning.plan(dense, example, criterion="l1-dependency", target={"macs": TARGET}, round_to=rounding)
        key = f"pruned, round_to {rounding}"
        models[key] = pruning.apply(dense, plan)
        shares[key] = round(plan.after["macs"] / plan.before["macs"], 4)
    return {key: model.to(memory_format=torch.channels_last) for key, model in models.items()}, shares


@torch.inference_mode()
def measure(models: dict[str, nn.Module], batch: int, seconds: float) -> dict[str, dict[str, float]]:
    """Median and middle half of every model's milliseconds, and how much less its median is than the dense one's."""
    x = torch.rand(batch, 3, SIZE, SIZE).to(memory_format=torch.channels_last)
    jobs = {key: lambda model=model: model(x) for key, model in models.items()}
    start = time.perf_counter()
    interleaved(jobs, rounds=1, warmup=1)
    one = (time.perf_counter() - start) / 2
    rounds = max(LEAST_ROUNDS, min(MOST_ROUNDS, round(seconds / one)))
    found = {key: summary(times) for key, times in interleaved(jobs, rounds=rounds, warmup=1).items()}
    for row in found.values():
        row |= {"less": round(1 - row["median_ms"] / found["dense"]["median_ms"], 3), "rounds": rounds}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8, help="for each network and batch size")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, default=RESULTS)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows: list[dict[str, object]] = []
    for name in NETWORKS:
        models, shares = variants(name)
        for batch in BATCHES:
            for key, row in measure(models, batch, args.seconds).items():
                rows.append({"network": name, "batch": batch, "variant": key, "macs": shares[key], **row})
                print(rows[-1], flush=True)
            settings = {"size": SIZE, "criterion": "l1-dependency", "target": {"macs": TARGET}}
            save(args.json, {"machine": describe(), "settings": settings, "rows": rows})


if __name__ == "__main__":
    main()
