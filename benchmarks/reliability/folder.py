"""Folder runs under every fault: is each result there and right afterwards, and nothing else?

    python -m benchmarks.reliability.folder [--kills 50] [--seed 0] [--json benchmarks/results/folder.json]

A folder of small pictures is painted once without disturbance. Then the same command runs into other folders while
something happens: it is killed, interrupted or told to end at a random moment; the disk is full, the target read-only;
inputs vanish or change; two runs share the folder. After each, the command runs again with --skip-existing where that
is meant to mend it, and every file of the folder is compared, byte for byte, with the undisturbed run.

A full and a read-only disk are small file systems in memory, which only root may mount on Linux; others are left out.
"""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apps.benchmark.timing import describe, save
from apps.stylize.manifest import NAME
from benchmarks.resume import picture

PICTURES = 20  # painted by several streams
STOPS = 10
TIMEOUT = 120.0
Process = subprocess.Popen[str]


class Desk:
    """A folder of contents, a style, and what they are painted into.

    Attributes:
        right: name -> bytes of every result of the undisturbed run.
        seconds: that it took, after a first one had filled the caches.
    """

    def __init__(self, folder: Path, chance: random.Random):
        self.folder, self.chance, self.count = folder, chance, 0
        (folder / "photos").mkdir()
        for n in range(PICTURES):
            picture(folder / "photos" / f"{n:02}.{'jpg' if n % 3 else 'png'}", chance)
        picture(folder / "style.png", chance)
        self.finish(self.start(self.target()))
        start, target = time.perf_counter(), self.target()
        self.finish(self.start(target))
        self.seconds, self.right = time.perf_counter() - start, visible(target)

    def target(self) -> Path:
        """A new output folder."""
        self.count += 1
        return self.folder / f"out{self.count}"

    def start(self, target: Path, *options: str, limit: int | None = None) -> Process:
        """The command; `limit` is the largest file that it may write, in bytes."""
        command = [sys.executable, "-m", "apps.cli", "stylize", "photos", "--style", "style.png", "--stroke-size", "64"]

        def prepare() -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored by what a shell runs in the background
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.Popen(
            [*command, "-o", str(target), *options], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, preexec_fn=prepare,
        )  # fmt: skip

    def finish(self, run: Process, *codes: int) -> str:
        """Wait; what was said on standard error. RuntimeError for another exit code, or a traceback."""
        _, said = run.communicate(timeout=TIMEOUT)
        if run.returncode not in (codes or (0,)) or "Traceback" in said:
            raise RuntimeError(f"exit code {run.returncode}: {said}")
        return said

    def go_on(self, target: Path) -> None:
        self.finish(self.start(target, "--skip-existing"))

    def faults(self, target: Path, right: dict[str, bytes] | None = None) -> list[str]:
        """What is wrong with a folder that should be done."""
        right, found = self.right if right is None else right, visible(target)
        wrong = [f"{name} is missing" for name in right.keys() - found.keys()]
        wrong += [f"{name} is no result" for name in found.keys() - right.keys()]
        wrong += [f"{name} has other bytes" for name in right.keys() & found.keys() if right[name] != found[name]]
        return wrong + litter(target)

    def half(self, target: Path) -> list[str]:
        """What is wrong with a folder that need not be complete."""
        return [fault for fault in self.faults(target) if not fault.endswith("missing")]


