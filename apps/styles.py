"""artnet styles: the bundled styles as a list, or a photo in all of them."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apps import samples
from apps.common.network import NetworkOptions
from apps.common.options import options_of
from apps.common.stdio import say, say_written
from apps.common.style_arguments import add_engine, add_settings
from apps.common.terminal import CYAN, DIM, colored, progress
from artnet.settings import StyleSettings

if TYPE_CHECKING:
    import numpy as np

    from artnet import Stylizer

DESCRIPTION = """\
List the bundled styles: what --style calls them, the work and its maker. With a photo, paint it in all of them, on one
sheet. They are paintings in the public domain, and pictures that this program painted itself.
"""
EPILOG = """\
examples:
  what there is              artnet styles
  how a photo looks in them  artnet styles photo.jpg -o sheet.jpg
  and then in one            artnet stylize photo.jpg --style great-wave
"""
SIDE, CELL, COLUMNS = 512, 400, 6
"""Short side in pixels at which the photo is painted; the long side of a cell; cells in a row."""


@dataclass(frozen=True)
class SheetOptions:
    """The photo to paint in all styles, the file of the sheet (None: one named after the photo), and how to paint."""

    photo: Path
    output: Path | None
    settings: StyleSettings
    network: NetworkOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    add = parser.add_argument
    add("photo", nargs="?", type=Path, metavar="PHOTO", help="picture to paint in all styles")
    add(
        "-o", "--output", type=Path, metavar="SHEET",
        help="the sheet (.png .jpg .webp .tif); default: PHOTO-styles.jpg in the current folder, numbered where there "
        "is such a file",
    )  # fmt: skip
    add_settings(parser.add_argument_group("look"))
    add_engine(parser.add_argument_group("engine"))


def run(args: argparse.Namespace) -> int:
    """List the styles, or write the sheet.

    Raises:
        ValueError: a bad photo, or a sheet that cannot be written.
    """
    if args.photo:
        say_written(str(_write_sheet(options_of(SheetOptions, vars(args)))))
    elif args.output:
        raise ValueError("a sheet needs a photo (artnet styles photo.jpg -o sheet.jpg)")
    else:
        say("\n".join(table()))
        if sys.stdout.isatty():
            say("\nOne of them: artnet stylize photo.jpg --style NAME    All of them: artnet styles photo.jpg")
    return 0


def table() -> list[str]:
    """A line for every style: name, title and maker."""
    titles = {name: split_title(samples.title(name)) for name in samples.styles()}
    wide, wider = max(map(len, titles)), max(len(title) for title, _ in titles.values())
    return [
        f"{colored(f'{name:{wide}}', CYAN, sys.stdout)}  {title:{wider}}  {colored(maker, DIM, sys.stdout)}"
        for name, (title, maker) in titles.items()
    ]


def split_title(text: str) -> tuple[str, str]:
    """(title, maker) of 'The Scream, Edvard Munch'; those without a maker are the program's own."""
    title, comma, maker = text.rpartition(", ")
    return (title, maker) if comma else (text, "ArtNet")


def sheet(photo: "np.ndarray", name: str, stylizer: "Stylizer", settings: StyleSettings) -> "np.ndarray":
    """The photo, (H, W, 3) uint8 and called `name`, and after it the photo in every style."""
    import numpy as np
    from PIL import Image

    from apps.common.contact_sheet import contact_sheet

    pictures, labels = [photo], [name]
    for title in progress(len(samples.styles()), "styles", iterable=samples.styles()):
        style = stylizer.prepare_style(samples.style(title), stroke_size=settings.stroke_size)
        pictures.append(stylizer.stylize(photo, style, settings))
        labels.append(f"{title} ({split_title(samples.title(title))[1]})")
    height, width = (max(1, round(side * CELL / max(photo.shape))) for side in photo.shape[:2])
    images = [Image.fromarray(np.ascontiguousarray(rgb)) for rgb in pictures]
    starts = range(0, len(pictures), COLUMNS)
    rows = [images[start : start + COLUMNS] for start in starts]
    texts = [labels[start : start + COLUMNS] for start in starts]
    return np.asarray(contact_sheet(rows, texts, cell=(width, height)))


def _write_sheet(options: SheetOptions) -> Path:
    from apps.common.file_names import unused
    from artnet.image import fit_short_side, flatten, format_of, read_picture, write_picture

    photo = options.photo
    output = options.output or unused(Path(f"{photo.stem}-styles.jpg"))
    format_of(output)
    if output.exists() and photo.exists() and output.samefile(photo):
        raise ValueError(f"{output} is the photo and would be overwritten; choose another output")
    picture = read_picture(photo)
    if min(picture.rgb.shape[:2]) > SIDE:
        picture = fit_short_side(picture, SIDE)
    stylizer = options.network.load(options.settings.transfer)
    write_picture(output, sheet(flatten(picture), photo.name, stylizer, options.settings))
    return output
