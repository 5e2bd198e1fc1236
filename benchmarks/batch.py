"""A folder of pictures through `artnet stylize`, against the bare network on pictures that are already decoded.

    python -m benchmarks.batch [--pictures 500] [--size 512] [--growth 10000] [--json benchmarks/results/batch.json]

Both work in turn on a part of the pictures at a time, so that drift and noise meet both alike. `--growth` also sends
that many small pictures (64 px) through in one run, and notes the memory (resident set) of the process as it goes on.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, save
from apps.cli import Parser
from apps.common.options import options_of
from apps.stylize import command as stylize
from apps.stylize.batch import STREAMS, Batch
from apps.stylize.find_images import Finder
from apps.stylize.input_files import Sources
from apps.stylize.job_list import Job, plan_jobs
from apps.stylize.manifest import Manifest
from apps.stylize.options import StylizeOptions
from apps.stylize.up_to_date import Notes
from artnet import Style, Stylizer
from artnet.engines.base import Look
from artnet.image import read_picture

ROUNDS = 5
STYLE = "starry-orchard"


def make_pictures(folder: Path, count: int, size: int) -> None:
    """JPEGs: windows of the sample photo, each another, with a little noise."""
    photo = Image.fromarray(read_picture(samples.photo()).rgb)
    photo = photo.resize((photo.width * 3 // 2, photo.height * 3 // 2))
    random = np.random.default_rng(0)
    folder.mkdir()
    for n in range(count):
        left, top = (int(random.integers(0, max(1, side - size))) for side in photo.size)
        window = np.array(photo.crop((left, top, left + size, top + size)).resize((size, size)))
        noisy = np.clip(window + random.normal(0, 4, window.shape), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / f"{n:05}.jpg", quality=92)


def batch_of(folder: Path, stylizer: Stylizer, options: list[str]) -> tuple[Batch, list[Job]]:
    """The command's own batch over a folder, with the style set."""
    parser = Parser()
    stylize.add_arguments(parser)
    style = str(samples.style(STYLE))
    args = parser.parse_args([str(folder), "--style", style, "-o", str(folder) + "-out", *options])
    jobs = plan_jobs(args.content, args.style, args.output, Finder())
    sources = Sources()
    notes = Notes(Manifest(Path(args.output)), "", sources)
    batch = Batch(stylizer, options_of(StylizeOptions, vars(args)), sources=sources, notes=notes)
    batch.prepare_style(jobs[0].style, sources.style(jobs[0].style))
    return batch, jobs


def through(batch: Batch, jobs: list[Job]) -> float:
    """Seconds from the first file read to the last one written."""
    start = time.perf_counter()
    for _, result in batch.results(jobs):
        if result.status != "written":
            raise RuntimeError(result.error)
    return time.perf_counter() - start


def bare(stylizer: Stylizer, style: Style, pictures: list[np.ndarray]) -> float:
    """Seconds of the network alone, without the finish."""
    look = Look(style)
    start = time.perf_counter()
    for rgb in pictures:
        stylizer.engine.paint(rgb, look)
    return time.perf_counter() - start


def finished(stylizer: Stylizer, style: Style, pictures: list[np.ndarray]) -> float:
    """Seconds of the network and the finish."""
    start = time.perf_counter()
    for rgb in pictures:
        stylizer.stylize(rgb, style)
    return time.perf_counter() - start


def throughput(folder: Path, stylizer: Stylizer, wide: Stylizer) -> dict[str, Any]:
    """Pictures per second, and the shares of the bare network's that the command reaches.

    Of the bare network and of the network with the finish, both one at a time, and of the command, whose stylizer
    paints several.
    """
    batch, jobs = batch_of(folder, wide, [])
    style = stylizer.prepare_style(samples.style(STYLE))
    part = -(-len(jobs) // ROUNDS)
    first = jobs[:STREAMS]
    through(batch, first)
    bare(stylizer, style, [read_picture(job.content).rgb for job in first])
    rates: dict[str, list[float]] = {"bare": [], "finished": [], "command": []}
    for begin in range(0, len(jobs), part):
        mine = jobs[begin : begin + part]
        pictures = [read_picture(job.content).rgb for job in mine]
        rates["bare"].append(len(mine) / bare(stylizer, style, pictures))
        rates["finished"].append(len(mine) / finished(stylizer, style, pictures))
        rates["command"].append(len(mine) / through(batch, mine))
    result: dict[str, Any] = {f"{name} per second": round(statistics.median(r), 2) for name, r in rates.items()}
    for name in ("bare", "finished"):
        shares = [round(command / alone, 3) for command, alone in zip(rates["command"], rates[name], strict=True)]
        result |= {f"share of {name}": statistics.median(shares), f"shares of {name}": shares}
    return result


def growth(folder: Path, stylizer: Stylizer) -> list[dict[str, float]]:
    """Memory of the process at ten points of a long run."""
    batch, jobs = batch_of(folder, stylizer, [])
    rows, step = [], max(1, len(jobs) // 10)
    for n, _ in enumerate(batch.results(jobs), 1):
        if n % step == 0:
            rows.append({"pictures": n, "resident_mb": round(resident() / 2**20, 1)})
    return rows


def resident() -> int:
    """Bytes of this process in memory (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--growth", type=int, default=0)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    stylizer = Stylizer.load(engine=args.engine)
    wide = Stylizer.load(engine=args.engine, streams=STREAMS)
    result = {"machine": describe(), "engine": stylizer.engine_choice, "pictures": args.pictures, "size": args.size}
    with tempfile.TemporaryDirectory() as folder:
        make_pictures(Path(folder) / "large", args.pictures, args.size)
        result["throughput"] = throughput(Path(folder) / "large", stylizer, wide)
        print(result["engine"], result["throughput"], flush=True)
        if args.growth:
            make_pictures(Path(folder) / "small", args.growth, 64)
            result["growth"] = growth(Path(folder) / "small", wide)
            print(result["growth"])
    if args.json:
        save(args.json, result)


if __name__ == "__main__":
    main()
