"""What S2's choices cost and give: variants H1, H2, H3, matching rules, reduced patch banks, AdaIN and WCT.

    python -m benchmarks.transforms CONTENT STYLE --vgg FILE [--limit 5] [--size 512] [--json benchmarks/results/...]

One network decodes all of them. Losses are those of `artnet evaluate` (lower is better); milliseconds are of the
transfer alone, style prepared, in the engine's number format. 'patch distance' is the mean distance of the features
before the last transform to the transformed content (what the swap moved), 'std error' the largest distance of an
output channel's deviation to the style's.
"""

import statistics
from collections.abc import Callable
from time import perf_counter

import numpy as np
import torch

from apps.benchmark.timing import describe, save
from artnet.engines.torch_engine import TorchEngine
from artnet.evaluation import Pair, score_pair
from artnet.model.checkpoint import load_checkpoint
from artnet.model.tensors import to_rgb
from artnet.training.losses import VGGTrunk
from benchmarks.arguments import folders_parser, squares
from s2transform import adain, channel_moments, prepare_style, style_swap, wct
from s2transform.sandwich import s2_prepared


def sandwich(variant: str = "H1", **options) -> tuple[Callable, Callable]:
    """How a style is prepared and how a content is transferred."""

    def prepare(style):
        return prepare_style(style, normalised=variant == "H2", **options)

    return prepare, lambda content, style: s2_prepared(content, style, variant=variant)


CHOICES = {
    "adain": (lambda s: s, adain),
    "wct": (lambda s: s, wct),
    "swap alone": (lambda s: s, style_swap),
    "H1": sandwich(),
    "H2": sandwich("H2"),
    "H3": sandwich("H3"),
    "H1 cosine": sandwich(rule="cosine"),
    "H1 1x1 patches": sandwich(patch_size=1),
    "H1 5x5 patches": sandwich(patch_size=5),
    "H1 bank stride 2": sandwich(bank_stride=2),
    "H1 bank stride 4": sandwich(bank_stride=4),
    "H1 16 components": sandwich(match_channels=16),
    "H1 32 components": sandwich(match_channels=32),
    "H1 stride 4, 32 components (shipped)": sandwich(bank_stride=4, match_channels=32),
    "H1 bank pooled 2": sandwich(bank_pool=2),
}


def measure(
    engine: TorchEngine, choice: tuple[Callable, Callable], content: np.ndarray, style: np.ndarray, trunk: VGGTrunk
) -> dict[str, float]:
    """Scores, milliseconds and feature errors of one choice on one pair."""
    prepare, transfer = choice
    network, cut = engine.network, engine.network.config.cut
    with torch.inference_mode():
        features, style_features = (network.encode(engine.tensor(x)) for x in (content, style))
        moved = network.transfer(features, [engine.prepare(style)], method="adain")
        prepared = prepare(style_features[cut])
        start = perf_counter()
        out = transfer(features[cut], prepared)
        elapsed = 1000 * (perf_counter() - start)
        error = (channel_moments(out)[1] - channel_moments(style_features[cut])[1]).abs().max().item()
        distance = (out.float() - moved[cut].float()).norm(dim=1).mean().item()
        painted = to_rgb(network.decode(moved | {cut: out}).float())
    scores = score_pair(Pair("", content, style, painted, 0.0), trunk)
    return {**scores, "patch distance": distance, "std error": error, "ms": elapsed}


def main() -> None:
    parser = folders_parser(__doc__, weights="artnet")
    parser.add_argument("--limit", type=int, default=5)
    parser.add_argument("--size", type=int, default=512)
    args = parser.parse_args()
    contents, styles = (squares(folder, args.limit, args.size) for folder in (args.content, args.style))
    engine, trunk = TorchEngine(load_checkpoint(args.weights), "cpu"), VGGTrunk(args.vgg)
    rows: dict[str, dict[str, float]] = {}
    for name, choice in CHOICES.items():
        pairs = [measure(engine, choice, c, s, trunk) for c in contents for s in styles]
        middle = {"ms": statistics.median(p["ms"] for p in pairs)}
        rows[name] = {key: round(middle.get(key, statistics.fmean(p[key] for p in pairs)), 4) for key in pairs[0]}
        print(f"{name:18}" + "".join(f"{key} {value:<9}" for key, value in rows[name].items()), flush=True)
    if args.json:
        save(args.json, {"machine": describe(), "pairs": len(contents) * len(styles), "size": args.size, "rows": rows})


if __name__ == "__main__":
    main()
