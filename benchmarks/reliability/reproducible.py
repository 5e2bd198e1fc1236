"""Does one photo in one style always come out in the same bytes? And how near, where other threads compute it?

    python -m benchmarks.reliability.reproducible [--runs 5] [--json benchmarks/results/reproducible.json]

The sample photo is painted by `artnet stylize` in new processes, by every engine, with all cores and with one, and in a
folder that is painted by several streams. The hashes of the files are recorded: on the machine and with the versions
that the JSON names, a later run must give them again, and says where it does not.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, save
from benchmarks.likeness import psnr

STYLE, SIZE, PICTURES = "great-wave", 384, 16
PHOTO = "photo.png"
ENGINES = ("openvino", "torch", "onnx")


def paint(content: Path, output: Path, engine: str, cores: int) -> None:
    """Paint in a new process that may use so many cores."""
    command = [sys.executable, "-m", "apps.cli", "stylize", str(content), "--style", STYLE, "--size", str(SIZE),
               "--engine", engine, "-o", str(output)]  # fmt: skip
    chosen = sorted(os.sched_getaffinity(0))[:cores]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        env=environment,
        preexec_fn=lambda: os.sched_setaffinity(0, chosen),
    )


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def nearness(one: Path, other: Path) -> float | None:
    """In dB; None where both are equal."""
    first, second = (np.asarray(Image.open(path)) for path in (one, other))
    return None if np.array_equal(first, second) else round(psnr(first, second), 1)


def alone(folder: Path, engine: str, runs: int) -> dict[str, Any]:
    """The file's hashes with all cores and with one, and how near both are."""
    row: dict[str, Any] = {}
    made = {}
    for cores in sorted({len(os.sched_getaffinity(0)), 1}, reverse=True):
        outputs = [folder / f"{engine}-{cores}-{n}.png" for n in range(runs)]
        for output in outputs:
            paint(folder / PHOTO, output, engine, cores)
        row[f"{cores} cores"] = sorted(set(map(digest, outputs)))
        made[cores] = outputs[0]
    row["psnr of one core to all"] = nearness(*made.values()) if len(made) > 1 else None
    return row


def in_a_folder(folder: Path, runs: int) -> dict[str, Any]:
    """The same photo many times in a folder, which several streams paint: its hashes, and how near it comes."""
    photos, outputs, cores = (
        folder / "photos",
        [folder / f"folder-{n}" for n in range(runs)],
        len(os.sched_getaffinity(0)),
    )
    photos.mkdir()
    for n in range(PICTURES):
        os.link(folder / PHOTO, photos / f"{n:02}.png")
    found = set()
    for output in outputs:
        paint(photos, output, "openvino", cores)
        found |= {digest(path) for path in output.glob("[!.]*")}
    near = nearness(outputs[0] / "00.png", folder / f"openvino-{cores}-0.png")
    return {f"{cores} cores": sorted(found), "psnr to the photo alone": near}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="artnet-same-") as name:
        folder = Path(name)
        Image.open(samples.photo()).convert("RGB").save(folder / PHOTO)
        rows = {engine: alone(folder, engine, args.runs) for engine in ENGINES}
        rows["openvino, in a folder"] = in_a_folder(folder, 2)
    result = {"machine": describe(), "runs": args.runs, "photo": samples.photo().name, "rows": rows}
    print(json.dumps(rows, indent=2))
    if args.json and args.json.exists():
        before = json.loads(args.json.read_text())
        if before["machine"] == result["machine"]:
            print("as recorded" if before["rows"] == rows else "not as recorded on this machine with these versions")
    if args.json:
        save(args.json, result)


if __name__ == "__main__":
    main()
