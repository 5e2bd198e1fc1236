"""From video to video: read, follow the motion, paint, steady and write, all at once in threads.

A few frames are in memory, and no half file is left at the end.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from apps.common.prefetch import prefetch
from apps.video.flicker import FlickerFilter, Motion, MotionTracker
from apps.video.reading import Frame, VideoReader
from apps.video.writing import Beside, VideoWriter
from artnet.image import Picture, fit_short_side
from artnet.image.files import atomic_write
from artnet.settings import StyleSettings
from artnet.stylizer import Memory

if TYPE_CHECKING:
    from av import Packet
    from av.container.core import Chapter

    from artnet import Style, Stylizer

    Followed = tuple[Frame | Packet, Motion | None]

PaintFrame = Callable[[np.ndarray, Memory | None], np.ndarray]
"""Paints one frame, (H, W, 3) uint8, with what is remembered of earlier ones, where anything is."""
AHEAD = 2
"""Frames that wait between two stages."""


@dataclass(frozen=True)
class Clip:
    """How the frames of a video are painted.

    Attributes:
        size: short side in pixels, None as it is.
        steady: reduce flicker.
    """

    size: int | None = None
    steady: bool = True


@dataclass(frozen=True)
class Made:
    """What was written, and what was not.

    Attributes:
        frames, seconds, width, height: of the video, sizes in pixels.
        damaged: packets of pictures or sound that could not be decoded and were passed over.
        left_out: names of streams that an MP4 cannot hold.
        missing: what the source lacks at its end, None for nothing.
    """

    frames: int
    seconds: float
    width: int
    height: int
    damaged: int = 0
    left_out: tuple[str, ...] = ()
    missing: str | None = None

    @property
    def remarks(self) -> list[str]:
        """A line for each thing that the user should know."""
        damaged = f"{self.damaged} damaged packet{'s' if self.damaged > 1 else ''} passed over"
        left_out = f"left out, as MP4 does not hold them: {', '.join(self.left_out)}"
        missing = f"the video was cut off: {self.missing}; what is there was painted"
        said = ((self.damaged, damaged), (self.left_out, left_out), (self.missing, missing))
        return [line for reason, line in said if reason]


def frame_painter(stylizer: "Stylizer", style: "Style", settings: StyleSettings) -> PaintFrame:
    """What paints the frames of a video in a style."""
    return lambda rgb, memory: stylizer.stylize(rgb, style, settings, memory=memory, live=True, fixed_size=True)


def convert(
    reader: VideoReader,
    target: str | Path,
    paint: PaintFrame,
    clip: Clip,
    progress: Callable[[float, float | None], None],
) -> Made:
    """Paint a video, or the part of it that was opened.

    Args:
        target: appears whole at the end, or not at all.
        progress: called after every frame with the seconds done and in all (None if unknown); may raise to cancel.

    Raises:
        ValueError: no frames in the part that can be decoded.
    """
    with atomic_write(target) as file, _writer(file.name, reader) as writer:
        made = _paint_all(reader, writer, paint, clip, progress)
    return replace(made, damaged=reader.damaged + writer.lost)  # also what came to light while the rest was written


def _writer(path: str, reader: VideoReader) -> VideoWriter:
    beside = Beside([*reader.audio, *reader.texts], reader.container.metadata, chapters_of(reader))
    return VideoWriter(path, reader.rate, reader.time_base, reader.colors, beside)


def chapters_of(reader: VideoReader) -> list["Chapter"]:
    """The chapters in the reader's part, from its beginning, in milliseconds."""
    last = math.inf if reader.end is None else reader.end - reader.start
    found: list[Chapter] = []
    for chapter in reader.container.chapters():
        base = chapter["time_base"]
        if base is None:
            continue
        begin, end = (float(ticks * base - reader.origin) for ticks in (chapter["start"], chapter["end"]))
        begin, end = max(0.0, begin), min(last, end)
        if begin < end:
            start, stop, number = round(1000 * begin), round(1000 * end), len(found) + 1
            found.append(chapter | {"id": number, "start": start, "end": stop, "time_base": Fraction(1, 1000)})
    return found


def _paint_all(
    reader: VideoReader,
    writer: VideoWriter,
    paint: PaintFrame,
    clip: Clip,
    progress: Callable[[float, float | None], None],
) -> Made:
    flicker = FlickerFilter() if clip.steady else None
    frames, end = 0, 0.0
    with (
        prefetch(reader) as items,
        prefetch(_followed(items, clip), AHEAD) as followed,
        prefetch(_painted(followed, paint, clip), AHEAD) as painted,
    ):
        for item, motion in painted:
            if not isinstance(item, Frame):
                writer.write_packet(item)
                continue
            writer.write(replace(item, rgb=flicker.smooth(item.rgb, motion)) if flicker else item)
            frames, end = frames + 1, float((item.start + item.duration) * reader.time_base)
            progress(end, reader.seconds)
    if writer.size is None:
        raise ValueError(f"{reader.path} has no frames that can be decoded; get a fresh copy")
    return Made(frames, end, writer.size[1], writer.size[0], left_out=tuple(writer.left_out), missing=reader.missing)


def _followed(items: Iterable["Frame | Packet"], clip: Clip) -> Iterator["Followed"]:
    """Frames in the clip's size with their motion, where that counts; packets of sound and text pass through."""
    tracker = MotionTracker() if clip.steady else None
    for item in items:
        if isinstance(item, Frame):
            frame = replace(item, rgb=_fit(item.rgb, clip.size))
            yield frame, tracker.follow(frame.rgb) if tracker else None
        else:
            yield item, None


def _painted(items: Iterable["Followed"], paint: PaintFrame, clip: Clip) -> Iterator["Followed"]:
    """The frames painted, with statistics that go on from frame to frame where flicker counts."""
    memory = Memory() if clip.steady else None
    for item, motion in items:
        if isinstance(item, Frame):
            if memory and not (motion and motion.goes_on):
                memory.statistics = None
            yield replace(item, rgb=paint(item.rgb, memory)), motion
        else:
            yield item, None


def _fit(rgb: np.ndarray, size: int | None) -> np.ndarray:
    return rgb if size is None else fit_short_side(Picture(rgb), size).rgb