def visible(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")} if folder.is_dir() else {}


def litter(folder: Path) -> list[str]:
    hidden = [path.name for path in folder.glob(".*")] if folder.is_dir() else []
    return [f"{name} was left behind" for name in hidden if name != NAME]


def killed(desk: Desk) -> list[str]:
    """Ended by SIGKILL at a random moment, once or twice, then gone on with."""
    target = desk.target()
    for _ in range(desk.chance.choice((1, 1, 2))):
        run = desk.start(target, "--skip-existing")
        time.sleep(desk.chance.random() * desk.seconds)
        run.kill()
        run.communicate()
    desk.go_on(target)
    return desk.faults(target)


def stopped(number: int) -> Callable[[Desk], list[str]]:
    """Told to end by a signal: what is there is right, nothing is left behind, and it can be gone on with."""

    def happen(desk: Desk) -> list[str]:
        target = desk.target()
        run = desk.start(target)
        time.sleep(desk.chance.uniform(0.5, 1.0) * desk.seconds)
        run.send_signal(number)
        desk.finish(run, 0, 128 + number, -number)  # minus, before Python has begun to listen
        found = desk.half(target)
        desk.go_on(target)
        return found + desk.faults(target)

    return happen


def small_files(desk: Desk) -> list[str]:
    """No file may be longer than half of the results are: those fail, the others are right; then the limit goes."""
    target, sizes = desk.target(), sorted(map(len, desk.right.values()))
    said = desk.finish(desk.start(target, limit=sizes[len(sizes) // 2]), 1)
    wrong = [] if "File too large" in said else [f"said only {said!r}"]
    wrong += desk.half(target)
    desk.go_on(target)
    return wrong + desk.faults(target)


def full_disk(desk: Desk) -> list[str]:
    """A disk with room for half of the results; then there is room."""
    room = sum(map(len, desk.right.values())) // 2
    with disk(desk, f"size={room}") as target:
        said = desk.finish(desk.start(target), 1)
        wrong = [] if "No space left" in said else [f"said only {said!r}"]
        wrong += desk.half(target)
        subprocess.run(["mount", "-o", "remount,size=100m", target], check=True)
        desk.go_on(target)
        return wrong + desk.faults(target)


def read_only(desk: Desk) -> list[str]:
    """A disk that cannot be written: one line, exit code 2 or a list of failures."""
    with disk(desk, "ro") as target:
        said = desk.finish(desk.start(target), 1, 2)
        return ([] if said else ["nothing was said"]) + desk.half(target)


@contextmanager
def disk(desk: Desk, options: str) -> Iterator[Path]:
    target = desk.target()
    target.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", target], check=True)
    try:
        yield target
    finally:
        subprocess.run(["umount", target], check=True)


def vanishing(desk: Desk) -> list[str]:
    """Inputs vanish while it runs: they fail, or were read before; all others are there."""
    photos, target = desk.folder / "photos", desk.target()
    kept = {path: path.read_bytes() for path in photos.iterdir()}
    run = desk.start(target)
    time.sleep(desk.chance.random() * desk.seconds)
    gone = desk.chance.sample(sorted(kept), PICTURES // 5)  # as many streams as before are worth it
    for path in gone:
        path.unlink()
    desk.finish(run, 0, 1)
    missing = {fault for fault in desk.faults(target) if fault.endswith("missing")}
    wrong = desk.half(target) + sorted(missing - {f"{path.name} is missing" for path in gone})
    for path, content in kept.items():
        path.write_bytes(content)
    desk.go_on(target)
    return wrong + desk.faults(target)


def changing(desk: Desk) -> list[str]:
    """Inputs change while it runs, also half written: afterwards results are those of the inputs as they are then."""
    photos, target, fresh = desk.folder / "photos", desk.target(), desk.target()
    kept = {path: path.read_bytes() for path in photos.iterdir()}
    run = desk.start(target)
    for _ in range(10):
        time.sleep(desk.chance.random() * desk.seconds / 10)
        path, other = desk.chance.sample(sorted(p for p in kept if p.suffix == ".jpg"), 2)
        path.write_bytes(kept[other][: len(kept[other]) // 2])
        path.write_bytes(kept[other])
    desk.finish(run, 0, 1)
    desk.go_on(target)
    desk.finish(desk.start(fresh))
    wrong = desk.faults(target, visible(fresh))
    for path, content in kept.items():
        path.write_bytes(content)
    return wrong


def two_at_once(desk: Desk) -> list[str]:
    target = desk.target()
    runs = [desk.start(target, "--skip-existing") for _ in range(2)]
    for run in runs:
        desk.finish(run)
    return desk.faults(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    scenes: dict[str, tuple[Callable[[Desk], list[str]], int]] = {
        "killed (SIGKILL) at a random moment, gone on with": (killed, args.kills),
        "Ctrl-C": (stopped(signal.SIGINT), STOPS),
        "SIGTERM": (stopped(signal.SIGTERM), STOPS),
        "files limited in length": (small_files, 1),
        "full disk": (full_disk, 1),
        "read-only disk": (read_only, 1),
        "inputs vanish": (vanishing, STOPS),
        "inputs change": (changing, STOPS),
        "two runs on one folder": (two_at_once, STOPS),
    }
    if os.geteuid():
        scenes = {name: scene for name, scene in scenes.items() if scene[0] not in (full_disk, read_only)}
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="artnet-folder-") as name:
        desk = Desk(Path(name), random.Random(args.seed))
        for what, (happen, times) in scenes.items():
            start, faults = time.perf_counter(), []
            for _ in range(times):
                faults += happen(desk)
                for target in Path(name).glob("out*"):
                    shutil.rmtree(target)
            rows[what] = {"times": times, "faults": faults, "seconds": round(time.perf_counter() - start, 1)}
            print(what, rows[what], flush=True)
    if args.json:
        save(args.json, {"machine": describe(), "pictures": PICTURES, "seed": args.seed, "scenes": rows})
    print(json.dumps({what: len(row["faults"]) for what, row in rows.items()}))


if __name__ == "__main__":
    main()
