"""artnet video: paint a video in the style of pictures."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from apps.common.arguments import whole_number
from apps.common.file_names import painted_name, unused
from apps.common.network import NetworkOptions
from apps.common.options import options_of
from apps.common.stdio import complain, say, say_written
from apps.common.style_arguments import add_engine, add_settings, add_style, read_styles
from apps.common.terminal import progress
from artnet.settings import StyleSettings

DESCRIPTION = """\
Paint a video in the style of pictures. Sound, frame times and colour tags are kept; frames are turned upright; the
result is H.264 in MP4, which browsers play. It appears whole at the end, or not at all. High dynamic range and wide
gamuts become BT.709. Of a video that was cut off, what is there is painted, with a warning and exit code 1.
"""

EPILOG = """\
examples:
  a whole video                  artnet video dance.mp4 --style great-wave      (writes dance-great-wave.mp4)
  ten seconds of it, smaller     artnet video dance.mp4 --style a.jpg --start 30 --end 40 --size 360 -o out.mp4
  each frame on its own          artnet video dance.mp4 --style a.jpg --no-steady -o out.mp4

needs PyAV and OpenCV: pip install 'artnet[video]'
"""
_BAR = "{bar:32} {percentage:3.0f} %  {n:.1f} of {total_fmt} s of video  {elapsed}, {remaining} left"


@dataclass(frozen=True)
class VideoOptions:
    """What to paint and how.

    Attributes:
        style: paths with their weights.
        start, end: of the part that is painted, in seconds; None for the end of the video.
        size: short side in pixels to which frames are scaled, or None.
        steady: whether flicker is reduced.
    """

    video: str
    style: list[tuple[Path, float]]
    output: str
    start: float
    end: float | None
    size: int | None
    steady: bool
    settings: StyleSettings
    network: NetworkOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    add = parser.add_argument
    add("video", metavar="IN", help="video file of any kind that FFmpeg reads")
    add_style(parser, "repeat to blend several by weight (default weight 1)")
    add(
        "-o", "--output", metavar="OUT.mp4",
        help="the video to write (default: IN-STYLE.mp4 in the current folder, numbered where there is such a file)",
    )  # fmt: skip
    look = parser.add_argument_group("look")
    add_settings(look)
    look.add_argument(
        "--size", type=whole_number(16, 4320), metavar="PX",
        help="scale frames until their short side has PX pixels (default: as they are)",
    )  # fmt: skip
    look.add_argument(
        "--steady", action=argparse.BooleanOptionalAction, default=True,
        help="reduce flicker by moving the last painted frame along with the picture (on by default)",
    )  # fmt: skip
    part = parser.add_argument_group("part")
    part.add_argument("--start", type=seconds, default=0.0, metavar="TIME", help="begin there: seconds, or h:m:s")
    part.add_argument("--end", type=seconds, metavar="TIME", help="stop there (default: at the end)")
    add_engine(parser.add_argument_group("engine"))


def seconds(text: str) -> float:
    """An argparse type for times: '75', '75.5', '1:15' or '0:01:15'."""
    try:
        values = [float(part) for part in text.split(":")]
    except ValueError:
        values = []
    if not 1 <= len(values) <= 3 or not all(0 <= value < 1e7 for value in values):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time (as in 75.5 or 1:15.5)")
    return sum(value * 60**place for place, value in enumerate(reversed(values)))


def run(args: argparse.Namespace) -> int:
    """Paint the video.

    Raises:
        ValueError: bad input, or PyAV is missing; then nothing was written.
    """
    from apps.common.extras import need

    need("video", "av")
    if args.output is None:
        args.output = str(unused(painted_name(args.video, args.style, ".mp4")))
    return _paint(options_of(VideoOptions, vars(args)))


def _paint(options: VideoOptions) -> int:
    from apps.video.convert import Clip, VideoReader, convert, frame_painter

    _check_output(options)
    settings = options.settings
    # First, so that bad input costs no loading; and once, as a pipe can be read but once.
    with VideoReader(options.video, options.start, options.end) as reader, progress(None, "s", layout=_BAR) as bar:
        styles = read_styles(options.style)
        stylizer = options.network.load(settings.transfer)
        paint = frame_painter(stylizer, stylizer.prepare_style(styles, stroke_size=settings.stroke_size), settings)

        def show(done: float, whole: float | None) -> None:
            bar.total = None if whole is None else round(max(whole, done), 1)
            bar.update(done - bar.n)

        made = convert(reader, options.output, paint, Clip(options.size, options.steady), show)
    for line in made.remarks:
        complain(f"{options.video}: {line}")
    say(f"{made.frames} frames, {made.seconds:.2f} s, {made.width} x {made.height}")
    say_written(options.output)
    return 1 if made.missing else 0


def _check_output(options: VideoOptions) -> None:
    out = Path(options.output)
    if out.suffix.lower() != ".mp4":
        raise ValueError(f"{options.output}: videos are written as .mp4; name the output so")
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise ValueError(f"{out} is a folder" if out.is_dir() else f"there is no folder {out.parent}; create it first")
    for name in (options.video, *(str(path) for path, _ in options.style)):
        if out.exists() and os.path.exists(name) and os.path.samefile(out, name):
            raise ValueError(f"{out} is one of the inputs and would be overwritten; choose another output")
