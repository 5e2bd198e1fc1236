"""Whether sound stays with the picture, by containers and codecs, and whether frames and length are kept.

    python -m benchmarks.video_sync [--json benchmarks/results/video-sync.json]

Needs the programs ffmpeg and ffprobe. Clips with a white frame and a beep at the same, known times are made in each
container, some with clocks that start anew, repeat or begin below zero, then converted with a stylizer that changes
nothing. `offset` is how long after a flash its beep comes, as decoded, in milliseconds, the worst pair: its difference
between input and output is what the conversion did. For clips that are joined from parts, the parts are the input.
"""

import argparse
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np

from apps.benchmark.timing import describe, save
from apps.video.convert import Clip, convert
from apps.video.reading import VideoReader
from artnet.settings import StyleSettings

RATE, SECONDS, SOUND = 25, 4, 44100
MARKS = (0.6, 1.4, 2.6, 3.4)
"""Seconds at which there is a flash and a beep; not evenly spaced, so that no pair is taken for another."""
ENCODERS = {
    "h264+aac": "-c:v libx264 -pix_fmt yuv420p -c:a aac",
    "hevc+aac": "-c:v libx265 -x265-params log-level=error -pix_fmt yuv420p -c:a aac",
    "h264+mp3": "-c:v libx264 -pix_fmt yuv420p -c:a libmp3lame",
    "h264+ac3": "-c:v libx264 -pix_fmt yuv420p -c:a ac3",
    "h264+pcm": "-c:v libx264 -pix_fmt yuv420p -c:a pcm_s16le",
    "mpeg4+mp3": "-c:v mpeg4 -q:v 3 -c:a libmp3lame",
    "mpeg4+pcm": "-c:v mpeg4 -q:v 3 -c:a pcm_s16le",
    "mpeg2+mp2": "-c:v mpeg2video -q:v 3 -c:a mp2",
    "mpeg2+pcm": "-c:v mpeg2video -q:v 3 -c:a pcm_s16le -ar 48000",
    "flv1+mp3": "-c:v flv -q:v 3 -c:a libmp3lame",
    "wmv2+wma": "-c:v wmv2 -q:v 3 -c:a wmav2",
    "vp8+vorbis": "-c:v libvpx -b:v 1M -c:a libvorbis",
    "vp9+opus": "-c:v libvpx-vp9 -b:v 1M -c:a libopus",
    "theora+vorbis": "-c:v libtheora -q:v 6 -c:a libvorbis",
    "prores+pcm": "-c:v prores_ks -c:a pcm_s16le",
    "ffv1+flac": "-c:v ffv1 -c:a flac",
    "mjpeg+pcm": "-c:v mjpeg -q:v 3 -c:a pcm_s16le -ar 37800",
}
PLAIN = (
    ("mp4", "h264+aac", ""), ("mp4", "hevc+aac", ""), ("mp4", "h264+mp3", ""), ("mov", "h264+pcm", ""),
    ("mov", "prores+pcm", ""), ("mov", "mjpeg+pcm", ""), ("mkv", "h264+aac", ""), ("mkv", "h264+mp3", ""),
    ("mkv", "ffv1+flac", ""), ("mkv", "h264+ac3", ""), ("webm", "vp8+vorbis", ""), ("webm", "vp9+opus", ""),
    ("avi", "mpeg4+mp3", ""), ("avi", "mpeg4+pcm", ""), ("ts", "h264+aac", ""), ("ts", "mpeg2+mp2", ""),
    ("mpg", "mpeg2+mp2", ""), ("flv", "h264+aac", ""), ("flv", "flv1+mp3", ""), ("wmv", "wmv2+wma", ""),
    ("ogv", "theora+vorbis", ""), ("mxf", "mpeg2+pcm", ""), ("nut", "h264+mp3", ""),
    ("ts", "h264+aac", "-output_ts_offset 95440.9"), ("ts", "h264+aac", "-output_ts_offset 95441.7"),
    ("mp4", "h264+aac", "-movflags frag_keyframe+empty_moov"),
)  # fmt: skip
SHIFTED = (("mp4", "h264+aac", 0.3), ("mkv", "h264+mp3", 0.3), ("mov", "h264+pcm", 0.3), ("ts", "h264+aac", 0.3),
           ("mp4", "h264+aac", -0.3), ("mkv", "h264+mp3", -0.3), ("mov", "h264+pcm", -0.3))  # fmt: skip
