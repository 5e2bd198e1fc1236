"""Damaged and hostile files of every kind that is read: does any crash, hang, take memory, or fail in an unknown way?

    python -m benchmarks.reliability.fuzz [--files 100000] [--only KIND ...] [--json benchmarks/results/fuzz.json]

Mutants are made of tiny valid files (`corpus`), by changes of their bytes and by changes that know the format
(`mutations`), and read as the program reads them (`readers`), in a process of their own that is started anew where one
ends. A mutant counts as

- read, or refused: by ValueError or OSError of one line that names it, on the command line by that and exit code 2;
- crash: the process ended;
- hang: more than 5 s of computing, or no answer in 120 s (the machine has other work);
- memory: more than 1 GB above what the process held before;
- fault: any other exception, or message.

The seed of a mutant is its kind and its number, so `--only KIND --first N --files 1 --keep FILE` makes one again. A run
goes on where the JSON ends, and measures anew what was read by other code only where `--anew` is given; with `--again`
it tries only those that were wrong, and notes which are mended.
"""

import argparse
import contextlib
import io
import json
import os
import random
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

SECONDS, PATIENCE = 5.0, 120.0
MEGABYTES, CEILING = 1000, 6 << 30
"""What a mutant may take, and what the process may ask for beyond what it has, so that the machine lives."""
BATCH = 2000
SHOWN = 5  # faults of a kind that the result lists


def work(kind_name: str, first: int, last: int, keep: Path | None) -> None:
    """Read mutants, and say of each in a line of JSON what became of it."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    from benchmarks.reliability.mutations import mutant
    from benchmarks.reliability.readers import kinds, valid_files

    kind = kinds()[kind_name]
    with tempfile.TemporaryDirectory(prefix="artnet-fuzz-") as name:
        folder = Path(name)
        originals = [(path, path.read_bytes()) for path in kind.files(folder)]
        if kind_name.startswith("artnet "):
            valid_files(folder)
        for path, _ in originals:  # what the first one costs is not counted
            with contextlib.suppress(ValueError):  # training passes some formats over
                kind.read(path)
        limit = resident("VmSize") * 1_000_000 + CEILING
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # where libraries in C complain
        print(json.dumps("ready"), file=answers)
        for number in range(first, last):
            chance = random.Random(f"{kind_name}/{number}")
            path, content = chance.choice(originals)
            data = mutant(content, chance, kind.aware.get(path.suffix, ()))
            if keep:
                keep.write_bytes(data)
            path.unlink(missing_ok=True)
            path.write_bytes(data)
            print(json.dumps([number, path.name, *judged(kind.read, path)]), file=answers)
            path.write_bytes(content)


def judged(read: Any, path: Path) -> tuple[str, str]:
    """(what became of it, the message where that is no refusal in a line that names the file)."""
    forget_peak()
    from benchmarks.reliability.readers import REFUSED

    before, start = resident("VmRSS"), time.process_time()
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            refused = read(path) is REFUSED
        outcome, detail = ("refused", said.getvalue()) if refused else ("read", "")
    except (ValueError, OSError) as error:
        outcome, detail = "refused", str(error)
    except BaseException as error:
        outcome, detail = "fault", f"{type(error).__name__}: {error}"
    seconds, taken = time.process_time() - start, resident("VmHWM") - before
    if outcome == "refused":
        lines = [line for line in detail.strip().splitlines() if not line.startswith("artnet: warning")]
        known = len(lines) == 1 and (path.name in lines[0] or str(path.parent) in lines[0] or "the weights" in lines[0])
        outcome, detail = ("refused", "") if known else ("fault", detail)
    if seconds > SECONDS:
        return "hang", f"{seconds:.1f} s"
    return ("memory", f"{taken} MB, then {outcome} {detail}") if taken > MEGABYTES else (outcome, detail)


def resident(what: str) -> int:
    """Megabytes that the process holds (VmRSS), held at most (VmHWM), or has asked for (VmSize)."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) // 1000 for line in status if line.startswith(what))


