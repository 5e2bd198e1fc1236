"""Hashes of what `artnet stylize` paints, to show that a change of the code leaves every byte as it was.

    python -m benchmarks.output_hashes --json before.json --checkout DIR     # an earlier one, on the same machine
    python -m benchmarks.output_hashes --against before.json

Twenty pictures of different sizes, modes and formats are cut from the sample photo; every engine paints them with five
settings, one of them a blend of two styles.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, save

ENGINES = ("openvino", "torch", "onnx")
SIDES = (33, 64, 96, 130, 200, 256, 257, 320, 384, 400)
SETTINGS: dict[str, list[str]] = {
    "plain": ["--style", "great-wave"],
    "blend": ["--style", "great-wave:0.7", "--style", "starry-night:0.3", "--strength", "0.6"],
    "adain": ["--style", "scream", "--transfer", "adain", "--grain", "0.5"],
    "small strokes": ["--style", "great-wave", "--stroke-size", "256", "--preserve-color"],
    "large strokes": ["--style", "starry-night", "--stroke-size", "768"],
}


def write_contents(folder: Path) -> None:
    """Twenty pictures: each side once wide as PNG with transparency or as grey, once high as JPEG."""
    with Image.open(samples.photo()) as image:
        photo = image.convert("RGB")
    for n, side in enumerate(SIDES):
        wide = photo.crop((n, 2 * n, n + 2 * side, 2 * n + side))
        wide.convert(("RGBA", "L")[n % 2]).save(folder / f"wide-{side:03}.png")
        photo.crop((3 * n, n, 3 * n + side, n + 3 * side // 2)).save(folder / f"high-{side:03}.jpg", quality=95)


def hashes(contents: Path, engine: str, options: list[str], checkout: Path) -> dict[str, str]:
    """SHA-256 of every result by its name."""
    with TemporaryDirectory() as folder:
        arguments = [str(contents), *options, "--engine", engine, "-o", folder]
        subprocess.run([sys.executable, "-m", "apps.cli", "stylize", *arguments], check=True, cwd=checkout)
        results = sorted(path for path in Path(folder).iterdir() if path.suffix in (".png", ".jpg"))
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in results}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--checkout", type=Path, default=Path(), help="whose program paints (default: this one's)")
    args = parser.parse_args()
    found: dict[str, Any] = {"machine": describe()}
    with TemporaryDirectory() as name:
        write_contents(Path(name))
        for engine in ENGINES:
            found[engine] = {
                title: hashes(Path(name), engine, options, args.checkout) for title, options in SETTINGS.items()
            }
    if args.json:
        save(args.json, found)
    if args.against:
        before = json.loads(args.against.read_text())
        for engine in ENGINES:
            for title, results in found[engine].items():
                same = sum(before[engine][title].get(name) == digest for name, digest in results.items())
                print(f"{engine}, {title}: {same} of {len(results)} the same")


if __name__ == "__main__":
    main()
