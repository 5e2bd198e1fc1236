"""Lays the pictures of several rows side by side: the style first, then a column for each folder.

    python -m benchmarks.quality.gallery --content DIR --style DIR --columns NAME=DIR [NAME=DIR ...] -o SHEET.jpg
                                         [--pairs FILE | worst:ROW:RESULT.json]

By default the 24 pairs of gallery.txt, two in a line. The JPEG's quality is lowered until the file is at most 1.5 MB.
"""

from io import BytesIO
from itertools import chain
from pathlib import Path

from PIL import Image

from apps.common.contact_sheet import contact_sheet
from artnet.image import square
from artnet.image.files import atomic_write
from benchmarks.quality.commands import pair_arguments, report_bad_input
from benchmarks.quality.pairs import Paths, named_folders, pairs_of, pictures_of

PAIRS = Path(__file__).with_name("gallery.txt")
ACROSS = 2  # pairs in a line
CELL, MARGIN = 240, 4
LARGEST = 1_500_000
"""Bytes of a sheet."""
QUALITIES = range(90, 30, -5)


def cells(pair: Paths, columns: dict[str, dict[str, Path]]) -> list[Image.Image]:
    """The style and every column's picture of a pair. Raises ValueError where a column has none."""
    lacking = [name for name, pictures in columns.items() if pair.name not in pictures]
    if lacking:
        raise ValueError(f"{lacking[0]} has no picture {pair.name}: paint the pairs of the gallery first")
    paths = [pair.style, *(pictures[pair.name] for pictures in columns.values())]
    return [Image.fromarray(square(path, CELL)) for path in paths]


def sheet(pairs: list[Paths], columns: dict[str, dict[str, Path]]) -> Image.Image:
    """All pairs on one sheet, ACROSS in a line, each column's name below its pictures."""
    shown = [cells(pair, columns) for pair in pairs]
    lines = [list(chain(*shown[i : i + ACROSS])) for i in range(0, len(shown), ACROSS)]
    names = ["style", *columns]
    labels = [names * (len(line) // len(names)) for line in lines]
    return contact_sheet(lines, labels, cell=(CELL, CELL), margin=MARGIN)


def encoded(image: Image.Image, largest: int = LARGEST) -> bytes:
    """The picture as a JPEG of at most so many bytes, at the highest quality that fits. Raises ValueError."""
    for quality in QUALITIES:
        buffer = BytesIO()
        image.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= largest:
            return buffer.getvalue()
    raise ValueError(f"the sheet does not fit into {largest} bytes; take fewer pairs or columns")


def main() -> None:
    parser = pair_arguments(__doc__)
    parser.add_argument(
        "--pairs", default=str(PAIRS), help="a file of pairs, first:N or worst:ROW:RESULT.json (default: gallery.txt)"
    )
    parser.add_argument("--columns", nargs="+", required=True, metavar="NAME=DIR", help="the columns after the style")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the sheet, a JPEG")
    args = parser.parse_args()
    columns = {name: pictures_of(folder) for name, folder in named_folders(args.columns).items()}
    jpeg = encoded(sheet(pairs_of(args.pairs, args.content, args.style), columns))
    args.output.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(args.output) as file:
        file.write(jpeg)
    print(f"{args.output}: {len(jpeg) // 1000} kB")


if __name__ == "__main__":
    report_bad_input(main)
