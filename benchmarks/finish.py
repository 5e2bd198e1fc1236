"""What the finish gives and costs: the network's pictures, with detail, with grain, with both.

    python -m benchmarks.finish CONTENT STYLE --vgg FILE [--limit 6] [-o PICTURES] [--json FILE]

Every content in every style at 512 px. Scores are those of `artnet evaluate` (lower is better). PICTURES gets a folder
for each row, for judges of other kinds. Milliseconds are of painting and of the finish on the same pictures, in turn.
"""

import statistics
from pathlib import Path
from time import perf_counter

from tqdm import tqdm

from apps.benchmark.timing import describe, save
from artnet import Stylizer
from artnet.engines.base import Look
from artnet.evaluation import SCORES, Pair, score_pair, write_pair
from artnet.image.postprocess import Finish, apply_finish
from artnet.training.data import find_pictures
from artnet.training.losses import VGGTrunk
from benchmarks.arguments import folders_parser, squares

SIZE = 512


def rows_of(finish: Finish) -> dict[str, Finish]:
    """The rows of the table, for a style's finish."""
    return {
        "network": Finish(0.0, 0.0),
        "detail": Finish(finish.detail, 0.0),
        "grain": Finish(0.0, finish.grain),
        "detail and grain": finish,
    }


def main() -> None:
    parser = folders_parser(__doc__, weights="artnet")
    parser.add_argument("--limit", type=int, default=6, help="contents and styles, by name")
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    stylizer, trunk = Stylizer.load(args.weights), VGGTrunk(args.vgg)
    names = [[path.stem for path in find_pictures(folder)[: args.limit]] for folder in (args.content, args.style)]
    contents, styles = (squares(folder, args.limit, SIZE) for folder in (args.content, args.style))
    scores: dict[str, list[dict[str, float]]] = {}
    times: dict[str, list[float]] = {"paint": [], "finish": []}
    for style_name, style in zip(names[1], tqdm(styles, disable=None), strict=True):
        prepared = stylizer.prepare_style(style)
        rows = rows_of(prepared.finishes[0])
        for content_name, content in zip(names[0], contents, strict=True):
            start = perf_counter()
            painted, _ = stylizer.engine.paint(content, Look(prepared))
            times["paint"].append(perf_counter() - start)
            for row, finish in rows.items():
                finished = painted.copy()
                start = perf_counter()
                apply_finish(finished, content, finish)
                if row == "detail and grain":
                    times["finish"].append(perf_counter() - start)
                pair = Pair(f"{content_name}__{style_name}", content, style, finished, 0.0)
                scores.setdefault(row, []).append(score_pair(pair, trunk))
                if args.output:
                    folder = args.output / row
                    folder.mkdir(parents=True, exist_ok=True)
                    write_pair(pair, folder)
    table = {row: {s: round(statistics.fmean(p[s] for p in all_), 4) for s in SCORES} for row, all_ in scores.items()}
    milliseconds = {job: round(1000 * statistics.median(seconds), 2) for job, seconds in times.items()}
    for row, means in table.items():
        print(f"{row:18}", *(f"{name} {value:.4f}" for name, value in means.items()))
    print(milliseconds)
    if args.json:
        save(args.json, {"machine": describe(), "engine": stylizer.engine_choice, "rows": table, "ms": milliseconds})


if __name__ == "__main__":
    main()
