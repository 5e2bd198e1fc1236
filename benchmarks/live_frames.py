"""Milliseconds of a frame that is an enlarged draft, as in videos and cameras, beside photos of the same size.

A photo is painted in two passes, with all that is done before, between and after them; 'one pass' is one with the
finish, of the same network or, with --once, of another, such as the one that was bundled when pictures were painted
once.

    python -m benchmarks.live_frames [--rounds 12] [--weights FILE] [--once FILE]
        [--json benchmarks/results/live-frames-amx.json]

The network on the engine that the program chooses, sizes fixed, all in turn.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, interleaved, save, summary
from artnet import Stylizer
from artnet.engines.revising import RevisingEngine

SIZES = ((512, 512), (1280, 720), (1920, 1080))
STYLE = "great-wave"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--weights", help="default: the bundled ones")
    parser.add_argument("--once", help="weights that paint in one pass (default: the same)")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    stylizer, once, rows = Stylizer.load(args.weights), Stylizer.load(args.once or args.weights), {}
    if isinstance(once.engine, RevisingEngine):
        once = Stylizer(once.engine.full)
    styles = {each: each.prepare_style(samples.style(STYLE)) for each in (stylizer, once)}
    with Image.open(samples.photo()) as image:
        photo = image.convert("RGB")
    for size in SIZES:
        rgb = np.asarray(photo.resize(size))
        jobs = {
            name: partial(each.stylize, rgb, styles[each], live=live, fixed_size=True)
            for name, each, live in (("photo", stylizer, False), ("live", stylizer, True), ("one pass", once, True))
        }
        times = interleaved(jobs, args.rounds, warmup=2)
        rows["{}x{}".format(*size)] = {name: summary(each) for name, each in times.items()}
        print(size, rows["{}x{}".format(*size)], flush=True)
    if args.json:
        save(args.json, {"machine": describe(), "engine": stylizer.engine_choice, "style": STYLE, "rows": rows})


if __name__ == "__main__":
    main()
