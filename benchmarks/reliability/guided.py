"""Fuzzing that is guided by coverage: does any input of a reader in Python end in an unknown exception?

    pip install atheris
    python -m benchmarks.reliability.guided [--seconds 60] [--only KIND ...] [--json benchmarks/results/guided.json]

atheris watches which lines of `apps`, `artnet` and `pruning` an input reaches, and goes on from those that reach new
ones, beginning with the valid file of `corpus`. What counts as wrong is what counts in `fuzz`. Readers of pictures and
videos are decoders in C, into which atheris does not see; they are left to `fuzz`. The JSON keeps the rows of kinds
that are not fuzzed again.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

KINDS = (
    "checkpoint", "training state", "training log", "pruning plan", "pruned network", "movement model", "labels",
    "manifest", "joints, CSV", "joints, COCO", "joints, NPY", "joints, OpenPose", "joints, MINI-RGBD",
)  # fmt: skip
WATCHED = ["apps", "artnet", "pruning"]
LARGEST = 20_000
"""Bytes of an input; those of the corpus are smaller, but for networks."""
DONE, COVERED = re.compile(r"^Done (\d+) runs", re.MULTILINE), re.compile(r"cov: (\d+)")


def work(kind_name: str, seconds: int, folder: Path) -> None:
    """Fuzz one kind in this process, which atheris ends; every fault is a line of JSON in the folder's `faults`."""
    import atheris

    with atheris.instrument_imports(include=WATCHED, enable_loader_override=False):
        from benchmarks.reliability.fuzz import judged
        from benchmarks.reliability.readers import kinds
    kind, faults = kinds()[kind_name], folder / "faults"
    files, seeds = folder / "files", folder / "seeds"
    for place in (files, seeds):
        place.mkdir()
    path = kind.files(files)[0]
    (seeds / "valid").write_bytes(path.read_bytes())

    def try_one(data: bytes) -> None:
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        outcome, detail = judged(kind.read, path)
        if outcome not in ("read", "refused"):
            with faults.open("a") as lines:
                print(json.dumps([outcome, detail[:300], data[:LARGEST].hex()]), file=lines)

    options = [f"-max_total_time={seconds}", f"-max_len={max(LARGEST, path.stat().st_size)}", "-timeout=60"]
    atheris.Setup([sys.argv[0], *options, "-rss_limit_mb=0", str(seeds)], try_one)
    atheris.Fuzz()


def fuzzed(kind: str, seconds: int) -> dict[str, Any]:
    """Inputs tried, places reached, and the first of each kind of fault."""
    with tempfile.TemporaryDirectory(prefix="artnet-fuzz-") as name:
        command = [sys.executable, "-m", "benchmarks.reliability.guided", "--seconds", str(seconds)]
        ended = subprocess.run([*command, "--worker", kind, name], capture_output=True, text=True)
        done, faults = DONE.search(ended.stderr), Path(name, "faults")
        lines = [json.loads(line) for line in faults.read_text().splitlines()] if faults.exists() else []
    if not done:
        lines.append(["crash", ended.stderr[-300:], ""])
    covered = [int(number) for number in COVERED.findall(ended.stderr)]
    first = {(outcome, detail): data for outcome, detail, data in reversed(lines)}
    return {
        "inputs": int(done[1]) if done else 0,
        "places": [covered[0], covered[-1]] if covered else [],
        "faults": [[*what, data] for what, data in first.items()],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="for each kind")
    parser.add_argument("--only", nargs="+", metavar="KIND", choices=KINDS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return work(args.worker[0], args.seconds, Path(args.worker[1]))
    from apps.benchmark.timing import describe, save

    rows = json.loads(args.json.read_text())["kinds"] if args.json and args.json.exists() else {}
    for kind in args.only or KINDS:
        rows[kind] = fuzzed(kind, args.seconds)
        print(f"{kind}: {rows[kind]['inputs']} inputs, places {rows[kind]['places']}", flush=True)
        for outcome, detail, data in rows[kind]["faults"]:
            print(f"  {outcome} {detail} {data[:80]}", flush=True)
    if args.json:
        save(args.json, {"machine": describe(), "seconds": args.seconds, "kinds": rows})


if __name__ == "__main__":
    main()
