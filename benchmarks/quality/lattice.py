"""How much of the fine marks of paintings stands in the same place of every block of 4 pixels: a lattice.

    python -m benchmarks.quality.lattice --outputs NAME=FOLDER ... --content DIR --style DIR [--json FILE]

Folders as `benchmarks.quality.paint` leaves them; contents and styles themselves are rows too, for what is there by
chance. A share of the marks' deviation, 0 to 1; `artnet.training.losses.lattice_loss` is its square.
"""

from pathlib import Path
from statistics import mean, quantiles

from apps.benchmark.timing import describe, save
from artnet.image import square
from artnet.model.tensors import to_tensor
from artnet.training.losses import lattice_loss
from benchmarks.quality.commands import pair_arguments, report_bad_input
from benchmarks.quality.pairs import common_pairs, named_folders, pictures_of
from benchmarks.tables.cells import scores

COLUMNS = ("mean", "median", "90 %", "most")


def share_of(path: Path, size: int) -> float:
    """Of one picture, in a square of so many pixels a side."""
    return lattice_loss(to_tensor(square(path, size))).item() ** 0.5


def summary(paths: list[Path], size: int) -> dict[str, float]:
    """Over several pictures, each counted once."""
    shares = sorted(share_of(path, size) for path in set(paths))
    tenths = quantiles(shares, n=10, method="inclusive")
    return dict(zip(COLUMNS, (mean(shares), tenths[4], tenths[8], shares[-1]), strict=True))


def main() -> None:
    parser = pair_arguments(__doc__)
    parser.add_argument("--outputs", nargs="+", required=True, metavar="NAME=FOLDER")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    outputs = {name: pictures_of(folder) for name, folder in named_folders(args.outputs).items()}
    pairs = common_pairs(args.content, args.style, list(outputs.values()))
    sets = {name: [pictures[pair.name] for pair in pairs] for name, pictures in outputs.items()}
    sets |= {"contents": [pair.content for pair in pairs], "styles": [pair.style for pair in pairs]}
    rows = {name: summary(paths, args.size) for name, paths in sets.items()}
    print(scores("", COLUMNS, rows))
    if args.json:
        save(args.json, {"machine": describe(), "pairs": len(pairs), "size": args.size, "rows": rows})


if __name__ == "__main__":
    report_bad_input(main)
