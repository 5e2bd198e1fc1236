"""Milliseconds of each step by which a photo is painted, and of whole photos by their size.

    python -m benchmarks.photo_parts [--size 512] [--rounds 12] [--json benchmarks/results/photo-parts.json]

The bundled network on the engine that the program chooses, photos of one size, in memory. Steps run one after the other
on what the step before left, as in `Stylizer.stylize`; 'all' are they together, 'stylize' is the program's own call.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, interleaved, save, summary
from artnet import Stylizer
from artnet.engines.base import Look
from artnet.engines.revising import RevisingEngine
from artnet.image.chroma import limit_chroma
from artnet.image.clarity import clarified
from artnet.image.contrast import match_contrast
from artnet.image.drafting import FACTOR, reduced, revisable
from artnet.image.ground import on_ground
from artnet.image.guided import guide_painting
from artnet.image.postprocess import apply_finish, mixed
from artnet.settings import DEFAULTS
from artnet.stylizer import Style

PHOTOS = ((1024, 1024), (2048, 2048), (4000, 3000))
STYLE = "great-wave"
WARMUP = 2


def steps(stylizer: Stylizer, rgb: np.ndarray, style: Style) -> dict[str, float]:
    """Milliseconds of one photo's steps, with 'all' and 'stylize'."""
    engine, taken = stylizer.engine, dict[str, float]()
    assert isinstance(engine, RevisingEngine)
    look = Look(style, DEFAULTS.transfer, DEFAULTS.strength, fixed_size=True, revised=True)
    looks = engine.inner_looks(look)
    finish = mixed(style.finishes, style.weights, look.strength, DEFAULTS.grain)

    def timed(name: str, step: Callable[..., Any], *given: Any) -> Any:
        start = time.perf_counter()
        done = step(*given)
        taken[name] = 1000 * (time.perf_counter() - start)
        return done

    content = timed("clarity", clarified, rgb, look.strength)
    ground = timed("ground", on_ground, content, look.ground)
    small = timed("reducing", reduced, ground, FACTOR)
    draft, _ = timed("draft", engine.draft.paint, small, looks.draft)
    enlarged = timed("enlarging, with detail", revisable, draft, ground)
    painted, _ = timed("second pass", engine.full.paint, enlarged, looks.full)
    timed("finish", apply_finish, painted, content, finish)
    timed("guided light", guide_painting, painted, content)
    timed("contrast", match_contrast, painted, style.contrasts[0], look.strength)
    timed("colours", limit_chroma, painted, style.chromas, look.strength)
    taken["all"] = sum(taken.values())
    expected = timed("stylize", partial(stylizer.stylize, fixed_size=True), rgb, style)
    assert np.array_equal(painted, expected), "these are not the program's steps"
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    stylizer = Stylizer.load()
    style = stylizer.prepare_style(samples.style(STYLE))
    with Image.open(samples.photo()) as image:
        photo = image.convert("RGB")
    rgb = np.asarray(photo.resize((args.size, args.size)))
    rounds = [steps(stylizer, rgb, style) for _ in range(WARMUP + args.rounds)][WARMUP:]
    parts = {name: summary([each[name] for each in rounds]) for name in rounds[0]}
    jobs = {"{}x{}".format(*size): partial(stylizer.stylize, np.asarray(photo.resize(size)), style) for size in PHOTOS}
    photos = {name: summary(times) for name, times in interleaved(jobs, args.rounds, WARMUP).items()}
    for name, row in (parts | photos).items():
        print(f"{name:24s}{row['median_ms']:8.1f} ({row['q1_ms']:.1f} to {row['q3_ms']:.1f})")
    if args.json:
        found = {"engine": stylizer.engine_choice, "style": STYLE, "size": args.size, "steps": parts, "photos": photos}
        save(args.json, {"machine": describe(), **found})


if __name__ == "__main__":
    main()
