"""Videos in: frames upright and in RGB with their exact times, and audio packets as they are, one at a time."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

MAX_PIXELS = 8192 * 4352
"""Largest frame, in pixels: the limit of H.264 level 6.2."""
_UNSPECIFIED, _BT709, _BT601 = 2, 1, 6
_MATRICES = (_BT709, 4, 5, _BT601, 7, 9)  # the YCbCr matrices that can be converted, numbered as in ITU-T H.273


@dataclass(frozen=True)
class Colors:
    """Colour tags as numbered in ITU-T H.273, 2 = unspecified; `matrix` is always one that can be converted."""

    matrix: int
    primaries: int
    transfer: int


@dataclass(frozen=True)
class Frame:
    """A picture of a video.

    Attributes:
        rgb: (H, W, 3) uint8, upright.
        start: ticks of the video's time base from the beginning of what was asked for.
        duration: ticks, 0 where the file does not say.
    """

    rgb: np.ndarray
    start: int
    duration: int


class VideoReader:
    """A video file, or its part from `start` to `end` seconds. Use it as a context manager, and iterate over it once.

    Attributes:
        rate: frames per second on average. time_base: seconds per tick. colors: the video's colour tags.
        seconds: length of the part, None where the file does not say. audio: the audio streams.
        damaged: packets that could not be decoded and were passed over so far.

    Raises:
        ValueError: no video in the file, truncated, too large, nothing from `start` on, or no media file at all.
    """

    def __init__(self, path: str | Path, start: float = 0.0, end: float | None = None):
        self.path, self.start, self.end, self.damaged = str(path), start, end, 0
        if end is not None and end <= start:
            raise ValueError(f"the end ({end:g} s) must be after the start ({start:g} s)")
        if not Path(path).is_file():
            raise ValueError(f"{path} {'is a folder' if Path(path).is_dir() else 'does not exist'}; give a video file")
        try:
            self.container = av.open(self.path)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise ValueError(f"{path} is not a video that can be read, or is damaged ({_reason(error)})") from error
        try:
            self.video = self._find_video()
            self._check()
        except BaseException:
            self.close()
            raise
        self.audio = list(self.container.streams.audio)
        self.time_base: Fraction = self.video.time_base
        self.rate = self.video.average_rate or self.video.guessed_rate or Fraction(25)
        self.colors = self._colors()
        # A positive start (MPEG-TS counts on from anywhere) is taken off; a negative one is audio priming and stays.
        self.origin = max(Fraction(self.container.start_time or 0, av.time_base), Fraction(0)) + Fraction(start)

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.container.close()

    @property
    def seconds(self) -> float | None:
        whole = self._whole()
        if whole is None:
            return None if self.end is None else self.end - self.start
        return max(0.0, min(whole, self.end or math.inf) - self.start)

    def __iter__(self) -> Iterator["Frame | av.Packet"]:
        """Frames, and audio packets with times from the beginning of the part, in the order of the file."""
        if self.start:
            self.container.seek(int(self.origin * av.time_base))
        last = None  # the end of the last frame in ticks, for files that do not say when a frame begins
        for packet in self._packets():
            if packet.stream.type == "audio":
                if self._keep_audio(packet):
                    yield packet
                continue
            for frame in self._decode(packet):
                tick = frame.pts if frame.pts is not None else last or 0
                length = frame.duration or round(1 / (self.rate * self.time_base))
                last = tick + length
                begin = tick - round(self.origin / self.time_base)
                if self.end is not None and begin * self.time_base >= self.end - self.start:
                    return
                if begin + length > 0 and (begin >= 0 or not self.start):
                    yield Frame(self._upright(frame), max(begin, 0), frame.duration or 0)

    def _packets(self) -> Iterator[av.Packet]:
        try:
            yield from self.container.demux([self.video, *self.audio])
        except av.FFmpegError as error:
            raise ValueError(f"{self.path} is damaged ({_reason(error)}); get a fresh copy") from error

    def _decode(self, packet: av.Packet) -> list[av.VideoFrame]:
        try:
            return packet.decode()
        except av.error.InvalidDataError:  # as players do: go on at the next packet
            self.damaged += 1
            return []

    def _keep_audio(self, packet: av.Packet) -> bool:
        """Whether the packet lies in the part; its times are then counted from the part's beginning."""
        if packet.dts is None or packet.pts is None:  # the empty packet at the end of a stream
            return False
        shift = round(self.origin / packet.time_base)
        seconds = (packet.pts - shift) * packet.time_base
        if (self.start and seconds < 0) or (self.end is not None and seconds >= self.end - self.start):
            return False
        packet.pts -= shift
        packet.dts -= shift
        return True

    def _upright(self, frame: av.VideoFrame) -> np.ndarray:
        if frame.colorspace not in _MATRICES:
            frame.colorspace = self.colors.matrix
        rgb = frame.reformat(format="rgb24").to_ndarray()
        return np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90) % 4))

    def _find_video(self) -> "av.VideoStream":
        covers = av.stream.Disposition.attached_pic  # the cover of a music file is no video
        stream = next((s for s in self.container.streams.video if not s.disposition & covers), None)
        if stream is None:
            raise ValueError(f"{self.path} has no video stream; give a video file")
        stream.thread_type = "AUTO"
        return stream

    def _check(self) -> None:
        width, height = self.video.width, self.video.height
        if width < 1 or height < 1:
            raise ValueError(f"{self.path} is damaged (frames of {width} x {height}); get a fresh copy")
        if width * height > MAX_PIXELS:
            raise ValueError(f"{self.path} has frames of {width} x {height}, more than 8192 x 4352; make it smaller")
        ends = [entry.pos + entry.size for s in self.container.streams for entry in s.index_entries]
        size = Path(self.path).stat().st_size
        if "mp4" in self.container.format.name and max(ends, default=0) > size:
            raise ValueError(f"{self.path} is truncated ({size:,} of at least {max(ends):,} bytes); get a fresh copy")
        whole = self._whole()
        if whole is not None and self.start >= whole:
            raise ValueError(f"the start ({self.start:g} s) is after the end of {self.path} ({whole:.2f} s)")

    def _whole(self) -> float | None:
        if self.video.duration:
            return float(self.video.duration * self.video.time_base)
        return self.container.duration / av.time_base if self.container.duration else None

    def _colors(self) -> Colors:
        context = self.video.codec_context
        guess = _BT709 if self.video.height >= 720 else _BT601  # as players do where nothing is said
        matrix = context.colorspace if context.colorspace in _MATRICES else guess
        return Colors(matrix, context.color_primaries, context.color_trc)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or " ".join(str(error).split())
