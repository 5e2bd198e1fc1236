"""artnet stylize: paint pictures in the style of others."""

import argparse

from apps.common.arguments import whole_number
from apps.common.options import options_of
from apps.common.style_arguments import add_engine, add_settings, add_style

DESCRIPTION = """\
Paint pictures in the style of other pictures.

CONTENT is a picture, a folder of pictures, a pattern such as 'photos/*.jpg', or '-' for standard input. Results keep
the names of their contents (where that format cannot be written: as .png), and the sub-folders of a folder; of several
that would be called the same, all but the first get a number.
"""

EPILOG = """\
examples:
  one picture                     artnet stylize photo.jpg --style painting.jpg -o out.png
  a bundled style by its name     artnet stylize photo.jpg --style great-wave      (all of them: artnet styles)
  two styles, the first stronger  artnet stylize photo.jpg --style a.jpg:0.7 --style b.jpg:0.3 -o out.png
  half the effect                 artnet stylize photo.jpg --style a.jpg --strength 0.5 -o out.png
  keep the photo's colours        artnet stylize photo.jpg --style a.jpg --preserve-color -o out.png
  only the sky                    artnet stylize photo.jpg --style a.jpg --mask sky.png -o out.png
  a huge picture                  artnet stylize map.tif --style a.jpg -o out.tif  (pip install 'artnet[huge]')
  a picture in less memory        artnet stylize scan.tif --style a.jpg --tile 512 -o out.tif
  finer strokes                   artnet stylize photo.jpg --style a.jpg --stroke-size 256 -o out.png
  every photo in every style      artnet stylize photos/ --style art/ --each --name '{style}/{content}' -o painted/
  a folder, going on tomorrow     artnet stylize photos/ --recursive --skip-existing --style a.jpg -o painted/
  on many machines                artnet stylize photos/ --style a.jpg -o painted/ --ray 10.0.0.1:6379
  in a pipe (the result is PNG)   cat photo.jpg | artnet stylize - --style a.jpg -o - > out.png

A folder run goes on past a picture that fails, lists what failed at the end, and exits with code 1. What was made of
which files is noted in the folder of the results (.artnet-results.jsonl), for --skip-existing.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    add = parser.add_argument
    add("content", nargs="+", metavar="CONTENT", help="picture, folder, pattern, or '-' for standard input")
    add_style(parser, "repeat to blend several by weight (default weight 1)")
    add(
        "-o", "--output", metavar="OUT",
        help="file (.png .jpg .jpeg .webp .tif .tiff) for one picture, else a folder; '-' for standard output "
        "(default for one picture: CONTENT-STYLE in the current folder, numbered where there is such a file)",
    )  # fmt: skip
    combine = parser.add_mutually_exclusive_group()
    combine.add_argument(
        "--each", dest="combine", action="store_const", const="each", default="blend",
        help="paint every content in every style, instead of in all blended; styles may then be folders and patterns",
    )  # fmt: skip
    combine.add_argument(
        "--pairs", dest="combine", action="store_const", const="pairs",
        help="paint the first content in the first style, the second in the second, and so on",
    )  # fmt: skip
    _add_look(parser)
    _add_files(parser)


def run(args: argparse.Namespace) -> int:
    """Stylize everything that was asked for; the exit code is 0, or 1 where some of several pictures failed.

    Raises:
        ValueError: bad input, and then nothing was written; or the only picture could not be stylized.
    """
    from apps.stylize.job_list import Naming, default_output  # here, so that --help need not wait for numpy and Pillow
    from apps.stylize.options import StylizeOptions
    from apps.stylize.run import run_stylize

    if args.output is None:
        naming = Naming(args.combine, args.name)
        args.output = default_output(args.content, args.style, naming, again=args.skip_existing)
    return run_stylize(options_of(StylizeOptions, vars(args)))


def tile_side(text: str) -> int | None:
    """An argparse type for --tile: 'auto' is None."""
    return None if text == "auto" else whole_number(64, 16384)(text)


def _add_look(parser: argparse.ArgumentParser) -> None:
    look = parser.add_argument_group("look")
    add_settings(look)
    look.add_argument(
        "--mask", metavar="FILE", help="grey picture, stretched over the content: white is stylized, black is kept"
    )
    look.add_argument(
        "--size", type=whole_number(16, 16384), metavar="PX",
        help="scale the content until its short side has PX pixels (default: as it is)",
    )  # fmt: skip
    look.add_argument(
        "--tile", type=tile_side, metavar="PX",
        help="paint in tiles of PX pixels, with the bundled networks 320 or more, statistics taken from the whole: "
        "smaller needs less memory (default: auto, which tiles what is painted of more than 25 megapixels; engines "
        "other than OpenVINO: 4)",
    )  # fmt: skip


def _add_files(parser: argparse.ArgumentParser) -> None:
    files = parser.add_argument_group("files and engine")
    add = files.add_argument
    add("--recursive", action="store_true", help="enter the sub-folders of folders")
    add(
        "--name", metavar="PATTERN",
        help="what results in a folder are called, with {content}, {style} and {n}, as in '{style}/{content}'",
    )  # fmt: skip
    add(
        "--skip-existing", action="store_true",
        help="go on with an earlier run: leave results alone that were made of the same files with the same options",
    )  # fmt: skip
    add("--strip-metadata", action="store_true", help="write plain sRGB without EXIF, XMP, resolution and ICC profile")
    add("--json", action="store_true", help="report as one JSON object on standard output")
    add(
        "--ray", nargs="?", const="", metavar="ADDRESS",
        help="paint on all machines of a Ray cluster that see the same folders (without ADDRESS: the one that this "
        "machine belongs to, else this machine alone); pip install 'artnet[ray]'",
    )  # fmt: skip
    add_engine(files)
