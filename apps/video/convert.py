"""From video to video: read ahead, paint, steady, write; a few frames in memory, and no half file at the end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from apps.ahead import ahead
from apps.look import Look
from apps.video.flicker import FlickerFilter
from apps.video.reading import Frame, VideoReader
from apps.video.writing import VideoWriter
from artnet.files import atomic_write
from artnet.pictures import Picture, fit_short_side
from artnet.stylizer import Memory

if TYPE_CHECKING:
    from artnet import Stylizer


@dataclass(frozen=True)
class Clip:
    """Which part of a video, at which size.

    Attributes:
        start, end: seconds; end None is the video's own.
        size: short side in pixels, None as it is.
        steady: reduce flicker.
    """

    start: float = 0.0
    end: float | None = None
    size: int | None = None
    steady: bool = True


@dataclass(frozen=True)
class Made:
    """What was written: frames, seconds of video, width and height in pixels, and packets passed over as damaged."""

    frames: int
    seconds: float
    width: int
    height: int
    damaged: int


def convert(
    source: str | Path,
    target: str | Path,
    stylizer: "Stylizer",
    look: Look,
    clip: Clip,
    progress: Callable[[float, float | None], None],
) -> Made:
    """Paint a video in the stylizer's style; `target` appears whole at the end, or not at all.

    Args:
        progress: called after every frame with the seconds done and in all (None if unknown); may raise to cancel.

    Raises:
        ValueError: a source that cannot be read, or has no frames in the part.
    """
    with (
        VideoReader(source, clip.start, clip.end) as reader,
        atomic_write(target) as file,
        _writer(file.name, reader) as writer,
    ):
        return _paint_all(reader, writer, stylizer, look, clip, progress)


def _writer(path: str, reader: VideoReader) -> VideoWriter:
    known = {key: value for key, value in reader.container.metadata.items() if key in ("title", "artist", "comment")}
    return VideoWriter(path, reader.rate, reader.time_base, reader.colors, reader.audio, known)


def _paint_all(
    reader: VideoReader,
    writer: VideoWriter,
    stylizer: "Stylizer",
    look: Look,
    clip: Clip,
    progress: Callable[[float, float | None], None],
) -> Made:
    steady = Steadied() if clip.steady else None
    frames, end = 0, 0.0
    with ahead(reader) as items:
        for item in items:
            if not isinstance(item, Frame):
                writer.write_audio(item)
                continue
            rgb = _fit(item.rgb, clip.size)
            painted = steady.paint(stylizer, rgb, look) if steady else look.paint(stylizer, rgb, fixed_size=True)
            writer.write(Frame(painted, item.start, item.duration))
            frames, end = frames + 1, float((item.start + item.duration) * reader.time_base)
            progress(end, reader.seconds)
    if writer.size is None:
        raise ValueError(f"{reader.path} has no frames that can be decoded; get a fresh copy")
    return Made(frames, end, writer.size[1], writer.size[0], reader.damaged)


class Steadied:
    """Paints the frames of a video in order, with little flicker: statistics held, paintings moved along."""

    def __init__(self) -> None:
        self.filter, self.memory = FlickerFilter(), Memory()

    def paint(self, stylizer: "Stylizer", rgb: np.ndarray, look: Look) -> np.ndarray:
        """The next frame, (H, W, 3) uint8."""
        if not self.filter.follow(rgb):
            self.memory.statistics = None
        return self.filter.smooth(look.paint(stylizer, rgb, memory=self.memory, fixed_size=True))


def _fit(rgb: np.ndarray, size: int | None) -> np.ndarray:
    return rgb if size is None else fit_short_side(Picture(rgb), size).rgb
