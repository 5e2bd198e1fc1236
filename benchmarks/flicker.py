"""How much a painted video flickers, with and without smoothing along the motion.

    python -m benchmarks.flicker [--clip FILE ...] [--style starry-orchard] [--json benchmarks/results/flicker.json]

Warping error: mean absolute difference, in grey levels of 255, between a painted frame and the last one moved along the
true motion. A generated clip (the sample photo under a panning and zooming window, with noise as of a camera) knows its
motion exactly; for real clips it is estimated between the contents by Farneback's method, which the filter does not
use, and places where it is not the same forwards and backwards are left out. `sharpness` is the mean size of the
gradient, to show what smoothing blurs; `content` is the warping error of the unpainted clip, `statistics held` that
with smoothed content statistics alone, `steady` that of both together, which is what `artnet video` does. Frames are
enlarged drafts, as in videos; `revised` are painted once more, as photos are.
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from apps import samples
from apps.benchmark.timing import describe, save
from apps.video.convert import PaintFrame
from apps.video.flicker import FlickerFilter, MotionTracker, move
from apps.video.reading import Frame, VideoReader
from artnet import Stylizer
from artnet.image import Picture, fit_short_side, read_picture
from artnet.stylizer import Memory

HEIGHT, WIDTH = 240, 320
Step = tuple[np.ndarray, np.ndarray, np.ndarray]
"""(content, place of every pixel in the last frame (H, W, 2), where that is known (H, W) bool)."""


def generated(count: int, noise: float = 3.0) -> Iterator[Step]:
    """A window that pans over the sample photo and zooms in, then out."""
    photo, random = read_picture(samples.photo()).rgb, np.random.default_rng(0)
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    last = None
    for n in range(count):
        zoom = 1 + 0.15 * np.sin(2 * np.pi * n / count)
        x, y = 60 + 1.6 * n + 12 * np.sin(n / 9), 60 + 20 * np.sin(n / 14)
        content = move(photo, np.dstack([columns * zoom + x, rows * zoom + y]).astype(np.float32))
        content = np.clip(content + random.normal(0, noise, content.shape), 0, 255).astype(np.uint8)
        old_zoom, old_x, old_y = last or (zoom, x, y)
        place = np.dstack([(columns * zoom + x - old_x) / old_zoom, (rows * zoom + y - old_y) / old_zoom])
        last = zoom, x, y
        yield content, place.astype(np.float32), inside(place)


def real(path: Path, count: int) -> Iterator[Step]:
    """The first frames of a clip."""
    last = None
    with VideoReader(path) as reader:
        frames = (item.rgb for item in reader if isinstance(item, Frame))
        for rgb in itertools.islice(frames, count):
            content = fit_short_side(Picture(rgb), HEIGHT).rgb
            grey = cv2.cvtColor(content, cv2.COLOR_RGB2GRAY)
            grid = np.dstack(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in grey.shape[::-1])))
            last = grey if last is None else last
            place = grid + farneback(grey, last)
            there_and_back = place + move(farneback(last, grey), place)
            known = inside(place) & (np.linalg.norm(there_and_back - grid, axis=2) < 1)
            last = grey
            yield content, place, known


def farneback(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    return cv2.calcOpticalFlowFarneback(new, old, None, 0.5, 4, 21, 4, 7, 1.5, 0)


def inside(place: np.ndarray) -> np.ndarray:
    height, width = place.shape[:2]
    return ((place >= 0) & (place <= (width - 1, height - 1))).all(axis=2)


def sharpness(rgb: np.ndarray) -> float:
    return float(np.abs(np.diff(rgb.astype(np.float32), axis=1)).mean())


def measure(steps: Iterator[Step], paint: PaintFrame) -> dict[str, float]:
    """Warping errors and sharpness of the content, of the frames painted one by one, and of the smoothed ones."""
    tracker, flicker, memory, last, rows = MotionTracker(), FlickerFilter(), Memory(), None, []
    alone_seconds = steady_seconds = 0.0
    for content, place, known in steps:
        start = time.perf_counter()
        painted = paint(content, None)
        middle = time.perf_counter()
        motion = tracker.follow(content)
        held = paint(content, memory)
        smooth = flicker.smooth(held, motion)
        alone_seconds, steady_seconds = alone_seconds + middle - start, steady_seconds + time.perf_counter() - middle
        now = {"content": content, "alone": painted, "statistics held": held, "steady": smooth}
        if last is not None:
            errors = {
                name: float(np.abs(rgb.astype(np.float32) - move(last[name].astype(np.float32), place))[known].mean())
                for name, rgb in now.items()
            }
            rows.append(errors | {f"{name} sharpness": sharpness(rgb) for name, rgb in now.items()})
        last = now
    result = {name: round(float(np.mean([row[name] for row in rows])), 2) for name in rows[0]}
    result["lower"] = round(1 - result["steady"] / result["alone"], 3)
    result["extra ms a frame"] = round(1000 * (steady_seconds - alone_seconds) / (len(rows) + 1), 1)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, nargs="*", default=[])
    parser.add_argument("--style", default="starry-orchard")
    parser.add_argument("--weights")
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    stylizer = Stylizer.load(args.weights)
    style = stylizer.prepare_style(samples.style(args.style))

    def painter(live: bool) -> PaintFrame:
        return lambda rgb, memory: stylizer.stylize(rgb, style, memory=memory, live=live)

    rows = {"generated": measure(generated(args.frames), painter(True))}
    rows["generated, revised"] = measure(generated(args.frames), painter(False))
    for path in args.clip:
        rows[path.stem] = measure(real(path, args.frames), painter(True))
    for name, row in rows.items():
        print(f"{name:20} " + ", ".join(f"{key} {value}" for key, value in row.items()))
    if args.json:
        facts = {"machine": describe(), "engine": stylizer.engine_choice, "style": args.style, "frames": args.frames}
        save(args.json, facts | {"rows": rows})


if __name__ == "__main__":
    main()
