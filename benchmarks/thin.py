"""Pictures and styles that are small files and ask for much: seconds and memory of `artnet stylize`.

    python -m benchmarks.thin [--program /path/to/another/checkout] [--json benchmarks/results/thin.json]

Thin pictures are painted with their short side padded to two strides, so that few pixels make much work; a damaged
header promises pixels that the file cannot hold. Memory is the most that the process held (Linux). With --program the
same files go through another checkout, to compare. What is refused says so in its row.
"""

import argparse
import json
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, save

SIZES = {
    "640 x 16": (640, 16),
    "20,000 x 40": (20_000, 40),
    "3,000,000 x 1": (3_000_000, 1),
    "1 x 3,000,000": (1, 3_000_000),
    "2,000,000 x 15": (2_000_000, 15),
}
LIMIT_S = 600

# Run as a child of its own, whose only child is the program: so that its memory alone is measured.
WATCH = (
    "import json, resource, subprocess, sys\n"
    "run = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
    "most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
    "print(json.dumps([most, run.returncode, run.stderr]))"
)


def noise(path: Path, width: int, height: int) -> Path:
    """A PNG of that size, of slowly changing colours."""
    few = np.random.default_rng(0).integers(0, 256, (max(1, height // 64), max(1, width // 64), 3), dtype=np.uint8)
    Image.fromarray(few).resize((width, height)).save(path, compress_level=1)
    return path


def empty_promise(path: Path, width: int, height: int) -> Path:
    """A PNG of a hundred bytes whose header says it is large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = [b"IHDR" + header, b"IDAT" + zlib.compress(bytes(99)), b"IEND"]
    framed = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(framed))
    return path


def painted(checkout: Path, content: Path, style: Path, target: Path) -> dict[str, float | str]:
    """Paint in a process of its own."""
    code = "import sys; from apps.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "stylize", content, "--style", style, "-o", target]
    start = time.perf_counter()
    try:
        run = subprocess.run(
            [sys.executable, "-c", WATCH, *map(str, command)], capture_output=True, text=True, cwd=checkout,
            timeout=LIMIT_S, check=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"result": f"not done in {LIMIT_S} s"}
    most, code, errors = json.loads(run.stdout)
    said = (errors.strip().splitlines() or [""])[-1].replace(str(content.parent) + "/", "") if code else "painted"
    return {"seconds": round(time.perf_counter() - start, 1), "most_mb": most // 1024, "result": said}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=Path(__file__).parents[1], metavar="FOLDER")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        here, photo, style = Path(folder), samples.photo(), samples.style("starry-orchard")
        cases = [(f"content {name}", noise(here / f"{name}.png", *size), style) for name, size in SIZES.items()]
        cases += [(f"style {name}", photo, here / f"{name}.png") for name in SIZES if "000" in name]
        cases.append(("header of 2,000,000 x 48", empty_promise(here / "promise.png", 2_000_000, 48), style))
        for name, content, painting in cases:
            row = {"what": name, **painted(args.program, content, painting, here / "painted.png")}
            print(row, flush=True)
            rows.append(row)
    if args.json:
        save(args.json, {"machine": describe(), "rows": rows})


if __name__ == "__main__":
    main()
