"""Tiled against whole pictures: how alike they are, and what a megapixel costs when there are a hundred.

    python -m benchmarks.tiles CONTENT STYLE [--limit 5] [--side 10000] [--large PICTURE ...]
                               [--json benchmarks/results/tiles.json]

Likeness is the PSNR between a picture of 2048x2048 painted whole and in tiles of half its side (the default ones would
be as large as it). Time is of painting alone, without reading and writing files, of 2048x2048 whole and of a large
square in tiles, in turn; their ratio is the median over the rounds. With large pictures, also the PSNR between each of
them (up to 25 megapixels) painted whole and painted with the statistics of thumbnails of 8, 4, 2 and 1 megapixels, in
the first style.
"""

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from apps.benchmark.timing import describe, interleaved, save
from artnet import Style, Stylizer
from artnet.engines.base import Held, Look
from artnet.engines.tiling import thumbnail
from artnet.image import flatten, read_picture, resize
from benchmarks.arguments import squares
from benchmarks.likeness import psnr

WHOLE = 2048
TILE = 1088
ROUNDS = 5
THUMBNAILS = (8, 4, 2, 1)  # megapixels


def milliseconds_per_megapixel(
    stylizer: Stylizer, style: Style, pictures: dict[str, np.ndarray]
) -> dict[str, list[float]]:
    """Of every round. In each, all pictures get about equally many pixels, as noise lasts for seconds."""
    most = max(picture.size for picture in pictures.values())
    times = {name: most // picture.size for name, picture in pictures.items()}

    def job(name: str) -> Callable[[], object]:
        return lambda: [stylizer.stylize(pictures[name], style) for _ in range(times[name])]

    found = interleaved({name: job(name) for name in pictures}, ROUNDS, warmup=0)
    megapixels = {name: times[name] * picture.shape[0] * picture.shape[1] / 1e6 for name, picture in pictures.items()}
    return {name: [round(each / megapixels[name], 1) for each in milliseconds] for name, milliseconds in found.items()}


def thumbnails(stylizer: Stylizer, style: Style, path: Path) -> dict[str, float]:
    """PSNR by megapixels of the thumbnail."""
    content, look, engine = flatten(read_picture(path)), Look(style), stylizer.engine
    whole = engine.paint(content, look)[0]
    return {
        f"{megapixels}": round(psnr(engine.paint(content, look, Held(measured, 1.0))[0], whole), 1)
        for megapixels in THUMBNAILS
        if (measured := engine.measure(thumbnail(content, megapixels * 1_000_000, engine.stride), look))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("content", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--limit", type=int, default=5, help="pairs, by name")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--large", type=Path, nargs="+", default=[])
    parser.add_argument("--side", type=int, default=10_000, help="of the large square, in pixels")
    args = parser.parse_args()
    contents, styles = (squares(folder, args.limit, WHOLE) for folder in (args.content, args.style))
    stylizer = Stylizer.load()
    likeness = []
    for content, style in tqdm(list(zip(contents, styles, strict=True)), disable=None):
        prepared = stylizer.prepare_style(style)
        whole, tiled = (stylizer.stylize(content, prepared, tile=tile) for tile in (None, TILE))
        likeness.append(round(psnr(whole, tiled), 1))
    sizes = {"whole": contents[0], "tiled": resize(contents[0], args.side, args.side)}
    cost = milliseconds_per_megapixel(stylizer, prepared, sizes)
    ratio = statistics.median(tiled / whole for whole, tiled in zip(cost["whole"], cost["tiled"], strict=True))
    result: dict[str, Any] = {"machine": describe(), "engine": stylizer.engine_choice}
    result |= {"psnr_db": likeness, "ms_per_megapixel": cost, "tiled_to_whole": round(ratio, 2)}
    if args.large:
        first = stylizer.prepare_style(styles[0])
        result["thumbnails_psnr_db"] = {path.name: thumbnails(stylizer, first, path) for path in args.large}
        print(result["thumbnails_psnr_db"])
    print(likeness, cost, result["tiled_to_whole"])
    if args.json:
        save(args.json, result)


if __name__ == "__main__":
    main()
