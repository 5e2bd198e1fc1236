"""What settings of H.264 cost a painted video, and what they keep of it.

    python -m benchmarks.h264 [--json benchmarks/results/h264.json]

The clip of the benchmark of videos is painted at 1280x720 and kept nearly without loss; then ffmpeg encodes two
seconds of it by every setting in turn. Seconds are of all cores together; SSIM and PSNR are ffmpeg's. Needs
the program ffmpeg.
"""

import argparse
import re
import resource
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from apps import samples
from apps.benchmark.timing import describe, save
from apps.cli import main as artnet
from apps.video import writing
from benchmarks.videos import HEIGHT, WIDTH
from benchmarks.webcam import make_clip

LOSSLESS = {"crf": "4", "preset": "ultrafast"}
SETTINGS = (("fast", 19), ("veryfast", 19), ("veryfast", 18), ("veryfast", 17), ("superfast", 18))
SECONDS = "2"


def painted(folder: Path) -> Path:
    """A painted video."""
    clip, out = make_clip(folder / "clip.mp4", HEIGHT, WIDTH), folder / "painted.mp4"
    with patch.object(writing, "H264", LOSSLESS):
        artnet(["video", str(clip), "--style", str(samples.style("great-wave")), "-o", str(out)])
    return out


def ffmpeg(*words: str) -> str:
    """What it says."""
    return subprocess.run(["ffmpeg", "-y", *words], check=True, capture_output=True, text=True).stderr


def encoded(source: Path, preset: str, crf: int) -> dict[str, float]:
    """Seconds of processor, bytes, and likeness to the source."""
    out, before = source.with_name("out.mp4"), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    options = ("-c:v", "libx264", "-preset", preset, "-crf", str(crf), "-bf", "0")
    ffmpeg("-i", str(source), "-t", SECONDS, "-an", *options, str(out))
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    row = {"seconds": round(seconds, 2), "bytes": out.stat().st_size}
    for measure, pattern in {"ssim": r"All:([\d.]+)", "psnr": r"average:([\d.]+)"}.items():
        said = ffmpeg("-i", str(out), "-t", SECONDS, "-i", str(source), "-lavfi", measure, "-f", "null", "-")
        row[measure] = float(re.findall(pattern, said)[-1])
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        source = painted(Path(folder))
        rows = {f"{preset} {crf}": encoded(source, preset, crf) for preset, crf in SETTINGS}
    for name, row in rows.items():
        print(name, row)
    if args.json:
        save(args.json, {"machine": describe(), "size": [WIDTH, HEIGHT], "rows": rows})


if __name__ == "__main__":
    main()
