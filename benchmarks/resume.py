"""Folder runs that are killed and gone on with, while styles, contents and results change: is every result right?

    python -m benchmarks.resume [--scenes 40] [--seed 0] [--json benchmarks/results/resume.json]

Each scene is a folder of small pictures and an output folder. Two to four runs of `artnet stylize` go into it, with and
without --skip-existing, in one of two styles, with one of two strengths, at times two at once; most are killed
(SIGKILL) at a random moment while results appear. While they run, and between them, files change at random. At last one
run with --skip-existing goes to its end, and its results are compared, byte for byte, with those of the same command
into an empty folder. A further run must find nothing to do, and no temporary file may be left.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from apps.benchmark.timing import describe, save

PICTURES = 18  # more than 15, which are painted by several streams; what is left of them may not be
STYLES = ("first.jpg", "second.png")
TIMEOUT = 60.0


def picture(path: Path, chance: random.Random) -> None:
    """Write another picture: coarse random tiles."""
    levels = np.random.default_rng(chance.getrandbits(32)).integers(0, 256, (6, 8, 3), np.uint8)
    Image.fromarray(levels).resize((96, 72), Image.Resampling.BICUBIC).save(path)


class Scene:
    """A folder with contents, styles and results, and what may happen to it."""

    def __init__(self, folder: Path, chance: random.Random):
        self.folder, self.chance, self.events = folder, chance, Counter[str]()
        self.contents, self.output = folder / "photos", folder / "out"
        self.contents.mkdir(parents=True)
        for n in range(PICTURES):
            picture(self.contents / f"{n:02}.{'jpg' if n % 3 else 'png'}", chance)
        for style in STYLES:
            picture(folder / style, chance)

    def options(self) -> list[str]:
        """A style and a strength, mostly the same."""
        style, strength = self.chance.choice([(STYLES[0], "1")] * 5 + [(STYLES[1], "1"), (STYLES[0], "0.5")])
        return ["--style", style, "--strength", strength, "--stroke-size", "64"]

    def start(self, options: list[str], output: str = "out") -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "apps.cli", "stylize", "photos", "-o", output, *options]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, options: list[str], output: str = "out") -> Counter[str]:
        """Run to the end; the counts of the report."""
        run = self.start([*options, "--json"], output)
        out, err = run.communicate(timeout=TIMEOUT)
        if run.returncode:
            raise RuntimeError(err.decode())
        return Counter(result["status"] for result in json.loads(out)["results"])

    def disturb(self, run: subprocess.Popen[bytes]) -> None:
        """Change a file or two while results appear, and kill the run or let it end."""
        before, done = self.state(), self.chance.randrange(0, PICTURES)
        while run.poll() is None and len(self.state() - before) < done:
            time.sleep(0.001)
        for _ in range(self.chance.choice([0, 0, 1, 2])):
            self.change()
        time.sleep(self.chance.random() * 0.03)
        if self.chance.random() < 0.8 and run.poll() is None:
            run.kill()
            self.events["killed"] += 1
        run.communicate(timeout=TIMEOUT)

    def state(self) -> set[tuple[str, int]]:
        """Results, told apart from those that lay there before by the time of their writing."""
        return {(entry.name, entry.stat().st_mtime_ns) for entry in _results(self.output)}

    def change(self) -> None:
        """One random thing that happens to files."""
        deeds: list[Callable[[], object]] = [
            self.replace_content, self.replace_style, self.swap_styles, self.swap_contents, self.touch, self.delete,
            self.cut, self.exchange_results,
        ]  # fmt: skip
        deed = self.chance.choice(deeds)
        self.events[deed.__name__] += 1
        try:
            deed()
        except (FileNotFoundError, IndexError, ValueError):  # too few results as yet
            self.events[deed.__name__] -= 1

    def replace_content(self) -> None:
        """By another picture, at times of the same age."""
        path = self.chance.choice(sorted(self.contents.iterdir()))
        status = path.stat()
        if self.chance.random() < 0.5:
            picture(path, self.chance)
        else:
            picture(path.with_suffix(".new" + path.suffix), self.chance)
            os.replace(path.with_suffix(".new" + path.suffix), path)
        if self.chance.random() < 0.5:
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def replace_style(self) -> None:
        picture(self.folder / self.chance.choice(STYLES), self.chance)

    def swap_styles(self) -> None:
        _swap(*(self.folder / style for style in STYLES))

    def swap_contents(self) -> None:
        _swap(*self.chance.sample(sorted(self.contents.iterdir()), 2))

    def touch(self) -> None:
        self.chance.choice([*sorted(self.contents.iterdir()), self.folder / STYLES[0]]).touch()

    def delete(self) -> None:
        for _ in range(self.chance.randrange(1, 5)):
            self.chance.choice(_results(self.output)).unlink()

    def cut(self) -> None:
        path = self.chance.choice(_results(self.output))
        os.truncate(path, self.chance.choice([0, path.stat().st_size // 2]))

    def exchange_results(self) -> None:
        _swap(*self.chance.sample(_results(self.output), 2))


def _swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def _results(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[!.]*")) if folder.is_dir() else []


def play(scene: Scene) -> dict[str, Any]:
    """Let a scene happen; what came of it."""
    for _ in range(scene.chance.randrange(2, 5)):
        runs = []
        for _ in range(scene.chance.choice([1, 1, 1, 2])):
            flags = ["--skip-existing"] if scene.chance.random() < 0.6 else []
            runs.append(scene.start([*scene.options(), *flags]))
        scene.events["runs"] += len(runs)
        for run in runs:
            scene.disturb(run)
        for _ in range(scene.chance.randrange(0, 4)):
            scene.change()
    last = scene.options()
    counts = scene.finish([*last, "--skip-existing"])
    scene.finish(last, "fresh")
    wrong = [path.name for path in _results(scene.folder / "fresh") if not _same(path, scene.output / path.name)]
    again = scene.finish([*last, "--skip-existing"])
    return {
        "events": dict(scene.events),
        "left alone": counts["skipped"],
        "painted again": counts["written"],
        "wrong": wrong,
        "found to do by a further run": again["written"],
        "temporary files left": len(list(scene.output.glob(".artnet-*.*"))) - 1,  # the journal
    }


def _same(path: Path, other: Path) -> bool:
    return other.is_file() and path.read_bytes() == other.read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows, start = [], time.perf_counter()
    for n in range(args.scenes):
        folder = Path(tempfile.mkdtemp(prefix="artnet-resume-"))
        try:
            rows.append(play(Scene(folder, random.Random(args.seed * 1000 + n))))
        finally:
            shutil.rmtree(folder)
        print(n, rows[-1], flush=True)
    totals: Counter[str] = Counter()
    for row in rows:
        totals.update(row["events"])
    summary = {
        "scenes": len(rows),
        "results compared": PICTURES * len(rows),
        "wrong results": sum(len(row["wrong"]) for row in rows),
        **{name: sum(row[name] for row in rows) for name in rows[0] if name not in ("events", "wrong")},
        "events": dict(totals),
        "seconds": round(time.perf_counter() - start, 1),
    }
    print(summary)
    if args.json:
        save(args.json, {"machine": describe(), "seed": args.seed, "summary": summary, "scenes": rows})


if __name__ == "__main__":
    main()
