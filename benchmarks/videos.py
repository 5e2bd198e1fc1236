"""Frames a second of `artnet video` on a clip of 1280x720 with sound, from start to file, here and in another checkout.

    python -m benchmarks.videos OTHER_CHECKOUT [--rounds 3] [--json benchmarks/results/videos.json]

Needs the program ffmpeg, for the sound. Both checkouts have the same environment and each its own code and weights;
with smoothing along the motion (the default) and without, all in turn in one run. A process' start counts.
"""

import argparse
import statistics
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from apps import samples
from apps.benchmark.timing import describe, save
from benchmarks.starts import command
from benchmarks.webcam import RATE, SECONDS, make_clip

HEIGHT, WIDTH = 720, 1280
SOUND = "-f lavfi -i sine=frequency=440 -shortest -c:v copy -c:a aac"


def clip_with_sound(folder: Path) -> Path:
    """The clip of the benchmark of the webcam, with a tone."""
    silent, path = make_clip(folder / "silent.mp4", HEIGHT, WIDTH), folder / "clip.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(silent), *SOUND.split(), str(path)], check=True)
    return path


def frames_a_second(checkout: Path, clip: Path, *options: str) -> float:
    """Of one run of the command."""
    out = clip.with_name("painted.mp4")
    run = command(checkout, "video", str(clip), "--style", str(samples.style("great-wave")), "-o", str(out), *options)
    start = time.perf_counter()
    run()
    return RATE * SECONDS / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    checkouts = {"here": Path(__file__).parents[1], "other": args.other.absolute()}
    rows: dict[str, list[float]] = {}
    with TemporaryDirectory() as folder:
        clip = clip_with_sound(Path(folder))
        for _ in range(args.rounds):
            for name, checkout in checkouts.items():
                for option in ("--steady", "--no-steady"):
                    rows.setdefault(f"{name} {option}", []).append(frames_a_second(checkout, clip, option))
    found = {name: {"median": statistics.median(x), "least": min(x), "most": max(x)} for name, x in rows.items()}
    found = {name: {key: round(value, 2) for key, value in row.items()} for name, row in found.items()}
    for name, row in found.items():
        print(f"{name:18} {row}")
    if args.json:
        about = {"machine": describe(), "frames": RATE * SECONDS, "size": [WIDTH, HEIGHT], "rounds": args.rounds}
        save(args.json, {**about, "frames a second": found})


if __name__ == "__main__":
    main()
