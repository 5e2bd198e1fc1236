"""Seconds from a cold process to the end: `artnet --help`, and one photo painted, in this checkout and in another.

    python -m benchmarks.starts OTHER_CHECKOUT [--json FILE]

`modules` are those of the project that painting imports. All in turn in one run. Compiled networks are in the cache, as
after the first use; both checkouts have the same environment and each its own code.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, interleaved, save, summary

SIDE, ROUNDS = 512, 15
PACKAGES = ("apps", "artnet", "pruning", "s2transform")


def command(checkout: Path, *arguments: str) -> Callable[[], object]:
    line = [sys.executable, "-m", "apps.cli", *arguments]
    return lambda: subprocess.run(line, cwd=checkout, check=True, capture_output=True)


def modules(checkout: Path, *arguments: str) -> int:
    """How many modules of the project a command imports."""
    line = [sys.executable, "-X", "importtime", "-m", "apps.cli", *arguments]
    log = subprocess.run(line, cwd=checkout, check=True, capture_output=True, text=True).stderr
    imported = {row.rpartition("|")[2].strip() for row in log.splitlines() if row.startswith("import time:")}
    return sum(name.partition(".")[0] in PACKAGES for name in imported)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    checkouts = {"here": Path(__file__).parents[1], "other": args.other.absolute()}
    with TemporaryDirectory() as folder:
        photo, painted = Path(folder, "photo.png"), Path(folder, "painted.png")
        with Image.open(samples.photo()) as image:
            image.convert("RGB").resize((SIDE, SIDE)).save(photo)
        paint = ["stylize", str(photo), "--style", str(samples.style("great-wave")), "-o", str(painted)]
        touched = {name: modules(path, *paint) for name, path in checkouts.items()}
        jobs = {f"{name} --help": command(path, "--help") for name, path in checkouts.items()}
        jobs |= {f"{name} stylize": command(path, *paint) for name, path in checkouts.items()}
        found = interleaved(jobs, ROUNDS, warmup=1)
    rows = {name: summary(milliseconds) for name, milliseconds in found.items()}
    for name, row in rows.items():
        print(f"{name:15} {row}")
    print(f"modules         {touched}")
    if args.json:
        save(args.json, {"machine": describe(), "rounds": ROUNDS, "modules": touched, "milliseconds": rows})


if __name__ == "__main__":
    main()
