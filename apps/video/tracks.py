"""Sound and text on their way into an MP4: as they are where it holds them, else as AAC and timed text."""

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import av
from av.filter import Graph

if TYPE_CHECKING:
    from av.container import OutputContainer

COPIED = frozenset(["aac", "mp3", "opus", "ac3", "eac3", "flac", "alac"])
"""Audio codecs that an MP4 holds as they are; others are converted to AAC."""
RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sampling rates that AAC has, up to the highest that is worth it."""
LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 8: "7.1"}
TEXTS = frozenset(["subrip", "srt", "text", "ass", "ssa", "webvtt", "mov_text"])
"""Subtitles that are text; others are pictures, which an MP4 does not hold."""
_LEAST = Fraction(1, 8000)  # seconds between packets of a stream, which no time base of an MP4 rounds away
_TICK = Fraction(1, 1000)  # seconds, of the times of texts
_BLOCK = 1024  # samples of an AAC packet


class Copied:
    """Sound whose packets are handed on as they are, with times that increase; damaged ones are counted."""

    def __init__(self, container: "OutputContainer", source: "av.AudioStream"):
        self.target = container.add_stream_from_template(source)
        self.context = source.codec_context
        self.good = self.bad = 0
        self.last: int | None = None

    @property
    def lost(self) -> int:
        """Damaged packets; sound of which nothing can be decoded is of a kind that only the decoder does not know."""
        return self.bad if self.good else 0

    def convert(self, packet: av.Packet) -> Iterator[av.Packet]:
        try:
            self.good += len(self.context.decode(packet))
        except av.FFmpegError:
            self.bad += 1
        pts, dts = _times(packet)
        step = max(1, math.ceil(_LEAST / packet.time_base))
        dts = dts if self.last is None else max(dts, self.last + step)
        packet.pts, packet.dts, self.last = max(pts, dts), dts, dts
        packet.stream = self.target
        yield packet

    def finish(self) -> Iterator[av.Packet]:
        return iter(())


class Converted:
    """Sound of any kind as AAC; gaps become silence and overlaps are dropped, so that it stays with the picture."""

    def __init__(self, container: "OutputContainer", source: "av.AudioStream"):
        context = source.codec_context
        self.rate = next((rate for rate in RATES if rate >= context.sample_rate), RATES[-1])
        self.layout = LAYOUTS.get(context.channels, "stereo")
        self.target = container.add_stream("aac", rate=self.rate, layout=self.layout)
        self.context, self.time_base = context, source.time_base
        self.lost = 0
        self.graph: tuple[object, Graph] | None = None
        self.blocks = av.AudioFifo()
        self.resampled = self.encoded = 0  # samples so far

    def convert(self, packet: av.Packet) -> Iterator[av.Packet]:
        try:
            frames = self.context.decode(packet)
        except av.FFmpegError:
            self.lost += 1
            return
        for frame in frames:
            kind = (frame.format.name, frame.layout.name, frame.sample_rate)
            if self.graph and self.graph[0] != kind:
                yield from self._drained()
            if not self.graph:
                self.graph = kind, self._resampler(frame)
            frame.time_base = self.time_base
            self.graph[1].push(frame)
            yield from self._pulled()

    def finish(self) -> Iterator[av.Packet]:
        yield from self._drained()
        if rest := self.blocks.read():
            yield from self._encode(rest)
        yield from self.target.encode()

    def _drained(self) -> Iterator[av.Packet]:
        if self.graph:
            self.graph[1].push(None)
            yield from self._pulled()
            self.graph = None

    def _pulled(self) -> Iterator[av.Packet]:
        while self.graph:
            try:
                frame = self.graph[1].pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(frame, av.AudioFrame)  # as its sink is one of sound
            self.resampled += frame.samples
            frame.pts = None  # there are no gaps any more: the count of samples is the time
            self.blocks.write(frame)
            while block := self.blocks.read(_BLOCK):
                yield from self._encode(block)

    def _encode(self, block: av.AudioFrame) -> list[av.Packet]:
        block.pts, block.time_base = self.encoded, Fraction(1, self.rate)
        self.encoded += block.samples
        return self.target.encode(block)

    def _resampler(self, frame: av.AudioFrame) -> Graph:
        """What makes sound of the frame's kind continuous, from where that of another kind has come to."""
        graph = Graph()
        nodes = [
            graph.add_abuffer(
                sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout, time_base=self.time_base
            ),
            graph.add("aresample", f"{self.rate}:async=1000:first_pts={self.resampled}"),
            graph.add("aformat", f"sample_fmts=fltp:sample_rates={self.rate}:channel_layouts={self.layout}"),
            graph.add("abuffersink"),
        ]
        for one, next_one in pairwise(nodes):
            one.link_to(next_one)
        graph.configure()
        return graph


class Text:
    """Subtitles as the timed text of an MP4 (3GPP TS 26.245): each a length of 2 bytes, and UTF-8."""

    def __init__(self, container: "OutputContainer", source: "av.stream.Stream"):
        self.kind = codec_of(source)
        self.target = container.add_mux_stream("mov_text")
        self.target.time_base = _TICK
        self.lost = 0
        self.end = 0

    def convert(self, packet: av.Packet) -> Iterator[av.Packet]:
        begin = max(self.end, round(_times(packet)[0] * packet.time_base / _TICK))
        duration = max(1, round((packet.duration or 0) * packet.time_base / _TICK))
        text = bytes(packet)[2:] if self.kind == "mov_text" else plain(bytes(packet), self.kind)
        self.end = begin + duration
        made = av.Packet(len(text[:65535]).to_bytes(2, "big") + text[:65535])
        made.stream, made.time_base = self.target, _TICK
        made.pts = made.dts = begin
        made.duration = duration
        yield made

    def finish(self) -> Iterator[av.Packet]:
        return iter(())


def _times(packet: av.Packet) -> tuple[int, int]:
    """When a packet is shown and decoded (pts, dts), which `VideoReader` gives each that it hands on."""
    assert packet.pts is not None
    assert packet.dts is not None
    return packet.pts, packet.dts


def plain(data: bytes, kind: str) -> bytes:
    """The text of a subtitle in UTF-8, without the marks of its format."""
    text = data.decode("utf-8", "replace").strip("\x00")
    if kind in ("ass", "ssa"):  # ReadOrder, Layer, Style, Name, three margins, Effect, Text
        text = text.split(",", 8)[-1]
        text = re.sub(r"\{[^}]*\}", "", text).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    return re.sub(r"</?[a-zA-Z][^>]*>", "", text).strip().encode()


Track = Copied | Converted | Text


def track_of(container: "OutputContainer", source: "av.stream.Stream") -> Track | None:
    """The way of a stream into the container; None for one that it cannot hold."""
    if source.type == "subtitle":
        track: Track | None = Text(container, source) if codec_of(source) in TEXTS else None
    elif source.type != "audio" or source.codec_context is None:
        track = None
    else:
        track = (Copied if codec_of(source) in COPIED else Converted)(container, source)  # type: ignore[arg-type]
    if track:
        track.target.metadata.update({k: v for k, v in source.metadata.items() if k in ("language", "title")})
        track.target.disposition = source.disposition
    return track


def codec_of(stream: "av.stream.Stream") -> str:
    """The name of a stream's codec, whichever decoder is used for it; empty where there is none."""
    context = stream.codec_context
    return context.codec.canonical_name if context and context.codec else ""
