"""The wheel in a new system with another Python: every command that an extra brings, and whether it paints the same.

    python -m benchmarks.reliability.systems trixie=3.13 [forky=3.14] [--json benchmarks/results/systems.json]

Each row is SUITE=PYTHON: a release of Debian, and which of its Pythons. Debootstrap makes the smallest system of it in
a temporary folder, from the mirror that apt uses here; pip installs the wheel, built from this checkout, with one group
of extras after the other, from where pip gets its packages here; after each group its commands are run. What they paint
is compared with what the same commands paint here, under this Python. Needs root, debootstrap, 12 GB of disk and, of
torch with what it asks for, some gigabytes of downloads: half an hour.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, save
from benchmarks.likeness import in_words, psnr
from benchmarks.reliability.checkout import ROOT, last_commit
from benchmarks.reliability.debian import Debian
from benchmarks.webcam import make_clip

SERVED = """
from gradio_client import Client, handle_file
from apps.web.command import start
from apps.web.options import ServeOptions

url, close = start(ServeOptions(port=7860), "served")
client = Client(url, verbose=False, analytics_enabled=False)
print(client.predict(handle_file("photo.jpg"), style_name="great-wave", api_name="/stylize"))
close()
"""
EVERY_HELP = """
import contextlib, io
from apps.cli import COMMANDS, main
for name in COMMANDS:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main([name, "--help"])
"""
PAINT = ("artnet", "stylize", "photo.jpg", "--style", "great-wave")
FOLDER = ("artnet", "stylize", "photos", "--style", "great-wave")
CHECKS: dict[str, dict[str, tuple[str, ...]]] = {
    "": {
        "photo": (*PAINT, "-o", "photo.png"),
        "folder": (*FOLDER, "-o", "painted"),
        "page for browsers": ("artnet", "export", "--page", "site", "--style", "scream"),
        "help of every command": ("python", "-c", EVERY_HELP),
    },
    "heic,huge,video,virtualcam,web,webcam": {
        "video": ("artnet", "video", "clip.mp4", "--style", "great-wave", "-o", "clip-painted.mp4"),
        "live": ("artnet", "webcam", "--camera", "clip.mp4", "--headless", "--frames", "20", "--report"),
        "TIFF": ("artnet", "stylize", "photo.tif", "--style", "great-wave", "-o", "from-tiff.tif"),
        "HEIC": ("artnet", "stylize", "photo.heic", "--style", "great-wave", "-o", "from-heic.png"),
        "served page": ("python", "-c", SERVED),
    },
    "data,movement,onnx,ray,study,train": {
        "photo by torch": (*PAINT, "-o", "torch.png", "--engine", "torch"),
        "photo by ONNX Runtime": (*PAINT, "-o", "onnx.png", "--engine", "onnx"),
        "photo by wct": (*PAINT, "-o", "wct.png", "--transfer", "wct"),
        "folder by Ray": (*FOLDER, "-o", "painted-by-ray", "--ray"),
        "export as ONNX": ("artnet", "export", "-o", "artnet.onnx"),
        "example of pruning": ("python", "prune_resnet.py", "small.safetensors"),
        "example of a criterion": ("python", "own_criterion.py"),
    },
}
"""By extras: what is run when they are there too; `python` and `artnet` are those of the environment."""
COMPARED = {
    "photo": "photo", "folder": "folder", "HEIC": "HEIC", "photo by torch": "photo by torch",
    "photo by ONNX Runtime": "photo by ONNX Runtime", "photo by wct": "photo by wct", "folder by Ray": "folder",
}  # fmt: skip
"""What paints -> whose pictures, painted here, its own are compared with."""
COMMANDS = {name: command for checks in CHECKS.values() for name, command in checks.items()}


def desk(folder: Path) -> Path:
    """A folder with all that the commands read."""
    for made in ("photos", "served"):
        (folder / made).mkdir(parents=True)
    for name in ("astronaut", "bee", "cat"):
        shutil.copy(samples.photo(name), folder / "photos")
    shutil.copy(samples.photo(), folder / "photo.jpg")
    with Image.open(samples.photo()) as image:
        image.save(folder / "photo.tif")
        pillow_heif.register_heif_opener()
        image.save(folder / "photo.heic")
    make_clip(folder / "clip.mp4", 120, 160, rate=10, seconds=2)
    for example in ("prune_resnet.py", "own_criterion.py"):
        shutil.copy(ROOT / "examples" / example, folder)
    return folder


def wheel(folder: Path) -> Path:
    """The wheel of the last commit."""
    source = str(last_commit(folder / "source"))
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), source]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


def paint_here(folder: Path) -> None:
    """Run what the pictures are compared with, under this Python."""
    for name in set(COMPARED.values()):
        command = [sys.executable, "-m", "apps.cli", *COMMANDS[name][1:]]
        subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)


def system(folder: Path, suite: str, python: str, built: Path) -> dict[str, Any]:
    """One system: by extras, how long they took to install, and what came of the commands."""
    inside = Debian(folder / "system", suite, (f"python{python}-venv", "ca-certificates"))
    place = desk(inside.root / "desk")
    shutil.copy(built, place)
    where = ("env", "--chdir=/desk")

    def run(*command: str) -> tuple[float, subprocess.CompletedProcess[str]]:
        begin = time.monotonic()
        program = (f"/venv/bin/{command[0]}", *command[1:])
        done = inside.run(*where, *program, ARTNET_CACHE="/cache", PYTHONWARNINGS="error::SyntaxWarning")
        return round(time.monotonic() - begin, 1), done

    made = inside.run(f"python{python}", "-m", "venv", "/venv")
    made.check_returncode()
    row: dict[str, Any] = {"extras": {}, "about": {}}
    for extras, checks in CHECKS.items():
        wanted = f"./{built.name}[{extras}]" if extras else f"./{built.name}"
        seconds, done = run("python", "-m", "pip", "install", "--quiet", "--no-cache-dir", wanted)
        found: dict[str, Any] = {"installed": last(done.stderr) if done.returncode else "yes", "seconds": seconds}
        row["extras"][extras or "default"] = found
        print(suite, extras or "default", found, flush=True)
        for name, command in checks.items():
            seconds, done = run(*command)
            found[name] = "right" if done.returncode == 0 else f"exit code {done.returncode}: {last(done.stderr)}"
            print(" ", name, seconds, found[name], flush=True)
        row["about"][extras or "default"] = json.loads(run("artnet", "--version", "--json")[1].stdout)
    return row


def likeness(there: Path, here: Path) -> dict[str, str]:
    """How near what was painted there is to what was painted here, by command; of a folder, the farthest picture."""
    found = {}
    for name, wanted in COMPARED.items():
        one, other = (pictures(folder / output(command)) for folder, command in
                      ((there, COMMANDS[name]), (here, COMMANDS[wanted])))  # fmt: skip
        if one.keys() != other.keys():
            found[name] = f"{len(one)} pictures instead of {len(other)}"
        else:
            farthest = min(one, key=lambda key: psnr(one[key], other[key]))
            found[name] = in_words(one[farthest], other[farthest])
    return found


def output(command: tuple[str, ...]) -> str:
    """What a command writes."""
    return command[command.index("-o") + 1]


def pictures(path: Path) -> dict[str, np.ndarray]:
    """The picture, or those in the folder, by name."""
    files = [file for file in path.glob("*") if file.suffix == ".jpg"] if path.is_dir() else [path]
    return {file.name: np.asarray(Image.open(file).convert("RGB")) for file in files if file.exists()}


def last(text: str) -> str:
    """The last line, without places of this machine."""
    lines = text.strip().splitlines() or [""]
    return re.sub(r"https?://\S+", "...", lines[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="+", metavar="SUITE=PYTHON")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/systems.json"))
    args = parser.parse_args()
    result = json.loads(args.json.read_text()) if args.json.exists() else {"rows": {}}
    result["machine"] = describe()
    for suite, python in (row.split("=") for row in args.rows):
        with tempfile.TemporaryDirectory(prefix="artnet-system-") as name:
            folder = Path(name)
            here = desk(folder / "here")
            paint_here(here)
            row = system(folder, suite, python, wheel(folder))
            row["as here"] = likeness(folder / "system" / "desk", here)
        result["rows"][f"Python {python} of Debian {suite}"] = row
        save(args.json, result)
        print(row["as here"], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
