"""What a constant of painting does to the scores, on pairs that nothing else is reported on.

    python -m benchmarks.quality.constants NAME --content DIR --style DIR -o FOLDER --vgg FILE --mobilenet FILE
                                           [--pairs FILE] [--values 0 4 8] [--weights FILE] [--json FILE]

FOLDER gets a folder of pictures for each value. NAME is one of
  ground        its contrast in levels of 255
  clarity       how many times a photo's faintest detail is added to it before painting
  exaggeration  how many times the content's detail is given to a draft that is painted again (0: as to frames, once and
                wherever it is)
  edge          deviation of a photo's light at which half of a painting's is guided by it (inf: none is)
  contrast      how many times stronger or weaker marks get at most (1: none does)
  rare          share of a style's samples that its bounds of colour leave out (-1: there are no bounds)
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2

from apps.benchmark.timing import describe, save
from artnet.engines import revising
from artnet.image import chroma, clarity, contrast, drafting, ground, guided
from artnet.image.drafting import FACTOR
from benchmarks.quality.commands import add_networks, pair_arguments, report_bad_input
from benchmarks.quality.features import Networks
from benchmarks.quality.paint import paint
from benchmarks.quality.pairs import pairs_of, pictures_of
from benchmarks.quality.score import score
from benchmarks.quality.table import markdown

PAIRS = Path(__file__).parent / "tuning.txt"
"""20 of them; tuning-80.txt has 80 others, for steps that these cannot tell apart."""
SIZE = 512


def set_ground(levels: float) -> None:
    ground.CONTRAST = levels
    ground.tiles.cache_clear()
    ground.levels.cache_clear()


def set_exaggeration(times: float) -> None:
    drafting.EXAGGERATION = int(times)
    revising.revisable = drafting.revisable if times else lambda draft, content: drafting.shown(draft, content, FACTOR)


CONSTANTS: dict[str, tuple[Callable[[float], None], list[float]]] = {
    "ground": (set_ground, [0, 4, 8, 12, 16]),
    "clarity": (partial(setattr, clarity, "CLARITY"), [0, 2, 4, 6]),
    "exaggeration": (set_exaggeration, [0, 1, 2, 3]),
    "edge": (partial(setattr, guided, "EDGE"), [float("inf"), 40, 20, 10]),
    "contrast": (partial(setattr, contrast, "MOST"), [1, 1.25, 1.5, 2]),
    "rare": (partial(setattr, chroma, "RARE"), [-1, 0, 0.001, 0.005]),
}
"""How each is set, and which values are tried."""


def main() -> None:
    parser = pair_arguments(__doc__)
    parser.add_argument("constant", choices=CONSTANTS)
    parser.add_argument("-o", "--output", type=Path, required=True)
    add_networks(parser)
    parser.add_argument("--pairs", default=str(PAIRS), help="a file of pairs (default: tuning.txt, 20 pairs)")
    parser.add_argument("--values", type=float, nargs="+")
    parser.add_argument("--weights", default="artnet", help="a checkpoint, 'artnet' (default) or 'artnet-dense'")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    change, usual = CONSTANTS[args.constant]
    pairs, outputs = pairs_of(args.pairs, args.content, args.style), {}
    for value in args.values or usual:
        name = f"{args.constant} {value:g}"
        change(value)
        paint(pairs, args.output / name, args.weights, SIZE)
        outputs[name] = pictures_of(args.output / name)
    rows = score(pairs, outputs, Networks(args.vgg, args.mobilenet), SIZE).means()
    print(markdown(rows))
    if args.json:
        save(args.json, {"machine": describe(), "pairs": len(pairs), "size": SIZE, "rows": rows})


if __name__ == "__main__":
    report_bad_input(main)
