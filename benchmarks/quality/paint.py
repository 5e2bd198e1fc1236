"""Paints the pairs of the quality table as the program ships it: S2, the default engine and settings.

    python -m benchmarks.quality.paint --content DIR --style DIR --pairs first:20 -o FOLDER [--weights FILE] [--live]

Contents and styles are cropped to squares. Pictures are named CONTENTSTEM__STYLESTEM.png; what is in the folder already
is not painted again, so an interrupted run goes on where it was. Use an empty folder for other weights, and for frames.
"""

from collections import defaultdict
from pathlib import Path

from tqdm import tqdm

from artnet import Stylizer
from artnet.evaluation import paint_pairs, write_pair
from benchmarks.quality.commands import pair_arguments, report_bad_input
from benchmarks.quality.pairs import PUBLISHED, Paths, pairs_of


def missing_by_style(pairs: list[Paths], folder: Path) -> dict[Path, list[Path]]:
    """The contents that each style still lacks a picture of."""
    missing: dict[Path, list[Path]] = defaultdict(list)
    for pair in pairs:
        if not (folder / f"{pair.name}.png").exists():
            missing[pair.style].append(pair.content)
    return missing


def paint(pairs: list[Paths], folder: Path, weights: str, size: int, *, live: bool = False) -> None:
    """Paint the pairs that the folder lacks, as photos or as frames of a video are."""
    stylizer = Stylizer.load(weights)
    folder.mkdir(parents=True, exist_ok=True)
    missing = missing_by_style(pairs, folder)
    count = sum(map(len, missing.values()))
    with tqdm(total=count, disable=None, unit="picture") as bar:
        for style, contents in missing.items():
            for pair in paint_pairs(stylizer, contents, [style], size=size, live=live):
                write_pair(pair, folder)
                bar.update()
    print(f"{len(pairs)} pairs are in {folder}, {count} of them painted now ({stylizer.engine_choice})")


def main() -> None:
    parser = pair_arguments(__doc__)
    parser.add_argument("--pairs", default=PUBLISHED, help="first:N or a file of pairs (default: %(default)s)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--weights", default="artnet", help="a checkpoint, 'artnet' (default) or 'artnet-dense'")
    parser.add_argument("--size", type=int, default=512, help="side of the squares (default: %(default)s)")
    parser.add_argument("--live", action="store_true", help="as frames of a video are painted")
    args = parser.parse_args()
    paint(pairs_of(args.pairs, args.content, args.style), args.output, args.weights, args.size, live=args.live)


if __name__ == "__main__":
    report_bad_input(main)
