"""A first look: the sample photo in several sample styles. python -m apps.demo [OUTPUT_DIR]"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from apps import samples
from apps.common.contact_sheet import contact_sheet
from apps.common.errors import describe
from apps.common.stdio import say_written

STYLES = ("starry-orchard", "stained-glass", "wave-print")


def run(output: Path, styles: Sequence[str] = STYLES) -> Path:
    """Stylize the sample photo, write the results and a contact sheet into `output`, and print what was made.

    Args:
        output: a folder; made where it is missing.
        styles: names of sample styles, see `apps.samples.styles`.

    Returns:
        The path of the contact sheet.

    Raises:
        ValueError: an unknown style. OSError: the folder cannot be written.
    """
    paths = [samples.style(name) for name in styles]
    output.mkdir(parents=True, exist_ok=True)
    photo = _open(samples.photo())
    results, seconds = _stylize(photo, paths, output)
    rows: list[list[Image.Image | None]] = [[photo, *map(_open, paths)], [None, *results]]
    labels = [["photo", *styles], ["", *(f"{time:.1f} s" for time in seconds)]]
    path = output / "contact-sheet.png"
    contact_sheet(rows, labels).save(path)
    print("all of them side by side:")
    say_written(str(path))
    return path


def _stylize(photo: Image.Image, styles: Sequence[Path], output: Path) -> tuple[list[Image.Image], list[float]]:
    """The photo in every style, saved as it is made, and the seconds each took."""
    from artnet import Stylizer  # here, because it waits for torch

    start = time.perf_counter()
    stylizer = Stylizer.load()
    print(f"network loaded in {time.perf_counter() - start:.1f} s")
    results, seconds = [], []
    for painting in styles:
        start = time.perf_counter()
        style = stylizer.prepare_style(painting)
        prepared = time.perf_counter()
        results.append(stylizer.stylize(photo, style))
        done = time.perf_counter()
        seconds.append(done - start)
        path = output / f"{samples.photo().stem}-{painting.stem}.png"
        results[-1].save(path)
        print(f"{path}: style {prepared - start:.2f} s, picture {done - prepared:.2f} s")
    return results, seconds


def _open(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration; the exit code is 2 where it failed."""
    parser = argparse.ArgumentParser(prog="python -m apps.demo", description="Stylize the sample photo.")
    parser.add_argument("output", nargs="?", type=Path, default=Path("demo-output"), metavar="OUTPUT_DIR")
    args = parser.parse_args(argv)
    try:
        run(args.output)
    except (ValueError, OSError) as error:
        print(f"demo: error: {describe(error)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
