"""Videos out: H.264 that browsers play, with exact frame times, and audio."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np

from apps.video.reading import Colors, Frame
from artnet.pictures import resize

COPIED = frozenset(["aac", "mp3", "opus", "ac3", "eac3", "flac", "alac"])
"""Audio codecs that an MP4 holds as they are; others are converted to AAC."""
_FRAME_DURATION = 1 << 8  # AV_CODEC_FLAG_FRAME_DURATION: the encoder hands each frame's duration on
SRGB_VIDEO = Colors(matrix=1, primaries=1, transfer=1)  # BT.709


class VideoWriter:
    """An MP4 file: H.264 in yuv420p with its index at the front (faststart), so that it plays while it loads.

    Args:
        path: written in place; the caller renames.
        rate: frames per second, a hint for players.
        time_base: seconds per tick of the frames' times.
        audio: input streams whose packets will come.
        metadata: title and so on of the file.
    """

    def __init__(
        self,
        path: str | Path,
        rate: Fraction,
        time_base: Fraction,
        colors: Colors = SRGB_VIDEO,
        audio: "list[av.AudioStream] | None" = None,
        metadata: dict[str, str] | None = None,
    ):
        self.container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self.container.metadata.update(metadata or {})
        self.colors, self.time_base = colors, time_base
        # No B-frames: with them, MP4 stores when frames are decoded, and uneven frame times suffer.
        self.video = self.container.add_stream("libx264", rate=rate, options={"crf": "19", "preset": "fast", "bf": "0"})
        self.video.pix_fmt = "yuv420p"
        self.video.codec_context.time_base = self.video.time_base = time_base
        self.video.codec_context.flags |= _FRAME_DURATION
        self.video.codec_context.color_range = 1  # limited, as video is
        self.video.codec_context.colorspace = colors.matrix
        self.video.codec_context.color_primaries = colors.primaries
        self.video.codec_context.color_trc = colors.transfer
        self.tracks = {stream.index: _AudioTrack(self.container, stream) for stream in audio or []}
        self.waiting: list[av.Packet] = []
        self.size: tuple[int, int] | None = None

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Flush and close; after an error only close, as the file will be thrown away."""
        if kind is None and self.size is not None:
            self.container.mux(self.video.encode())
            for track in self.tracks.values():
                self.container.mux(track.finish())
        self.container.close()

    def write(self, frame: Frame) -> None:
        """Append a frame; odd sides are padded by one repeated row or column, which H.264 needs."""
        rgb = np.pad(frame.rgb, ((0, frame.rgb.shape[0] % 2), (0, frame.rgb.shape[1] % 2), (0, 0)), mode="edge")
        if self.size is not None:
            rgb = resize(rgb, *self.size)  # streams that change their size midway
        else:
            self.size = rgb.shape[:2]
            self.video.height, self.video.width = self.size
        picture = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=self.colors.matrix, dst_color_range=1
        )
        picture.pts, picture.duration, picture.time_base = frame.start, frame.duration, self.time_base
        self.container.mux(self.video.encode(picture))
        while self.waiting:
            self.write_audio(self.waiting.pop(0))

    def write_audio(self, packet: av.Packet) -> None:
        """Append a packet of one of the input's audio streams."""
        if self.size is None:  # the file's header needs the size of the first frame
            self.waiting.append(packet)
        else:
            self.container.mux(self.tracks[packet.stream.index].convert(packet))


class _AudioTrack:
    """One audio stream on its way: packets as they are, or, where MP4 cannot hold them, as AAC."""

    def __init__(self, container: "av.container.OutputContainer", source: "av.AudioStream"):
        self.copied = source.codec_context.name in COPIED
        if self.copied:
            self.target = container.add_stream_from_template(source)
        else:
            rate = min(source.codec_context.sample_rate, 48_000)
            layout = "mono" if source.codec_context.channels == 1 else "stereo"
            self.target = container.add_stream("aac", rate=rate, layout=layout)
            self.resampler = av.AudioResampler("fltp", layout, rate)
        self.target.metadata.update(source.metadata)

    def convert(self, packet: av.Packet) -> list[av.Packet]:
        if self.copied:
            packet.stream = self.target
            return [packet]
        frames = [made for frame in packet.decode() for made in self.resampler.resample(frame)]
        return [made for frame in frames for made in self.target.encode(frame)]

    def finish(self) -> list[av.Packet]:
        if self.copied:
            return []
        rest = [made for frame in self.resampler.resample(None) for made in self.target.encode(frame)]
        return rest + self.target.encode()
