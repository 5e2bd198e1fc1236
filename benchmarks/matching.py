"""What reduced matching costs and gives: patches per style against principal components, in time and in quality.

    python -m benchmarks.matching CONTENT STYLE --vgg FILE [--limit 4] [--json FILE] [--plot FILE]

Every choice paints the same pictures on the engine OpenVINO (512x512, styles prepared); the first compares every patch
in every channel. Milliseconds are of whole pictures, measured in turn. Losses are those of `artnet evaluate`.
"""

import statistics
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from apps.benchmark.timing import describe, interleaved, save, summary
from artnet.engines.base import Look, Style
from artnet.engines.openvino.engine import OpenVINOEngine
from artnet.evaluation import SCORES, Pair, score_pair
from artnet.model.checkpoint_arrays import read_weights
from artnet.training.losses import VGGTrunk
from benchmarks.arguments import folders_parser, squares

ALL = 1_000_000
CHOICES = [(ALL, ALL), (1024, ALL), (256, ALL), (64, ALL)]
CHOICES += [(1024, 32), (256, 64), (256, 32), (256, 16), (256, 8), (64, 32)]


def name_of(choice: tuple[int, int]) -> str:
    patches, components = ("all" if n == ALL else str(n) for n in choice)
    return f"{patches} patches, {components} components"


def plot(rows: dict[str, dict[str, float]], path: Path) -> None:
    """Milliseconds against texture (sliced Wasserstein distance)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5))
    for name, row in rows.items():
        axes.plot(row["ms"], row["texture"], "o", color="tab:blue")
        axes.annotate(name, (row["ms"], row["texture"]), textcoords="offset points", xytext=(6, 3), fontsize=8)
    axes.set_xlabel("milliseconds per 512x512 picture")
    axes.set_ylabel("texture: sliced Wasserstein distance to the style")
    axes.margins(x=0.25)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = folders_parser(__doc__, weights="artnet")
    parser.add_argument("--limit", type=int, default=4, help="contents and styles, by name")
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    contents, styles = (squares(folder, args.limit, 512) for folder in (args.content, args.style))
    config, state = read_weights(args.weights)
    engines = {name_of(c): OpenVINOEngine(replace(config, bank_size=c[0], match_channels=c[1]), state) for c in CHOICES}
    looks = {name: [Look(Style([engine.prepare(style)])) for style in styles] for name, engine in engines.items()}
    times = interleaved(
        {name: lambda e=engine, n=name: e.paint(contents[0], looks[n][0]) for name, engine in engines.items()}
    )
    rows: dict[str, dict[str, float]] = {}
    trunk = VGGTrunk(args.vgg)
    for name, engine in tqdm(engines.items()):
        scores = [
            score_pair(Pair("", content, style, engine.paint(content, look)[0], 0.0), trunk)
            for style, look in zip(styles, looks[name], strict=True)
            for content in contents
        ]
        rows[name] = {"ms": summary(times[name])["median_ms"]}
        rows[name] |= {key: round(statistics.fmean(s[key] for s in scores), 4) for key in SCORES}
        tqdm.write(f"{name:32}" + "".join(f"{key} {value:<9}" for key, value in rows[name].items()))
    if args.json:
        save(args.json, {"machine": describe(), "weights": args.weights, "pairs": len(scores), "rows": rows})
    if args.plot:
        plot(rows, args.plot)


if __name__ == "__main__":
    main()