"""Sound that begins so many seconds after the picture, or before it."""
JOINED = (("ts", "h264+aac"), ("ts", "mpeg2+mp2"), ("flv", "h264+aac"), ("mpg", "mpeg2+mp2"))


@dataclass(frozen=True)
class Measured:
    """Frames, seconds of video from the first frame to the end of the last, and seconds from each flash to its beep."""

    frames: int
    seconds: float
    offsets: tuple[float, ...]


class Unchanged:
    """Stands in for a stylizer."""

    def stylize(self, content: np.ndarray, settings: StyleSettings, **_: Any) -> np.ndarray:
        return content


def measure(path: Path) -> Measured:
    """Decode a file, as a player does: empty packets show the frame before once more."""
    flashes, times, samples, begin = [], [], [], None
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        for frame in decoded(container, video, audio):
            if isinstance(frame, float):
                times.append(frame)
            elif isinstance(frame, av.VideoFrame):
                times.append(frame.time)
                if frame.to_ndarray(format="gray").mean() > 128:
                    flashes.append(frame.time)
            else:
                begin = frame.time if begin is None else begin
                rate = frame.sample_rate
                place = round((frame.time - begin) * rate)
                samples.append((place, np.abs(frame.to_ndarray().astype(np.float32)).reshape(-1, frame.samples)[0]))
    beeps = onsets(samples, rate, begin)
    if len(flashes) != len(beeps):
        raise ValueError(f"{path.name}: {len(flashes)} flashes but {len(beeps)} beeps")
    step = float(np.median(np.diff(sorted(times))))
    return Measured(
        len(times), times[-1] - times[0] + step, tuple(float(b - f) for b, f in zip(beeps, flashes, strict=True))
    )


def decoded(container: Any, *streams: Any) -> Iterator["av.VideoFrame | av.AudioFrame | float"]:
    """Frames, and the seconds of empty packets; FFmpeg passes over sound without a time, which is before the first."""
    for packet in container.demux(*streams):
        if not packet.size and packet.pts is not None:
            yield float(packet.pts * packet.time_base)
        else:
            yield from (frame for frame in packet.decode() if frame.time is not None)


def onsets(samples: list[tuple[int, np.ndarray]], rate: int, begin: float) -> list[float]:
    """Seconds at which it becomes loud after a tenth of a second of silence."""
    wave = np.zeros(max(place + len(block) for place, block in samples), np.float32)
    for place, block in samples:
        wave[max(place, 0) : place + len(block)] = block[max(-place, 0) :]
    loud = np.flatnonzero(wave > wave.max() / 3)
    first = np.r_[True, np.diff(loud) > rate / 10]
    return [float(begin + place / rate) for place in loud[first]]


def encode(path: Path, codecs: str, options: str = "", shift: float = 0.0) -> Path:
    """Write the clip; `shift` delays the sound (or the picture, where negative) by cutting off its beginning."""
    between = "+".join(f"between(t,{mark - 1e-3},{mark + 0.0385})" for mark in MARKS)
    picture = f"color=black:s=128x96:r={RATE}:d={SECONDS},drawbox=c=white:t=fill:enable='{between}'"
    tone = f"aevalsrc='0.5*sin(2*PI*1000*t)*({between})':s={SOUND}:d={SECONDS}"
    # Cut, not moved: what is left stays at its time, and the stream begins later.
    cut = f"-filter_complex [{0 if shift < 0 else 1}]{'trim' if shift < 0 else 'atrim'}={abs(shift)}[cut]"
    maps = ["-map", "[cut]", "-map", "1" if shift < 0 else "0"]
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone]
    command += [*cut.split(), *maps] if shift else []
    subprocess.run([*command, *ENCODERS[codecs].split(), *options.split(), str(path)], check=True)
    return path


