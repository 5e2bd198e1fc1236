"""A folder painted by one process and by a local Ray cluster: pictures a second, and whether a lost machine costs any.

    python -m benchmarks.scale [--photos 96] [--machines 2] [--json benchmarks/results/scale.json]

The photos are windows of the sample photo. The cluster's machines are processes here with one core each, so that the
figures tell what Ray costs and that nothing is lost; a cluster of real machines has more cores, not faster ones.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, save
from apps.common.options import options_of
from apps.stylize.command import add_arguments
from apps.stylize.options import StylizeOptions
from apps.stylize.run import Run

SIDES = 512, 384
STYLE = "great-wave"


def write_photos(folder: Path, count: int) -> None:
    """So many JPEGs of 512 x 384, no two alike."""
    folder.mkdir()
    with Image.open(samples.photo()) as photo:
        wide, high = photo.width - SIDES[0], photo.height - SIDES[1]
        for n in range(count):
            x, y = 7 * n % wide, 5 * n % high
            window = photo.crop((x, y, x + SIDES[0], y + SIDES[1])).rotate(180 * (n // (wide * high) % 2))
            window.save(folder / f"{n:05}.jpg", quality=95)


def paint(photos: Path, output: Path, *more: str, then: Callable[[], None] | None = None) -> dict[str, Any]:
    """Paint a folder; `then` is called when the first result is there."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = [str(photos), "--style", STYLE, "-o", str(output), *more]
    run = Run(options_of(StylizeOptions, vars(parser.parse_args(words))))
    start, first, statuses = time.perf_counter(), 0.0, []
    for _, result in run.batch().results(run.jobs):
        statuses.append(result.status)
        if len(statuses) == 1:
            first = time.perf_counter() - start
            if then:
                then()
    seconds = time.perf_counter() - start
    return {
        "written": statuses.count("written"),
        "failed": statuses.count("failed"),
        "seconds": round(seconds, 1),
        "first result after, s": round(first, 1),
        "pictures a second": round(len(statuses) / seconds, 2),
    }


def digest(folder: Path) -> str:
    """Of the names and bytes of all results."""
    parts = (f"{p.name} {hashlib.sha256(p.read_bytes()).hexdigest()}" for p in sorted(folder.glob("*.jpg")))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def measure(folder: Path, photos: int, machines: int) -> dict[str, Any]:
    """Alone, on the cluster, and on a cluster that loses a machine."""
    import ray
    from ray.cluster_utils import Cluster

    write_photos(folder / "photos", photos)
    rows = {"one process": paint(folder / "photos", folder / "alone")}
    cluster = Cluster()
    nodes = [cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20) for _ in range(machines)]
    rows[f"{machines} machines"] = paint(folder / "photos", folder / "all", "--ray", cluster.address)
    rows[f"{machines} machines, one lost"] = paint(
        folder / "photos", folder / "lost", "--ray", cluster.address,
        then=lambda: cluster.remove_node(nodes.pop(), allow_graceful=False),
    )  # fmt: skip
    ray.shutdown()
    cluster.shutdown()
    for row, name in zip(rows.values(), ("alone", "all", "lost"), strict=True):
        row["bytes"] = digest(folder / name)
        row["left over"] = len(list((folder / name).glob(".artnet-*.tmp")))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=96)
    parser.add_argument("--machines", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="artnet-scale-") as folder:
        rows = measure(Path(folder), args.photos, args.machines)
    for name, row in rows.items():
        print(f"{name:26} {row}")
    if args.json:
        save(args.json, {"machine": describe(), "load before": round(load, 1), "photos": args.photos, "rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
