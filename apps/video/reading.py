"""Videos in: pictures as players show them with their exact times, and packets of sound and text, one at a time."""

import math
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from apps.video.clock import FAR, JUMPING, Clock, Times
from apps.video.color import BT601, BT709, MATRICES, SDR, Colors
from apps.video.ends import missing
from apps.video.opening import open_media, reason_of
from apps.video.pictures import MAX_PIXELS, Developer, alpha_decoder, square_size

_REPEATING = ("avi", "ogg")  # where an empty packet says that the picture has not changed
_USUAL_RATE = Fraction(25)
_BEYOND = 1.0  # seconds that streams are apart in a file at most: so far beyond the end is read on


@dataclass(frozen=True)
class Frame:
    """A picture of a video.

    Attributes:
        rgb: (H, W, 3) uint8, upright, with square pixels, on white where it is transparent.
        start: ticks of the video's time base from the beginning of what was asked for; each later than the one before.
        duration: ticks, 0 where the file does not say.
    """

    rgb: np.ndarray
    start: int
    duration: int


class VideoReader:
    """A video file, or its part from `start` to `end` seconds. Use it as a context manager, and iterate over it once.

    Attributes:
        rate: frames per second on average. time_base: seconds per tick. colors: tags of the pictures it gives.
        seconds: length of the part, None where the file does not say. audio, texts: the other streams.
        damaged: packets that could not be decoded and were passed over so far.
        missing: once it was read to its end, what the file lacks there (None for nothing).

    Raises:
        ValueError: no video in the file, too large, nothing from `start` on, no media file, or one that names others.
    """

    def __init__(self, path: str | Path, start: float = 0.0, end: float | None = None):
        self.path, self.start, self.end, self.damaged = str(path), start, end, 0
        self.missing: str | None = None
        if end is not None and end <= start:
            raise ValueError(f"the end ({end:g} s) must be after the start ({start:g} s)")
        self.container = open_media(path)
        try:
            self.video = self._find_video()
            self.time_base = self._time_base()
            self._check()
        except BaseException:
            self.close()
            raise
        self.audio = list(self.container.streams.audio)
        self.texts = list(self.container.streams.subtitles)
        rate = self.video.average_rate or self.video.guessed_rate or _USUAL_RATE
        self.rate = rate if 1 <= rate <= 1000 else _USUAL_RATE
        self.tagged = self._colors()
        self.colors = self.tagged if self.tagged.is_plain else SDR
        self.origin = self._beginning() + Fraction(start)
        self._clock = Clock(jumps=bool(JUMPING.intersection(self.container.format.name.split(","))))
        self._reached = Fraction(0)
        # By stream, whether its last two packets were: what a parser still held at the end it gives without saying so.
        self._incomplete: dict[int, deque[bool]] = defaultdict(lambda: deque(maxlen=2))

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        file = self.container.file
        self.container.close()
        if file is not None:
            file.file.close()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of its frames with square pixels, before they are turned, as far as the file says."""
        return square_size(self.video.width, self.video.height, self.video.sample_aspect_ratio)

    @property
    def seconds(self) -> float | None:
        whole = self._whole()
        if whole is None:
            return None if self.end is None else self.end - self.start
        return max(0.0, min(whole, self.end or math.inf) - self.start)

    def __iter__(self) -> Iterator["Frame | av.Packet"]:
        """Frames, and other packets with times from the beginning of the part, in the order of the file."""
        if self.start:
            self.container.seek(int(self.origin * av.time_base))
        yield from self._items()
        if self.end is None:
            incomplete = any(map(any, self._incomplete.values()))
            self.missing = self.missing or missing(self.container, float(self._reached) + self.start, incomplete)

    def _items(self) -> Iterator["Frame | av.Packet"]:
        length = None if self.end is None else self.end - self.start
        frames = _Frames(self, Developer(self.tagged, self.video.sample_aspect_ratio), length)
        for packet in self._packets():
            time = packet.pts if packet.pts is not None else packet.dts
            seconds = None if time is None else time * packet.time_base
            if packet.stream is self.video:
                yield from frames.of(packet)
            elif seconds is not None and self._wants(packet, seconds, length):
                yield packet
            if length is not None and frames.ended and seconds is not None and seconds > length + _BEYOND:
                return
        yield from frames.rest()
        self._incomplete[self.video.index].append(frames.torn)

    def _wants(self, packet: av.Packet, seconds: Fraction, length: float | None) -> bool:
        """Whether a packet of sound or text has something in it, and lies in the part."""
        if packet.size == 0:
            self.damaged += 1
            return False
        return not (self.start and seconds < 0) and (length is None or seconds < length)

    def _packets(self) -> Iterator[av.Packet]:
        """All packets, on one clock, from the beginning of the part."""
        try:
            for packet in self.container.demux([self.video, *self.audio, *self.texts]):
                time = packet.dts if packet.dts is not None else packet.pts
                if time is not None:
                    self._set_clock(packet, time)
                if packet.size:
                    self._incomplete[packet.stream.index].append(packet.is_corrupt)
                yield packet
        except av.FFmpegError as error:
            self.missing = f"what follows cannot be read ({reason_of(error)})"

    def _set_clock(self, packet: av.Packet, time: int) -> None:
        base = packet.time_base
        duration = (packet.duration or 0) * base
        if packet.stream.type == "subtitle":
            offset = self._clock.latest() - self.origin
        else:
            shown = time if packet.pts is None else packet.pts
            times = Times(time * base, shown * base, duration)
            offset = self._clock.offset(packet.stream.index, times) - self.origin
            self._reached = max(self._reached, time * base + duration + offset)
        ticks = round(offset / base)
        packet.dts = time + ticks
        if packet.pts is not None:
            packet.pts += ticks
        elif packet.stream is not self.video:  # of video, the decoder knows the order in which it is shown
            packet.pts = packet.dts

    def _find_video(self) -> "av.VideoStream":
        covers = av.stream.Disposition.attached_pic  # the cover of a music file is no video
        streams = [s for s in self.container.streams.video if not s.disposition & covers]
        if not streams:
            raise ValueError(f"{self.path} has no video stream; give a video file")
        streams = [s for s in streams if s.codec_context]
        if not streams:
            raise ValueError(f"{self.path} has video of a kind that cannot be decoded; convert it first")
        stream = next((s for s in streams if s.disposition & av.stream.Disposition.default), streams[0])
        stream.thread_type = "AUTO"
        return stream

    def _time_base(self) -> Fraction:
        if not self.video.time_base:
            raise ValueError(f"{self.path} is damaged (no unit of time); get a fresh copy")
        return self.video.time_base

    def _check(self) -> None:
        width, height = self.video.width, self.video.height
        if width < 1 or height < 1:
            raise ValueError(f"{self.path} is damaged (frames of {width} x {height}); get a fresh copy")
        if width * height > MAX_PIXELS:
            raise ValueError(f"{self.path} has frames of {width} x {height}, more than 8192 x 4352; make it smaller")
        whole = self._whole()
        if whole is not None and self.start >= whole:
            raise ValueError(f"the start ({self.start:g} s) is after the end of {self.path} ({whole:.2f} s)")

    def _beginning(self) -> Fraction:
        """Where the file's clock begins, in seconds; sound may begin before a negative one (priming), pictures not."""
        start = Fraction(self.container.start_time or 0, av.time_base)
        if start > 0:
            return start
        return min(Fraction(0), (self.video.start_time or 0) * self.time_base)

    def _whole(self) -> float | None:
        if self.video.duration:
            return float(self.video.duration * self.time_base)
        return self.container.duration / av.time_base if self.container.duration else None

    def _colors(self) -> Colors:
        context = self.video.codec_context
        guess = BT709 if self.video.height >= 720 else BT601  # as players do where nothing is said
        matrix = context.colorspace if context.colorspace in MATRICES else guess
        return Colors(matrix, context.color_primaries, context.color_trc)


