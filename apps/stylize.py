"""artnet stylize: paint pictures in the style of others."""

import argparse
from typing import TYPE_CHECKING

from apps.arguments import fraction, weighted_path, whole_number

if TYPE_CHECKING:
    from artnet import Stylizer

DESCRIPTION = """\
Paint pictures in the style of other pictures.

CONTENT is a picture, a folder of pictures, a pattern such as 'photos/*.jpg', or '-' for standard input. Results keep
the names of their contents (where that format cannot be written: as .png), and the sub-folders of a folder.
"""

EPILOG = """\
examples:
  one picture                     artnet stylize photo.jpg --style painting.jpg -o out.png
  two styles, the first stronger  artnet stylize photo.jpg --style a.jpg:0.7 --style b.jpg:0.3 -o out.png
  half the effect                 artnet stylize photo.jpg --style a.jpg --strength 0.5 -o out.png
  keep the photo's colours        artnet stylize photo.jpg --style a.jpg --preserve-color -o out.png
  only the sky                    artnet stylize photo.jpg --style a.jpg --mask sky.png -o out.png
  finer strokes                   artnet stylize photo.jpg --style a.jpg --style-size 256 -o out.png
  a folder, going on tomorrow     artnet stylize photos/ --recursive --skip-existing --style a.jpg -o painted/
  in a pipe (the result is PNG)   cat photo.jpg | artnet stylize - --style a.jpg -o - > out.png

A folder run goes on past a picture that fails, lists what failed at the end, and exits with code 1.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    add = parser.add_argument
    add("content", nargs="+", metavar="CONTENT", help="picture, folder, pattern, or '-' for standard input")
    add(
        "--style", action="append", required=True, type=weighted_path, metavar="STYLE[:WEIGHT]",
        help="picture that gives the style; repeat to blend several by weight (default weight 1)",
    )  # fmt: skip
    add(
        "-o", "--output", required=True, metavar="OUT",
        help="file (.png .jpg .jpeg .webp .tif .tiff) for one picture, else a folder; '-' for standard output",
    )  # fmt: skip
    _add_look(parser)
    _add_files(parser)


def run(args: argparse.Namespace) -> int:
    """Stylize everything that was asked for; the exit code is 0, or 1 where some of several pictures failed.

    Raises:
        ValueError: bad input, and then nothing was written; or the only picture could not be stylized.
    """
    if args.transfer == "wct" and args.engine == "auto":
        args.engine = "torch"
    from apps.batch import run_batch  # here, so that --help need not wait for numpy and Pillow

    return run_batch(args, load_stylizer)


def load_stylizer(weights: str | None, engine: str, device: str) -> "Stylizer":
    """The network, ready for a style."""
    from artnet import Stylizer

    return Stylizer.load(weights, engine=engine, device=device)


def _add_look(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("look").add_argument
    add("--strength", type=fraction, default=1.0, metavar="0..1", help="from the content (0) to the full style (1)")
    add(
        "--transfer", choices=("s2", "adain", "wct"), default="s2",
        help="how style enters the network: s2 (the sandwich swap transform, default), adain or wct",
    )  # fmt: skip
    add("--preserve-color", action="store_true", help="keep the content's colours, take only brightness and strokes")
    add("--mask", metavar="FILE", help="grey picture, stretched over the content: white is stylized, black is kept")
    add(
        "--size", type=whole_number(16, 16384), metavar="PX",
        help="scale the content until its short side has PX pixels (default: as it is)",
    )  # fmt: skip
    add(
        "--style-size", type=whole_number(16, 4096), metavar="PX",
        help="short side of the styles, 512 if not given: larger gives larger strokes",
    )  # fmt: skip


def _add_files(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("files and engine").add_argument
    add("--recursive", action="store_true", help="enter the sub-folders of folders")
    add("--skip-existing", action="store_true", help="leave pictures alone whose result exists")
    add("--strip-metadata", action="store_true", help="write plain sRGB without EXIF and ICC profile")
    add("--weights", metavar="FILE", help="a checkpoint of your own (default: the bundled network)")
    add(
        "--engine", choices=("auto", "openvino", "torch", "onnx"), default="auto",
        help="what computes (default: the fastest one here)",
    )  # fmt: skip
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where it computes (default: auto)")
    add("--json", action="store_true", help="report as one JSON object on standard output")
