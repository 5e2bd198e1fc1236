"""What torch.compile gains on the CPU, beside torch as it is and OpenVINO: 512x512, S2, style prepared.

    python -m benchmarks.torch_compile [--json benchmarks/results/torch-compile.json]

All in turn in each round. Compiling with Inductor needs a C++ compiler, and its seconds are printed too.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from apps import samples
from apps.benchmark.timing import describe, interleaved, save, summary
from artnet.engines.base import Look, Style
from artnet.engines.openvino.engine import OpenVINOEngine
from artnet.engines.torch_engine import TorchEngine
from artnet.image import square
from artnet.model.checkpoint import load_checkpoint
from artnet.model.checkpoint_arrays import read_weights

DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    content, style = square(samples.photo(), 512), square(samples.style("starry-orchard"), 512)
    pixels = torch.from_numpy(content.copy())[None]
    rows: dict[str, dict[str, Any]] = {}
    for name, dtype in DTYPES.items():
        engine = TorchEngine(load_checkpoint("artnet"), "cpu", dtype)
        openvino = OpenVINOEngine(*read_weights("artnet"), {"bfloat16": "bf16", "float32": "f32"}[name])
        look, other = Look(Style([engine.prepare(style)])), Look(Style([openvino.prepare(style)]))
        torch.compiler.reset()
        compiled = torch.compile(lambda p, e=engine, k=look: e.paint_pixels(p, k))
        start = time.perf_counter()
        picture = compiled(pixels)
        seconds = time.perf_counter() - start
        error = np.square(picture.numpy().astype(np.float32) - engine.paint_pixels(pixels, look).numpy()).mean()
        jobs = {
            "torch": lambda e=engine, k=look: e.paint_pixels(pixels, k),
            "torch.compile": lambda c=compiled: c(pixels),
            "OpenVINO": lambda e=openvino, k=other: e.paint(content, k),
        }
        rows[name] = {job: summary(times) for job, times in interleaved(jobs, args.rounds, warmup=8).items()}
        rows[name] |= {"compile_s": round(seconds, 1), "psnr_db": round(float(10 * np.log10(255**2 / error)), 1)}
        print(name, rows[name], flush=True)
    if args.json:
        save(args.json, {"machine": describe(), "rows": rows})


if __name__ == "__main__":
    main()
