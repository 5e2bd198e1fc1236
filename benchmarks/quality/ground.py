"""What the ground's contrast does to the scores, on pairs that nothing else is reported on.

    python -m benchmarks.quality.ground --content DIR --style DIR -o FOLDER --vgg FILE --mobilenet FILE
                                        [--contrasts 0 4 8 12 16] [--weights FILE] [--json FILE]

FOLDER gets a folder of pictures for each contrast, in levels of 255.
"""

from pathlib import Path

import cv2

from apps.benchmark.timing import describe, save
from artnet.image import ground
from benchmarks.quality.commands import add_networks, pair_arguments, report_bad_input
from benchmarks.quality.features import Networks
from benchmarks.quality.paint import paint
from benchmarks.quality.pairs import pairs_of, pictures_of
from benchmarks.quality.score import score
from benchmarks.quality.table import markdown

PAIRS = Path(__file__).parent / "tuning.txt"
SIZE = 512


def main() -> None:
    parser = pair_arguments(__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    add_networks(parser)
    parser.add_argument("--contrasts", type=float, nargs="+", default=[0, 4, 8, 12, 16])
    parser.add_argument("--weights", default="artnet", help="a checkpoint, 'artnet' (default) or 'artnet-dense'")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    pairs, outputs = pairs_of(str(PAIRS), args.content, args.style), {}
    for contrast in args.contrasts:
        name = f"contrast {contrast:g}"
        ground.CONTRAST = contrast
        ground.tiles.cache_clear()
        ground.levels.cache_clear()
        paint(pairs, args.output / name, args.weights, SIZE)
        outputs[name] = pictures_of(args.output / name)
    rows = score(pairs, outputs, Networks(args.vgg, args.mobilenet), SIZE).means()
    print(markdown(rows))
    if args.json:
        save(args.json, {"machine": describe(), "pairs": len(pairs), "size": SIZE, "rows": rows})


if __name__ == "__main__":
    report_bad_input(main)
