"""One network with and without its skips: multi-level against single-level transfer at equal weights.

    python -m benchmarks.skips CONTENT STYLE --vgg FILE [--weights artnet-dense] [--limit 3] [--json FILE]

The bundled networks were trained with the skips dropped in a share of the steps, so their decoder can paint from the
bottleneck alone. `benchmarks/levels.py` trains the variants apart instead, which takes longer.
"""

import statistics

import torch

from apps.benchmark.timing import describe, save
from artnet.engines.torch_engine import TorchEngine
from artnet.evaluation import SCORES, Pair, score_pair
from artnet.model.checkpoint import load_checkpoint
from artnet.model.tensors import to_rgb
from artnet.training.losses import VGGTrunk
from benchmarks.arguments import folders_parser, squares


@torch.inference_mode()
def main() -> None:
    parser = folders_parser(__doc__, weights="artnet-dense")
    parser.add_argument("--limit", type=int, default=3)
    args = parser.parse_args()
    contents, styles = (squares(folder, args.limit, 512) for folder in (args.content, args.style))
    engine, trunk = TorchEngine(load_checkpoint(args.weights), "cpu"), VGGTrunk(args.vgg)
    network, cut = engine.network, engine.network.config.cut
    scores: dict[str, list[dict[str, float]]] = {"multi-level": [], "single level": []}
    for style in styles:
        prepared = [engine.prepare(style)]
        for content in contents:
            moved = network.transfer(network.encode(engine.tensor(content)), prepared)
            bare = {level: x if level == cut else torch.zeros_like(x) for level, x in moved.items()}
            for name, features in zip(scores, (moved, bare), strict=True):
                painted = to_rgb(network.decode(features).float())
                scores[name].append(score_pair(Pair("", content, style, painted, 0.0), trunk))
    rows = {
        n: {key: round(statistics.fmean(s[key] for s in found), 4) for key in SCORES} for n, found in scores.items()
    }
    print(rows)
    if args.json:
        save(
            args.json,
            {"machine": describe(), "weights": args.weights, "pairs": len(scores["multi-level"]), "rows": rows},
        )


if __name__ == "__main__":
    main()
