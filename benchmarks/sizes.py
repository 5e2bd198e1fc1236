"""Photos of many sizes in one process: what memory they take, and whether one photo always comes out the same.

    python -m benchmarks.sizes [--photos 2000] [--sizes 1000] [--repeats 100] [--json benchmarks/results/sizes.json]

Memory: that many photos of that many sizes, through one Stylizer and through one run of `artnet stylize` on a folder;
the resident set after the first 50, and the most that it came to afterwards. Sameness: one photo painted many times
between photos of other sizes, by every engine, as a frame of a video, and as copies in a folder; how many different
results there are.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, save
from artnet import Stylizer
from artnet.image import read_picture

STYLE = "starry-orchard"
SIDES = (64, 700)
STARTED = 50  # photos after which a process has all that it needs


def windows(count: int, sizes: int) -> Iterator[np.ndarray]:
    """(H, W, 3) uint8 windows of the sample photo, of so many sizes in turn."""
    photo = read_picture(samples.photo()).rgb
    random = np.random.default_rng(0)
    shapes = [random.integers(*SIDES, 2) for _ in range(sizes)]
    for n in range(count):
        height, width = shapes[n % sizes]
        yield np.ascontiguousarray(np.resize(photo, (max(height, len(photo)), photo.shape[1], 3))[:height, :width])


def resident(process: int | str = "self") -> int:
    """Megabytes that a process holds now; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:")), 0)


def through_stylizer(photos: int, sizes: int) -> dict[str, int]:
    stylizer = Stylizer.load()
    style = stylizer.prepare_style(samples.style(STYLE))
    start = most = 0
    for n, rgb in enumerate(windows(photos, sizes)):
        stylizer.stylize(rgb, style)
        start = resident() if n == STARTED else start
        most = max(most, resident())
    return {"start_mb": start, "most_mb": most, "growth_mb": most - start}


def command(folder: Path, output: Path) -> list[str]:
    return [sys.executable, "-m", "apps.cli", "stylize", str(folder), "--style", str(samples.style(STYLE)), "-o",
            str(output)]  # fmt: skip


def through_folder(photos: int, sizes: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as name:
        folder, output = Path(name) / "in", Path(name) / "out"
        folder.mkdir()
        for n, rgb in enumerate(windows(photos, sizes)):
            Image.fromarray(rgb).save(folder / f"{n:05}.jpg")
        run = subprocess.Popen(command(folder, output), stdout=subprocess.DEVNULL)
        start = most = 0
        while run.poll() is None:
            held = resident(run.pid)
            most = max(most, held)
            if not start and output.is_dir() and len(list(output.glob("*.jpg"))) > STARTED:
                start = held
            time.sleep(0.05)
        if run.returncode or len(list(output.glob("*.jpg"))) != photos:
            raise SystemExit("the folder run failed")
    return {"start_mb": start, "most_mb": most, "growth_mb": most - start}


def different(results: Iterator[bytes]) -> int:
    return len({hashlib.sha256(result).digest() for result in results})


def repeated(engine: str, repeats: int, **options: bool) -> int:
    """How many different results a photo has in so many times, with another size before each."""
    stylizer = Stylizer.load(engine=engine)
    style = stylizer.prepare_style(samples.style(STYLE))
    photo = read_picture(samples.photo()).rgb[:384, :512]

    def results() -> Iterator[bytes]:
        for other in windows(repeats, repeats):
            stylizer.stylize(other, style)
            yield stylizer.stylize(photo, style, **options).tobytes()

    return different(results())


def repeated_in_folder(repeats: int) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder, output = Path(name) / "in", Path(name) / "out"
        folder.mkdir()
        photo = Image.fromarray(read_picture(samples.photo()).rgb[:384, :512])
        for n, other in enumerate(windows(repeats, repeats)):
            photo.save(folder / f"{n:05}-same.png")
            Image.fromarray(other).save(folder / f"{n:05}-other.png")
        subprocess.run(command(folder, output), stdout=subprocess.DEVNULL, check=True)
        return different(path.read_bytes() for path in sorted(output.glob("*-same.png")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--sizes", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    memory = {"Stylizer": through_stylizer(args.photos, args.sizes), "folder": through_folder(args.photos, args.sizes)}
    print(memory, flush=True)
    results = {f"engine {engine}": repeated(engine, args.repeats) for engine in ("openvino", "torch", "onnx")}
    results["frames of a video"] = repeated("openvino", args.repeats, fixed_size=True)
    results["folder"] = repeated_in_folder(args.repeats)
    print(results)
    if args.json:
        settings = {"photos": args.photos, "sizes": args.sizes, "repeats": args.repeats, "sides": SIDES}
        save(args.json, {"machine": describe(), **settings, "memory": memory, "different_results": results})


if __name__ == "__main__":
    main()
