"""What pruning itself costs: time and memory of trace, plan, apply and verify of two large networks, each in a process.

    python -m benchmarks.pruning_effort [--threads 2] [--json FILE]

ResNet-50 on 224 x 224 pixels, RetinaNet (ResNet-50 FPN) on 800 x 800, as they come from torchvision, with random
weights; L1 norm, half of the MACs. `cpu_seconds` are those of all cores together, and say more than `seconds` where the
machine did other work. Memory is the most that the process had, Python and torch included.
"""

import argparse
import multiprocessing
import resource
import time
import warnings
from pathlib import Path

import torch
from torchvision.models import get_model

import pruning
from apps.benchmark.timing import describe, save

RESULTS = Path(__file__).parent / "results" / "pruning-effort.json"
NETWORKS = ("resnet50", "retinanet_resnet50_fpn")


def effort(name: str, threads: int) -> dict[str, float]:
    """Seconds, seconds of the cores, and gigabytes."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    detector = name.startswith("retinanet")
    options = {"weights": None} | ({"weights_backbone": None} if detector else {})
    model = get_model(name, **options).eval()
    example = ([torch.rand(3, 800, 800)],) if detector else torch.rand(1, 3, 224, 224)
    start, cpu = time.perf_counter(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = pruning.trace(model, example, on_unsupported="skip")
        plan = pruning.plan(traced, criterion="l1", target={"macs": 0.5}, on_unsupported="skip")
        pruning.verify(traced, plan, pruning.apply(traced, plan))
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "skipped": len(plan.skipped),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, default=RESULTS)
    args = parser.parse_args()
    result: dict[str, object] = {"machine": describe(), "threads": args.threads}
    for name in NETWORKS:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            result[name] = pool.apply(effort, (name, args.threads))
        print(name, result[name], flush=True)
    save(args.json, result)


if __name__ == "__main__":
    main()