def forget_peak() -> None:
    """Let VmHWM begin anew."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


class Workers:
    """Reads the mutants of a kind, in a process after the other where they end."""

    def __init__(self, kind: str, keep: Path | None = None):
        self.kind, self.keep = kind, keep
        self.counts: Counter[str] = Counter()
        self.faults: list[list[Any]] = []

    def run(self, first: int, last: int) -> None:
        while first < last:
            first = self._one(first, last)

    def _one(self, first: int, last: int) -> int:
        """The number of the mutant that is next."""
        command = [sys.executable, "-m", "benchmarks.reliability.fuzz", "--worker", self.kind, str(first), str(last)]
        command += ["--keep", str(self.keep)] if self.keep else []
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            answers = process.stdout
            if not self._answer(answers, 300):
                raise RuntimeError(f"{self.kind}: the process does not start: {' '.join(command)}")
            while first < last:
                line = self._answer(answers, PATIENCE)
                if line is None:
                    process.kill()
                    self._count(first, "?", "hang", f"no answer in {PATIENCE:g} s")
                    return first + 1
                if not line:
                    self._count(first, "?", "crash", f"the process ended with {process.wait()}")
                    return first + 1
                self._count(*json.loads(line))
                first += 1
        return first

    def _answer(self, stream: Any, seconds: float) -> bytes | None:
        """A line; empty where the process ended, None where it does not answer."""
        ready, _, _ = select.select([stream], [], [], seconds)
        return stream.readline() if ready else None

    def _count(self, number: int, file: str, outcome: str, detail: str) -> None:
        self.counts[outcome] += 1
        if outcome not in ("read", "refused"):
            self.faults.append([number, file, outcome, detail[:300]])
            if len(self.faults) <= SHOWN:
                print(f"  {self.kind} {number} {file}: {outcome} {detail[:300]}", flush=True)


def tried_again(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """The row of a kind after its listed faults were tried with the present code; what is right now is in "mended"."""
    outcomes, faults, mended = Counter(row["outcomes"]), [], list(row.get("mended", []))
    for number, file, outcome, detail in row["faults"]:
        workers = Workers(name)
        workers.run(number, number + 1)
        outcomes[outcome] -= 1
        outcomes.update(workers.counts)
        faults += workers.faults
        mended += [] if workers.faults else [[number, file, outcome, detail]]
    return {**row, "outcomes": dict(+outcomes), "faults": faults, "mended": mended}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--only", nargs="+", metavar="KIND")
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant of a kind")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write each mutant there, too")
    parser.add_argument("--anew", action="store_true", help="forget what the JSON holds of these kinds")
    parser.add_argument("--again", action="store_true", help="only try again what the JSON lists as wrong")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return work(args.worker[0], int(args.worker[1]), int(args.worker[2]), args.keep)
    from apps.benchmark.timing import describe, save
    from benchmarks.reliability.readers import kinds

    every = kinds()
    unknown = set(args.only or ()) - set(every)
    if unknown:
        parser.error(f"there are the kinds {', '.join(every)}")
    wanted = {name: kind.share for name, kind in every.items() if not args.only or name in args.only}
    found = json.loads(args.json.read_text()) if args.json and args.json.exists() else {"kinds": {}}
    rows = found["kinds"]
    for name in wanted if args.anew else ():
        rows.pop(name, None)
    if args.again:
        rows |= {name: tried_again(name, row) for name, row in rows.items() if row["faults"]}
        return save(args.json, found)
    for name, share in wanted.items():
        row = rows.setdefault(name, {"files": 0, "seconds": 0.0, "outcomes": {}, "faults": []})
        goal = args.first + round(args.files * share / sum(wanted.values()))
        for first in range(max(args.first, row["files"]), goal, BATCH):
            start, workers = time.perf_counter(), Workers(name, args.keep)
            workers.run(first, min(goal, first + BATCH))
            row["files"] += workers.counts.total()
            row["outcomes"] = dict(Counter(row["outcomes"]) + workers.counts)
            row["faults"] = (row["faults"] + workers.faults)[:SHOWN]
            row["seconds"] = round(row["seconds"] + time.perf_counter() - start, 1)
            if args.json:
                save(
                    args.json, {"machine": describe(), "limits": {"seconds": SECONDS, "megabytes": MEGABYTES}, **found}
                )
        print(f"{name}: {row['outcomes']} in {row['seconds']} s", flush=True)
    totals: Counter[str] = Counter()
    for row in rows.values():
        totals.update(row["outcomes"])
    print(dict(totals))


if __name__ == "__main__":
    main()
