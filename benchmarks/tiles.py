"""Tiled against whole pictures: how alike they are, and what a megapixel costs when there are a hundred.

    python -m benchmarks.tiles CONTENT STYLE [--limit 5] [--side 10000] [--json benchmarks/results/tiles.json]

Likeness is the PSNR between a picture of 2048x2048 painted whole and in tiles of half its side (the default ones would
be as large as it). Time is of painting
alone, without reading and writing files, the best of three: of 2048x2048 whole, and of a large square in tiles.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from apps.timing import describe, peak_memory, save
from artnet import Stylizer
from artnet.pictures import resize
from benchmarks.arguments import squares

WHOLE = 2048
TILE = 1088
ROUNDS = 3


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    error = np.square(first.astype(np.float32) - second).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def milliseconds_per_megapixel(stylizer: Stylizer, content: np.ndarray) -> float:
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        stylizer.stylize(content)
        seconds.append(time.perf_counter() - start)
    return round(1e9 * min(seconds) / (content.shape[0] * content.shape[1]), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("content", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--limit", type=int, default=5, help="pairs, by name")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--side", type=int, default=10_000, help="of the large square, in pixels")
    args = parser.parse_args()
    contents, styles = (squares(folder, args.limit, WHOLE) for folder in (args.content, args.style))
    stylizer = Stylizer.load()
    likeness = []
    for content, style in tqdm(list(zip(contents, styles, strict=True)), disable=None):
        stylizer.set_style(style)
        likeness.append(round(psnr(stylizer.stylize(content), stylizer.stylize(content, tile=TILE)), 1))
    sizes = {"whole": contents[0], "tiled": resize(contents[0], args.side, args.side)}
    cost = {name: milliseconds_per_megapixel(stylizer, content) for name, content in sizes.items()}
    result = {"machine": describe(), "engine": stylizer.engine_choice, "psnr_db": likeness, "ms_per_megapixel": cost}
    print(likeness, cost, f"{peak_memory()} MB at most")
    if args.json:
        save(args.json, result | {"peak_mb": peak_memory()})


if __name__ == "__main__":
    main()
