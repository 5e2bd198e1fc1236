"""What an installation costs: seconds and megabytes in an environment of its own, and whether torch is in it.

    python -m benchmarks.install_size default=. 'torch=.[torch]' [--json benchmarks/results/install-size.json]

Each row is NAME=REQUIREMENT, as pip takes it; rows that the JSON holds already are kept. Everything is downloaded anew
(--no-cache-dir), as on a first visit, so seconds are those of this machine and its network, this minute. Megabytes are
the bytes of the files in site-packages without pip itself. In the new environment a photo is then painted, and
`artnet --help` is started ten times.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from pathlib import Path

from apps.benchmark.timing import describe, save

LARGEST = 6
STARTS = 10
PIP = ("pip", "pip-")
"""How the names of what an empty environment holds begin."""


def sizes(folder: Path) -> Counter[str]:
    """Bytes by the first folder below site-packages, which is nearly always the package's."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*"):
        name = path.relative_to(folder).parts[0]
        if path.is_file() and not path.is_symlink() and not (name == PIP[0] or name.startswith(PIP[1])):
            found[name] += path.stat().st_size
    return found


def measure(requirement: str) -> dict[str, object]:
    """Install into a new environment, paint, and say what it cost."""
    with tempfile.TemporaryDirectory(prefix="artnet-install-") as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin", "python")
        start = time.perf_counter()
        install = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check"]
        subprocess.run([*install, requirement], check=True, cwd=os.getcwd())
        seconds = time.perf_counter() - start
        packages = sizes(next(Path(folder, "lib").glob("python*/site-packages")))
        distributions = {line.partition("==")[0] for line in output(python, "-m", "pip", "list", "--format=freeze")}
        return {
            "megabytes": round(sum(packages.values()) / 1e6, 1),
            "seconds": round(seconds, 1),
            "packages": len(distributions - {"pip", "setuptools"}),
            "has torch": "torch" in distributions,
            "largest, MB": {name: round(size / 1e6, 1) for name, size in packages.most_common(LARGEST)},
            **used(Path(folder)),
        }


def used(environment: Path) -> dict[str, float]:
    """Seconds of a first and a second `artnet stylize` (the first compiles), and of `artnet --help`, in the median."""
    command = environment / "bin" / "artnet"
    (photo,) = output(environment / "bin" / "python", "-c", "from apps import samples; print(samples.photo())")
    stylize = [command, "stylize", photo, "--style", "great-wave", "-o", environment / "out.png"]
    first, second = timed(stylize), timed(stylize)
    return {
        "first picture, s": first,
        "second picture, s": second,
        "help, s": round(statistics.median(timed([command, "--help"]) for _ in range(STARTS)), 3),
    }


def timed(command: list[str | Path]) -> float:
    start = time.perf_counter()
    folder = Path(command[0]).parent
    environment = os.environ | {"ARTNET_CACHE": str(folder / "cache")}  # nothing is compiled yet
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment)
    return round(time.perf_counter() - start, 3)


def output(*command: str | Path) -> list[str]:
    """Lines of standard output; run from the root, so that no checkout is imported instead of what is installed."""
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout.splitlines()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="+", metavar="NAME=REQUIREMENT")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result = json.loads(args.json.read_text()) if args.json and args.json.exists() else {"rows": {}}
    result["machine"] = describe() | {"system": platform.platform()}
    for row in args.rows:
        name, _, requirement = row.partition("=")
        result["rows"][name] = measure(requirement) | {"load at the end": round(os.getloadavg()[0], 1)}
        print(name, json.dumps(result["rows"][name]), flush=True)
        if args.json:
            save(args.json, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
