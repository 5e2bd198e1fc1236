"""Videos out: H.264 that browsers play, with exact frame times, and what the input had beside its pictures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from apps.video.color import SDR, Colors
from apps.video.reading import Frame
from apps.video.tracks import codec_of, track_of
from artnet.image import resize

if TYPE_CHECKING:
    from av.container.core import Chapter

_FRAME_DURATION = 1 << 8  # AV_CODEC_FLAG_FRAME_DURATION: the encoder hands each frame's duration on
_FILE_TAGS = frozenset([
    "title", "artist", "album", "album_artist", "composer", "comment", "date", "genre", "copyright",
    "description", "synopsis", "show", "network", "episode_id", "lyrics", "grouping", "creation_time",
])  # fmt: skip
H264 = {"crf": "18", "preset": "veryfast", "bf": "0"}
"""Strokes cost an encoder much: this takes half the time of `fast` at 19, in as good a picture of 11 % more bytes
(`benchmarks/h264.py`). No B-frames: with them, MP4 stores when frames are decoded, and uneven frame times suffer."""


@dataclass(frozen=True)
class Beside:
    """What comes with the pictures.

    Attributes:
        streams: input streams whose packets will come, of sound and of text.
        metadata: of the file.
        chapters: as PyAV gives them, from the beginning of what is written.
    """

    streams: Sequence["av.stream.Stream"] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    chapters: Sequence["Chapter"] = ()


class VideoWriter:
    """An MP4 file: H.264 in yuv420p with its index at the front (faststart), so that it plays while it loads.

    Args:
        path: written in place; the caller renames.
        rate: frames per second, a hint for players.
        time_base: seconds per tick of the frames' times.

    Attributes:
        left_out: codecs of the streams that an MP4 cannot hold.
    """

    def __init__(
        self, path: str | Path, rate: Fraction, time_base: Fraction, colors: Colors = SDR, beside: Beside | None = None
    ):
        beside = beside or Beside()
        self.container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self.container.metadata.update(
            {key.lower(): value for key, value in beside.metadata.items() if key.lower() in _FILE_TAGS}
        )
        self.colors, self.time_base = colors, time_base
        self.video = self.container.add_stream("libx264", rate=rate, options=H264)
        self.video.pix_fmt = "yuv420p"
        self.video.codec_context.time_base = self.video.time_base = time_base
        self.video.codec_context.flags |= _FRAME_DURATION
        self.video.codec_context.color_range = 1  # limited, as video is
        self.video.codec_context.colorspace = colors.matrix
        self.video.codec_context.color_primaries = colors.primaries
        self.video.codec_context.color_trc = colors.transfer
        tracks = {stream.index: (stream, track_of(self.container, stream)) for stream in beside.streams}
        self.tracks = {index: track for index, (_, track) in tracks.items() if track}
        self.left_out = [codec_of(stream) or stream.type for stream, track in tracks.values() if not track]
        if beside.chapters:
            self.container.set_chapters(list(beside.chapters))
        self.waiting: list[av.Packet] = []
        self.refused = 0
        self.reformatter = VideoReformatter()
        self.size: tuple[int, int] | None = None

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Flush and close; after an error only close, as the file will be thrown away."""
        if kind is None and self.size is not None:
            self._mux(self.video.encode())
            for track in self.tracks.values():
                self._mux(track.finish())
        self.container.close()

    @property
    def lost(self) -> int:
        """Packets of sound that could not be decoded, or that MP4 refused, and were passed over."""
        return max(self.refused, sum(track.lost for track in self.tracks.values()))  # many are both

    def write(self, frame: Frame) -> None:
        """Append a frame; odd sides are padded by one repeated row or column, which H.264 needs."""
        rgb = np.pad(frame.rgb, ((0, frame.rgb.shape[0] % 2), (0, frame.rgb.shape[1] % 2), (0, 0)), mode="edge")
        if self.size is not None:
            rgb = resize(rgb, *self.size)  # streams that change their size midway
        else:
            self.size = rgb.shape[:2]
            self.video.height, self.video.width = self.size
        picture = self.reformatter.reformat(
            av.VideoFrame.from_ndarray(rgb, format="rgb24"),
            format="yuv420p",
            dst_colorspace=self.colors.matrix,
            dst_color_range=1,
        )
        picture.pts, picture.duration, picture.time_base = frame.start, frame.duration, self.time_base
        self._mux(self.video.encode(picture))
        waiting, self.waiting = self.waiting, []
        for packet in waiting:
            self.write_packet(packet)

    def write_packet(self, packet: av.Packet) -> None:
        """Append a packet of one of the streams beside the video; those left out are passed over."""
        track = self.tracks.get(packet.stream.index)
        if track and self.size is None:  # the file's header needs the size of the first frame
            self.waiting.append(packet)
        elif track:
            self._mux(track.convert(packet))

    def _mux(self, packets: Iterable[av.Packet]) -> None:
        for packet in packets:
            try:
                self.container.mux(packet)
            except (av.error.InvalidDataError, av.error.PatchWelcomeError):
                # MP4 looks into packets of some codecs, and refuses damaged ones: maybe not this one, but one that
                # was waiting for its turn. Those that are good stay in line.
                self.refused += 1
            except av.error.ArgumentError as error:  # whose message would name the temporary file
                raise ValueError("times or lengths that an MP4 cannot hold; convert the video first") from error
