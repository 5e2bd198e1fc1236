"""What comes with the pictures: tracks and their languages, subtitles, chapters, tags; damaged packets of them."""

from fractions import Fraction

import numpy as np
import pytest

av = pytest.importorskip("av", reason="PyAV comes with artnet[video]")

from helpers.clips import frames_of, make_clip, moving_frames  # noqa: E402

from apps.cli import main  # noqa: E402
from apps.video.tracks import plain  # noqa: E402

Disposition = av.stream.Disposition


def video(*arguments):
    return main(["video", *map(str, arguments), "--style", "style.png", "--no-steady"])


def tone(out, codec, layout="mono", rate=48000, seconds=1):
    """A stream of a codec, and the packets of a tone in it."""
    stream = out.add_stream(codec, rate=rate, layout=layout)
    wave = np.sin(np.arange(rate * seconds) * 440 * 2 * np.pi / rate).astype(np.float32)
    count = stream.codec_context.channels
    frame = av.AudioFrame.from_ndarray(np.tile(wave, (count, 1)), format="fltp", layout=layout)
    frame.rate, frame.pts = rate, 0
    size = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(stream.codec_context.format, layout, rate, frame_size=size)

    def packets():
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            yield from stream.encode(part)
        yield from stream.encode()

    return stream, packets


def add_video(out, frames):
    stream = out.add_stream("libx264", rate=25)
    stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"

    def packets():
        for n, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            yield from stream.encode(frame)
        yield from stream.encode()

    return stream, packets


def film(path):
    """Two pictures, the second the default; two sounds, the second the default; a subtitle, a chapter, tags."""
    with av.open(str(path), "w") as out:
        out.metadata.update({"ARTIST": "Someone", "DATE": "2001-02-03", "SECRET": "not for others"})
        times = {"start": 0, "end": 700, "time_base": Fraction(1, 1000)}
        out.set_chapters([{"id": 1, **times, "metadata": {"title": "One"}}])
        streams = [
            add_video(out, [np.zeros((48, 64, 3), np.uint8)] * 25),
            add_video(out, moving_frames(25)),
            tone(out, "aac"),
            tone(out, "ac3", "5.1"),
        ]
        streams[0][0].disposition = Disposition(0)
        streams[1][0].disposition = Disposition.default
        streams[2][0].metadata["language"], streams[3][0].metadata["language"] = "eng", "deu"
        streams[2][0].disposition, streams[3][0].disposition = Disposition(0), Disposition.default
        text = out.add_mux_stream("subrip")
        text.time_base, text.metadata["language"] = Fraction(1, 1000), "fra"
        for _, packets in streams:
            for packet in packets():
                out.mux(packet)
        line = av.Packet("<i>Où est-ce ?</i>".encode())
        line.stream, line.time_base, line.pts, line.dts, line.duration = text, text.time_base, 200, 200, 500
        out.mux(line)
    return path


def test_everything_beside_the_pictures_is_kept(fake, desk, capsys):
    film(desk / "in.mkv")
    assert video("in.mkv", "-o", "out.mp4") == 0
    with av.open("out.mp4") as container:
        eng, deu = container.streams.audio
        assert [s.codec_context.codec.canonical_name for s in (eng, deu)] == ["aac", "ac3"]
        assert [s.metadata["language"] for s in (eng, deu)] == ["eng", "deu"]
        assert [bool(s.disposition & Disposition.default) for s in (eng, deu)] == [False, True]
        assert deu.channels == 6
        [chapter] = container.chapters()
        assert (chapter["metadata"]["title"], chapter["end"] * chapter["time_base"]) == ("One", Fraction(7, 10))
        tags = {key.lower(): value for key, value in container.metadata.items()}
        assert (tags["artist"], tags["date"]) == ("Someone", "2001-02-03")
        assert "secret" not in tags
        text = container.streams.subtitles[0]
        assert text.metadata["language"] == "fra"
        [line] = [p for p in container.demux(text) if p.size > 2]
        assert bytes(line)[2:].decode() == "Où est-ce ?"
        assert float(line.pts * line.time_base) == pytest.approx(0.2)
        assert float(line.duration * line.time_base) == pytest.approx(0.5)
    assert frames_of("out.mp4")[0][1].min() < 40  # inverted, the bright square of the second picture stream
    assert capsys.readouterr().err == ""


def test_a_part_has_its_own_chapters_and_lines(fake, desk):
    film(desk / "in.mkv")
    assert video("in.mkv", "-o", "out.mp4", "--start", "0.4", "--end", "0.6") == 0
    with av.open("out.mp4") as container:
        [chapter] = container.chapters()
        assert float(chapter["end"] * chapter["time_base"]) == pytest.approx(0.2, abs=0.001)


@pytest.mark.parametrize(("data", "kind", "text"), [
    (b"0,0,Default,,0,0,0,,{\\an8}One\\Ntwo, three", "ass", "One\ntwo, three"),
    (b"<font color=red>Hello</font> 1 < 2", "subrip", "Hello 1 < 2"),
    (b"plain\0", "text", "plain"),
    (b"\xff", "subrip", "\ufffd"),
])  # fmt: skip
def test_subtitles_are_plain_text(data, kind, text):
    assert plain(data, kind).decode() == text


def test_mp3_is_copied(fake, desk):
    make_clip("in.mkv", moving_frames(25), audio="libmp3lame")
    assert video("in.mkv", "-o", "out.mp4") == 0
    with av.open("in.mkv") as before, av.open("out.mp4") as after:
        assert [bytes(p) for p in after.demux(audio=0) if p.size] == [bytes(p) for p in before.demux(audio=0) if p.size]


@pytest.mark.parametrize(("rate", "layout", "expected"), [(37800, "mono", (44100, 1)), (96000, "5.1", (48000, 6)),
                                                          (4000, "stereo", (8000, 2))])  # fmt: skip
def test_sound_of_any_rate_and_layout_becomes_aac(rate, layout, expected, fake, desk):
    with av.open("in.mov", "w") as out:
        streams = [add_video(out, moving_frames(25)), tone(out, "pcm_s16le", layout, rate)]
        for _, packets in streams:
            for packet in packets():
                out.mux(packet)
    assert video("in.mov", "-o", "out.mp4") == 0
    with av.open("out.mp4") as container:
        stream = container.streams.audio[0]
        assert (stream.sample_rate, stream.channels) == expected
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert samples / expected[0] == pytest.approx(1, abs=0.3 if rate == 4000 else 0.05)


@pytest.mark.parametrize("audio", ["libmp3lame", "flac", "pcm_s16le", "ac3"])
def test_damaged_sound_does_not_end_the_job(audio, fake, desk, capsys):
    make_clip("base.mkv", moving_frames(25), audio=audio)
    with av.open("base.mkv") as reading, av.open("in.mkv", "w") as writing:
        streams = {stream.index: writing.add_stream_from_template(stream) for stream in reading.streams}
        for n, packet in enumerate(reading.demux()):
            if not packet.size:
                continue
            if packet.stream.type == "audio" and n % 3 == 0:
                hurt = av.Packet(bytes(byte ^ 0x5A for byte in bytes(packet)))
                for name in ("stream", "pts", "dts", "time_base", "duration"):
                    setattr(hurt, name, getattr(packet, name))
                packet = hurt
            packet.stream = streams[packet.stream.index]
            writing.mux(packet)
    assert video("in.mkv", "-o", "out.mp4") == 0
    assert len(frames_of("out.mp4")) == 25
    err = capsys.readouterr().err
    assert err.count("\n") <= 1
    if audio != "pcm_s16le":  # any bytes are sound in that
        assert "damaged packets passed over" in err