def joined(folder: Path, suffix: str, codecs: str) -> tuple[Path, list[Path]]:
    """Two recordings one behind the other, byte by byte."""
    part = encode(folder / f"part.{suffix}", codecs)
    data = part.read_bytes()
    path = folder / f"joined.{suffix}"
    path.write_bytes(data + (data[13:] if suffix == "flv" else data))
    return path, [part, part]


def repeated(folder: Path) -> tuple[Path, list[Path]]:
    """A Matroska file in which a packet of sound has the time of the one before, and one steps back."""
    part = encode(folder / "base.mp4", "h264+aac")
    path, count, last = folder / "repeated.mkv", 0, 0
    with av.open(str(part)) as source, av.open(str(path), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "audio":
                count += 1
                if count in (20, 40):
                    packet.pts = packet.dts = last - (count == 40)
                last = packet.dts
            packet.stream = streams[packet.stream.index]
            target.mux(packet)
    return path, [part]


def cases(folder: Path) -> list[tuple[str, Callable[[], tuple[Path, list[Path]]]]]:
    """(what it is, what makes it and gives the file and the parts that it is made of)."""

    def whole(suffix: str, codecs: str, options: str = "", shift: float = 0.0) -> tuple[Path, list[Path]]:
        path = encode(folder / f"clip.{suffix}", codecs, options, shift)
        return path, [path]

    found: list[tuple[str, Callable[[], tuple[Path, list[Path]]]]] = []
    for suffix, codecs, options in PLAIN:
        found.append((f"{suffix} {codecs} {options}".strip(), lambda c=(suffix, codecs, options): whole(*c)))
    for suffix, codecs, shift in SHIFTED:
        late = f"{'sound' if shift > 0 else 'picture'} begins {abs(shift)} s later"
        found.append((f"{suffix} {codecs} {late}", lambda c=(suffix, codecs, "", shift): whole(*c)))
    for suffix, codecs in JOINED:
        found.append((f"{suffix} {codecs} joined", lambda c=(suffix, codecs): joined(folder, *c)))
    found.append(("mkv h264+aac, times repeat and step back", lambda: repeated(folder)))
    return found


def compare(path: Path, parts: list[Path], target: Path) -> dict[str, Any]:
    """Convert, and set what came out beside what went in."""
    with VideoReader(path) as reader:
        made = convert(reader, target, Unchanged(), StyleSettings(grain=0.0), Clip(steady=False), lambda *_: None)
    before, after = [measure(part) for part in parts], measure(target)
    wanted = [offset for part in before for offset in part.offsets]
    drift = max(abs(a - b) for a, b in zip(after.offsets, wanted, strict=True))
    return {
        "frames": [sum(part.frames for part in before), after.frames],
        "seconds": [round(sum(part.seconds for part in before), 3), round(after.seconds, 3)],
        "offset_in_ms": round(1000 * max(wanted, key=abs), 1),
        "offset_out_ms": round(1000 * max(after.offsets, key=abs), 1),
        "difference_ms": round(1000 * drift, 1),
        "remarks": made.remarks,
    }


def is_right(row: dict[str, Any], frames: float) -> bool:
    """Whether sound and frames are kept, and the length within so many frames.

    Of joined parts, the last of the sound goes on for a part of a frame, and what follows begins after it.
    """
    if "error" in row or row["difference_ms"] > 40 or row["frames"][0] != row["frames"][1]:
        return False
    return abs(row["seconds"][0] - row["seconds"][1]) <= frames / RATE + 1e-6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    av.logging.set_level(None)
    rows = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        for title, make in cases(folder):
            try:
                path, parts = make()
                rows[title] = compare(path, parts, folder / "out.mp4")
            except Exception as error:
                rows[title] = {"error": f"{type(error).__name__}: {error}"}
            print(title, rows[title], flush=True)
    bad = [title for title, row in rows.items() if not is_right(row, 1 if title.endswith("joined") else 0.5)]
    print(f"{len(rows)} kinds, {len(bad)} not right: {bad}")
    if args.json:
        save(args.json, {"machine": describe(), "kinds": rows, "not_right": bad})


if __name__ == "__main__":
    main()
