"""Scores folders of stylized pictures against their contents and styles.

    python -m benchmarks.quality.score --content DIR --style DIR --outputs NAME=DIR [NAME=DIR ...]
                                       --vgg FILE --mobilenet FILE [--json FILE] [--size 512]

A folder of outputs holds a picture a pair, CONTENTSTEM__STYLESTEM.png, as benchmarks.quality.paint writes them. Rows
are scored on the pairs that every folder has. Two rows of reference are added: 'no-op' (the content) and 'style-copy'
(the style), so that a column which rewards doing nothing is seen to. What the columns mean is said in
benchmarks/quality/features.py and benchmarks/quality/strokes.py.

Networks: safetensors files of a VGG16 trunk (torchvision's `features.N.weight`) and of torchvision's MobileNetV2.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
from tqdm import tqdm

from apps.benchmark.timing import describe, save
from artnet.image import square
from benchmarks.quality import features, strokes
from benchmarks.quality.commands import add_networks, pair_arguments, report_bad_input
from benchmarks.quality.features import Networks, View
from benchmarks.quality.pairs import Paths, common_pairs, named_folders, pictures_of
from benchmarks.quality.strokes import Marks
from benchmarks.quality.table import Table, markdown

KEPT = 72
"""Contents and styles whose views are kept, some 30 MB each at 512 px: 60 styles, and the contents at hand."""


class Seen(NamedTuple):
    """A picture as the networks and as the plain columns see it."""

    view: View
    marks: Marks


def columns(out: Seen, content: Seen, style: Seen) -> list[float]:
    """All columns of the table, in its order."""
    return [
        *features.columns(out.view, content.view, style.view),
        *strokes.columns(out.marks, content.marks, style.marks),
    ]


def score(pairs: list[Paths], outputs: dict[str, dict[str, Path]], networks: Networks, size: int) -> Table:
    """Score each row's pictures, found by their pair's name, with the rows of reference."""

    def see(path: Path) -> Seen:
        picture = square(path, size)
        return Seen(networks.view(picture), Marks(picture))

    reference = lru_cache(KEPT)(see)

    def rows(pair: Paths) -> Iterator[tuple[str, Seen]]:
        for name, pictures in outputs.items():
            yield name, see(pictures[pair.name])
        yield "no-op", reference(pair.content)
        yield "style-copy", reference(pair.style)

    table = Table(pairs)
    for pair in tqdm(pairs, disable=None, unit="pair"):
        content, style = reference(pair.content), reference(pair.style)
        for name, out in rows(pair):
            table.rows.setdefault(name, []).append(columns(out, content, style))
    return table


def main() -> None:
    parser = pair_arguments(__doc__)
    parser.add_argument("--outputs", nargs="+", required=True, metavar="NAME=DIR", help="rows and their folders")
    add_networks(parser)
    parser.add_argument("--size", type=int, default=512, help="side of the squares (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="file for the result")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    outputs = {name: pictures_of(folder) for name, folder in named_folders(args.outputs).items()}
    pairs = common_pairs(args.content, args.style, list(outputs.values()))
    table = score(pairs, outputs, Networks(args.vgg, args.mobilenet), args.size)
    means, worst = table.means(), table.worst_styles()
    print(f"{len(pairs)} pairs at {args.size} px, means\n{markdown(means)}")
    print(f"\nworst tenth of the styles, of each row and column\n{markdown(worst)}")
    if args.json:
        about = {"machine": describe(), "pairs": len(pairs), "size": args.size}
        save(args.json, {**about, "rows": means, "worst tenth of styles": worst, "worst pairs": table.worst_pairs()})


if __name__ == "__main__":
    report_bad_input(main)
