"""From a decoded frame to what a player shows: whole pictures, upright, square pixels, BT.709, on white."""

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import av
import numpy as np
from av.filter import Graph
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import VideoReformatter

from apps.video.color import MATRICES, Colors, write_cube
from artnet.image import Picture, flatten

MAX_PIXELS = 8192 * 4352
"""Largest frame, in pixels: the limit of H.264 level 6.2."""
MAX_ASPECT = 16
"""Pixels that are said to be further from square than this are damage."""
DEEP = "rgb48le"
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}  # FFmpeg's own pass transparency over


class Turn(NamedTuple):
    """One of the eight orientations: first transposed, then flipped along its rows, then along its columns."""

    transposed: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    def apply(self, rgb: np.ndarray) -> np.ndarray:
        """Turn (H, W, 3)."""
        rgb = rgb.transpose(1, 0, 2) if self.transposed else rgb
        return np.ascontiguousarray(rgb[:: -1 if self.flip_columns else 1, :: -1 if self.flip_rows else 1])


def turn_of(frame: av.VideoFrame) -> Turn:
    """The orientation in a frame's display matrix: the nearest of the eight, upright where there is none."""
    # PyAV's annotations know of motion vectors only.
    data = frame.side_data.get(SideDataType.DISPLAYMATRIX)  # type: ignore[call-overload]
    matrix = b"" if data is None else bytes(data)
    if len(matrix) < 36:
        return Turn()
    a, b, _, c, d = np.frombuffer(matrix, "<i4" if np.little_endian else ">i4")[:5].astype(float)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Turn(False, bool(a < 0), bool(d < 0))
    return Turn(True, bool(c < 0), bool(b < 0))


def square_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """(width, height) of a frame with square pixels, no smaller than it is; as it is where that would be too large."""
    if not aspect or not Fraction(1, MAX_ASPECT) <= aspect <= MAX_ASPECT:
        return width, height
    size = (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
    return size if size[0] * size[1] <= MAX_PIXELS else (width, height)


class Developer:
    """Turns frames into pictures, in order; interlaced ones wait for the next, so `finish` gives what is left.

    Args:
        colors: the video's colour tags; `matrix` is used where a frame says none that can be converted.
        aspect: width of a pixel over its height, None where the file does not say.
    """

    def __init__(self, colors: Colors, aspect: Fraction | None):
        self.colors, self.aspect = colors, aspect
        self.weaver: tuple[object, Graph] | None = None
        self.grader: tuple[object, Graph] | None = None
        self.turn: tuple[object, Turn] | None = None
        self.reformatter = VideoReformatter()  # one for all: each keeps threads of its own

    def develop(self, frame: av.VideoFrame) -> Iterator[tuple[av.VideoFrame, np.ndarray]]:
        """(frame, (H, W, 3) uint8) of each picture that is done: usually this one."""
        shape = (frame.format.name, frame.width, frame.height)
        if self.weaver and self.weaver[0] != shape:
            yield from self.finish()
        if frame.interlaced_frame and not self.weaver:
            self.weaver = shape, _deinterlacer(frame)
        if not self.weaver:
            yield frame, self._picture(frame)
            return
        self.weaver[1].vpush(frame)
        yield from self._woven()

    def finish(self) -> Iterator[tuple[av.VideoFrame, np.ndarray]]:
        """The pictures that are still waiting."""
        if self.weaver:
            self.weaver[1].vpush(None)
            yield from self._woven()
            self.weaver = None

    def _woven(self) -> Iterator[tuple[av.VideoFrame, np.ndarray]]:
        while self.weaver:
            try:
                frame = self.weaver[1].vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            yield frame, self._picture(frame)

    def _picture(self, frame: av.VideoFrame) -> np.ndarray:
        turn = self._turn(frame)
        if frame.colorspace not in MATRICES:
            frame.colorspace = self.colors.matrix
        width, height = square_size(frame.width, frame.height, self.aspect)
        if any(part.is_alpha for part in frame.format.components) or frame.format.name == "pal8":
            rgba = self.reformatter.reformat(frame, width, height, "rgba").to_ndarray()
            return turn.apply(flatten(Picture(rgba[..., :3], rgba[..., 3])))
        if self.colors.is_plain:
            return turn.apply(self.reformatter.reformat(frame, width, height, "rgb24").to_ndarray())
        return turn.apply(self._graded(self.reformatter.reformat(frame, width, height, DEEP)).to_ndarray())

    def _turn(self, frame: av.VideoFrame) -> Turn:
        """Read once for frames of a shape: a frame whose side data was asked for stays until garbage is collected."""
        shape = (frame.format.name, frame.width, frame.height)
        if not self.turn or self.turn[0] != shape:
            self.turn = shape, turn_of(frame)
        return self.turn[1]

    def _graded(self, frame: av.VideoFrame) -> av.VideoFrame:
        """A deep frame as BT.709 in 8 bits."""
        shape = (frame.width, frame.height)
        if not self.grader or self.grader[0] != shape:
            self.grader = shape, _grader(frame, self.colors)
        frame.pts = None
        self.grader[1].vpush(frame)
        return self.grader[1].vpull()


def _deinterlacer(frame: av.VideoFrame) -> Graph:
    """One picture for each interlaced frame; others pass."""
    return _chain(frame, ("bwdif", "mode=send_frame:parity=auto:deint=interlaced"))


def _grader(frame: av.VideoFrame, colors: Colors) -> Graph:
    with tempfile.NamedTemporaryFile("w", suffix=".cube") as cube:
        write_cube(cube, colors)
        return _chain(frame, ("lut3d", f"file={cube.name}"), ("format", "pix_fmts=rgb24"))


def _chain(frame: av.VideoFrame, *filters: tuple[str, str]) -> Graph:
    graph = Graph()
    base = frame.time_base or Fraction(1, 1000)
    nodes = [graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=base)]
    nodes += [graph.add(name, arguments) for name, arguments in filters]
    nodes.append(graph.add("buffersink"))
    for one, next_one in pairwise(nodes):
        one.link_to(next_one)
    graph.configure()
    return graph


def alpha_decoder(video: "av.VideoStream") -> "av.VideoCodecContext | None":
    """A decoder that keeps transparency, where the video has some that FFmpeg's own decoder passes over."""
    name = _ALPHA_DECODERS.get(video.codec_context.codec.canonical_name)
    if video.metadata.get("alpha_mode") != "1" or name not in av.codecs_available:
        return None
    context = av.Codec(name, "r").create("video")
    context.width, context.height, context.extradata = video.width, video.height, video.codec_context.extradata
    return context