class _Frames:
    """The pictures of a video's packets with times that increase."""

    def __init__(self, reader: VideoReader, developer: Developer, length: float | None):
        self.reader, self.developer, self.length = reader, developer, length
        self.context = alpha_decoder(reader.video) or reader.video.codec_context
        self.begin, self.due = -1, 0  # of the last frame: when it began, and when the next is due
        self.repeats: list[int] = []  # ticks at which the frame before is shown once more
        self.shown: np.ndarray | None = None
        self.torn = self.ended = False

    def of(self, packet: av.Packet) -> Iterator[Frame]:
        """What a packet (the empty one at the end too) brings to light."""
        time = packet.pts if packet.pts is not None else packet.dts
        if not packet.size and time is not None:
            self.repeats.append(time)
            self.reader.damaged += self.reader.container.format.name not in _REPEATING
            return
        try:
            decoded = self.context.decode(packet if packet.size else None)
        except av.error.EOFError:
            decoded = []
        except av.FFmpegError:  # as players do: go on at the next packet
            self.reader.damaged += 1
            decoded = []
        for raw in decoded:
            self.torn = raw.is_corrupt
            for frame, rgb in self.developer.develop(raw):
                yield from self._placed(frame, rgb)

    def rest(self) -> Iterator[Frame]:
        for frame, rgb in self.developer.finish():
            yield from self._placed(frame, rgb)
        yield from self._repeated(math.inf)

    def _repeated(self, until: float) -> Iterator[Frame]:
        """The frame before at the ticks of the empty packets; decoders give frames long after their packets."""
        while self.shown is not None and self.repeats and self.repeats[0] < until:
            yield from self._at(self.repeats.pop(0), 0, self.shown)

    def _placed(self, frame: av.VideoFrame, rgb: np.ndarray) -> Iterator[Frame]:
        reader = self.reader
        scale = (frame.time_base or reader.time_base) / reader.time_base  # filters have time bases of their own
        times = (round(time * scale) for time in (frame.pts, frame.dts) if time is not None)
        tick = next(times, self.due)
        yield from self._repeated(tick)
        self.shown = rgb
        duration = round((frame.duration or 0) * scale)
        yield from self._at(tick, duration if duration * reader.time_base <= FAR else 0, rgb)

    def _at(self, tick: int, duration: int, rgb: np.ndarray) -> Iterator[Frame]:
        reader = self.reader
        length = duration or max(1, round(1 / (reader.rate * reader.time_base)))
        if self.length is not None and tick * reader.time_base >= self.length:
            self.ended = True
        elif tick >= 0 or not reader.start:
            self.begin = max(tick, self.begin + 1)
            self.due = self.begin + length
            yield Frame(rgb, self.begin, duration)
