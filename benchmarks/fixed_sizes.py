"""OpenVINO's model for one size beside the one for all sizes: ms of the network, array to array, S2, style prepared.

    python -m benchmarks.fixed_sizes [--sizes 256 512 1024 1920] [--json benchmarks/results/fixed-sizes.json]

Both paint in turn in each round. What compiling for one size takes is the first call's time beyond the median.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from apps import samples
from apps.benchmark.timing import describe, interleaved, save, summary
from artnet.engines.base import Look, Style
from artnet.engines.openvino.engine import OpenVINOEngine
from artnet.image import square
from artnet.model.checkpoint_arrays import read_weights


def compile_seconds(engine: OpenVINOEngine, content: np.ndarray, look: Look) -> float:
    """What the first picture of a size takes beyond the others."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        engine.paint(content, look)
        seconds.append(time.perf_counter() - start)
    return round(seconds[0] - float(np.median(seconds[1:])), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024, 1920])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    engine = OpenVINOEngine(*read_weights("artnet"))
    look = Look(Style([engine.prepare(square(samples.style("starry-orchard"), 512))]))
    fixed = replace(look, fixed_size=True)
    rows = {}
    for size in args.sizes:
        content = square(samples.photo(), size)
        seconds = compile_seconds(engine, content, fixed)
        looks = {"one size": fixed, "all sizes": look}
        jobs = {name: lambda c=content, k=chosen: engine.paint(c, k) for name, chosen in looks.items()}
        row = {name: summary(times) for name, times in interleaved(jobs, args.rounds).items()}
        saved = 1 - row["one size"]["median_ms"] / row["all sizes"]["median_ms"]
        rows[size] = row | {"saved": round(saved, 3), "compile_s": seconds}
        print(size, rows[size], flush=True)
    if args.json:
        save(args.json, {"machine": describe(), "rows": rows})


if __name__ == "__main__":
    main()
