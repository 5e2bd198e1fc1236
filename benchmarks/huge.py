"""From file to file with a picture that is larger than memory should hold: seconds and memory of `artnet stylize`.

    python -m benchmarks.huge [--megapixels 100 1000] [--json benchmarks/results/huge.json]

The sample photo, enlarged to a JPEG, goes through libvips (extra `huge`), and where Pillow would take it through Pillow
as well. Memory is the most that the process held at any of ten looks a second (Linux): all of it, and without pages of
files, which the system takes back when others need memory (to see it do so, run this in a control group with a limit).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyvips

from apps import samples
from apps.benchmark.timing import describe, save
from artnet.image import MAX_PIXELS

THROUGH = {
    "libvips": "import sys; from apps.cli import main; sys.exit(main(sys.argv[1:]))",
    "Pillow": "import sys, apps.stylize.batch as b; b.is_large = lambda path: False\n"
    "from apps.cli import main; sys.exit(main(sys.argv[1:]))",
}


def enlarge(target: Path, megapixels: int) -> int:
    """Write the sample photo at about that size; its pixels."""
    photo = pyvips.Image.new_from_file(str(samples.photo()))
    large = photo.resize((megapixels * 1e6 / (photo.width * photo.height)) ** 0.5)
    large.jpegsave(str(target), Q=90)
    return large.width * large.height


def watched(program: str, arguments: list[str]) -> dict[str, float]:
    """Run a program in a process of its own."""
    start, most, kept = time.perf_counter(), 0, 0
    with subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most, kept = max(most, held(process.pid, "VmRSS")), max(kept, held(process.pid, "RssAnon"))
            time.sleep(0.1)
    if process.returncode:
        raise RuntimeError(f"artnet stylize ended with {process.returncode}")
    seconds = time.perf_counter() - start
    return {"seconds": round(seconds, 1), "resident_mb": most // 1024, "without_file_pages_mb": kept // 1024}


def held(pid: int, what: str) -> int:
    """Kilobytes of a process; 0 once it has ended."""
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return next((int(words[1]) for words in lines if words[0] == f"{what}:"), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for megapixels in args.megapixels:
            content, painted = Path(folder) / "content.jpg", Path(folder) / "painted.jpg"
            pixels = enlarge(content, megapixels)
            command = ["stylize", str(content), "--style", str(samples.style("starry-orchard")), "-o", str(painted)]
            for name, program in THROUGH.items():
                if name == "Pillow" and pixels > MAX_PIXELS:
                    continue
                row = {"through": name, "megapixels": round(pixels / 1e6, 1), **watched(program, command)}
                row["ms_per_megapixel"] = round(1000 * row["seconds"] / row["megapixels"], 1)
                print(row, flush=True)
                rows.append(row)
    if args.json:
        save(args.json, {"machine": describe(), "rows": rows})


if __name__ == "__main__":
    main()
