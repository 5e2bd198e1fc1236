import argparse
from fractions import Fraction

import numpy as np
import pytest

av = pytest.importorskip("av", reason="PyAV comes with artnet[video]")

from helpers.clips import audio_packets, frames_of, make_clip, moving_frames  # noqa: E402

from apps.cli import main  # noqa: E402
from apps.video.command import seconds  # noqa: E402


def video(*arguments, style="style.png"):
    return main(["video", *map(str, arguments), "--style", style])


def near(rgb, expected, tolerance=6):
    return np.abs(rgb.astype(int) - expected).max() <= tolerance


def test_frames_are_painted_with_times_size_and_sound_kept(fake, desk, capsys):
    make_clip("in.mp4", audio="aac")
    assert video("in.mp4", "-o", "out.mp4", "--no-steady", "--strength", "0.5", "--stroke-size", "64") == 0
    before, after = frames_of("in.mp4"), frames_of("out.mp4")
    assert [time for time, _ in after] == [time for time, _ in before]
    for (_, content), (_, painted) in zip(before, after, strict=True):
        assert np.abs(255 - content.astype(int) - painted).mean() < 4
    assert audio_packets("out.mp4") == audio_packets("in.mp4")
    assert (fake.stroke_size, set(fake.calls), len(fake.calls)) == (64, {(0.5, "s2")}, 12)
    assert fake.settings.grain == 0  # it would stand still in front of what moves
    assert capsys.readouterr().out == "12 frames, 0.48 s, 64 x 48\nout.mp4\n"


def test_a_name_is_made_where_none_is_given(fake, desk, capsys):
    (desk / "clips").mkdir()
    make_clip("clips/in.mp4")
    for name in ("in-style.mp4", "in-style-2.mp4"):
        assert video("clips/in.mp4", "--no-steady") == 0
        assert capsys.readouterr().out.splitlines()[-1] == name
        assert len(frames_of(name)) == 12


def test_result_plays_in_browsers(fake, desk):
    make_clip("in.mp4", audio="aac")
    assert video("in.mp4", "-o", "out.mp4") == 0
    with av.open("out.mp4") as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert float(stream.duration * stream.time_base) == pytest.approx(0.48)
        assert stream.average_rate == 25
    data = (desk / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_uneven_frame_times(fake, desk):
    times = [0, 40, 60, 260, 280, 300, 700, 720, 740, 1000, 1010, 1500]
    make_clip("in.mkv", times=times)
    assert video("in.mkv", "-o", "out.mp4") == 0
    assert [round(1000 * time) for time, _ in frames_of("out.mp4")] == times


def test_ntsc_rate(fake, desk):
    make_clip("in.mp4", rate=Fraction(30000, 1001))
    assert video("in.mp4", "-o", "out.mp4") == 0
    with av.open("out.mp4") as container:
        assert container.streams.video[0].average_rate == Fraction(30000, 1001)


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_rotation_is_applied(degrees, fake, desk):
    make_clip("in.mp4", rotation=degrees)
    with av.open("in.mp4") as container:
        turn = next(container.decode(video=0)).rotation
    assert turn % 360 == degrees % 360
    assert video("in.mp4", "-o", "out.mp4", "--no-steady") == 0
    [(_, content), *_], [(_, painted), *_] = frames_of("in.mp4"), frames_of("out.mp4")
    with av.open("out.mp4") as container:
        assert next(container.decode(video=0)).rotation == 0
    assert np.abs(np.rot90(255 - content, degrees // 90).astype(int) - painted).mean() < 4


@pytest.mark.parametrize("matrix", [1, 6])
def test_colours_and_their_tags_are_kept(matrix, fake, desk, monkeypatch):
    monkeypatch.setattr(fake, "stylize", lambda content, *_, **__: content)
    color = np.full((48, 64, 3), (220, 60, 40), np.uint8)
    make_clip("in.mp4", [color] * 3, matrix=matrix)
    assert video("in.mp4", "-o", "out.mp4") == 0
    with av.open("out.mp4") as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_primaries, frame.color_trc) == (matrix, matrix, matrix)
        assert near(frame.to_ndarray(format="rgb24"), color)


def test_odd_sides_are_padded(fake, desk):
    make_clip("in.mkv", moving_frames(3, 45, 63))
    assert video("in.mkv", "-o", "out.mp4") == 0
    assert frames_of("out.mp4")[0][1].shape == (46, 64, 3)


def test_size_is_that_of_the_short_side(fake, desk):
    make_clip("in.mp4")
    assert video("in.mp4", "-o", "out.mp4", "--size", "24") == 0
    assert frames_of("out.mp4")[0][1].shape == (24, 32, 3)


def test_part(fake, desk):
    make_clip("in.mp4", moving_frames(20), audio="aac")
    assert video("in.mp4", "-o", "out.mp4", "--start", "0.2", "--end", "0:0.6", "--no-steady") == 0
    before, after = frames_of("in.mp4"), frames_of("out.mp4")
    assert [round(time, 3) for time, _ in after] == [round(0.04 * n, 3) for n in range(10)]
    assert np.abs(255 - before[5][1].astype(int) - after[0][1]).mean() < 4
    sound, whole = audio_packets("out.mp4"), audio_packets("in.mp4")
    assert 0.3 < len(sound) / len(whole) < 0.7
    assert b"".join(sound) in b"".join(whole)


def test_sound_that_mp4_cannot_hold_becomes_aac(fake, desk):
    make_clip("in.mkv", moving_frames(25), audio="pcm_s16le")
    assert video("in.mkv", "-o", "out.mp4") == 0
    with av.open("out.mp4") as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name == "aac"
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    assert len(sound) / 48000 == pytest.approx(1, abs=0.05)
    assert np.argmax(np.abs(np.fft.rfft(sound[:48000]))) == pytest.approx(440, abs=3)


def test_stream_that_begins_late(fake, desk):
    """MPEG-TS counts from 1.4 s on; the result begins at 0."""
    make_clip("in.ts", audio="aac", options={"output_ts_offset": "5"})
    assert frames_of("in.ts")[0][0] > 1
    assert video("in.ts", "-o", "out.mp4") == 0
    assert frames_of("out.mp4")[0][0] == pytest.approx(0, abs=0.05)
    assert len(frames_of("out.mp4")) == 12


def written(path, data):
    path.write_bytes(data)
    return path.name


def cut(desk, name, share):
    data = make_clip(desk / f"whole_{name}").read_bytes()
    return written(desk / name, data[: int(share * len(data))])


def sound_only(desk):
    with av.open("sound.mp4", "w") as out:
        tone = out.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate = 48000
        out.mux([*tone.encode(frame), *tone.encode()])
    return "sound.mp4"


def empty(desk):
    with av.open("none.mkv", "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        out.start_encoding()
    return "none.mkv"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda desk: "missing.mp4", "missing.mp4 does not exist; give a video file"),
        (lambda desk: "photos", "photos is a folder"),
        (lambda desk: written(desk / "zero.mp4", b""), "zero.mp4 is not a video that can be read"),
        (lambda desk: written(desk / "letter.mp4", b"Dear Sir or Madam " * 99), "letter.mp4 is not a video"),
        (lambda desk: cut(desk, "half.mp4", 0.5), "half.mp4 is not a video that can be read, or is damaged"),
        (sound_only, "sound.mp4 has no video stream"),
        (empty, "none.mkv"),
        (lambda desk: str(make_clip("in.mp4")) + " --start 9", "the start (9 s) is after the end"),
        (lambda desk: str(make_clip("in.mp4")) + " --start 0.3 --end 0.2", "must be after the start"),
        (lambda desk: str(make_clip("in.mp4")) + " --start soon", "'soon' is not a time"),
        (lambda desk: str(make_clip("in.mp4")) + " -o out.avi", "videos are written as .mp4"),
        (lambda desk: str(make_clip("in.mp4")) + " -o in.mp4", "in.mp4 is one of the inputs"),
        (lambda desk: str(make_clip("in.mp4")) + " -o no/out.mp4", "there is no folder no"),
        (lambda desk: str(make_clip("in.mp4")) + " --style missing.jpg", "missing.jpg does not exist"),
    ],
)
def test_bad_input_is_one_line(make, message, fake, desk, capsys):
    name, *options = make(desk).split()
    capsys.readouterr()
    before = {path: path.is_file() and path.read_bytes() for path in desk.rglob("*")}
    assert video(name, "-o", "out.mp4", *options) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("artnet: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert {path: path.is_file() and path.read_bytes() for path in desk.rglob("*")} == before


def test_absurd_size(fake, desk, capsys, monkeypatch):
    monkeypatch.setattr("apps.video.reading.MAX_PIXELS", 1000)
    make_clip("in.mp4")
    assert video("in.mp4", "-o", "out.mp4") == 2
    assert "in.mp4 has frames of 64 x 48, more than" in capsys.readouterr().err
    assert fake.loaded is None


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_interruption_leaves_the_old_file_and_no_half_one(error, fake, desk, monkeypatch):
    make_clip("in.mp4", audio="aac")
    (desk / "out.mp4").write_bytes(b"old")

    def fail(content, *_, **__):
        fake.calls.append(0)
        if len(fake.calls) == 5:
            raise error
        return content

    monkeypatch.setattr(fake, "stylize", fail)
    assert video("in.mp4", "-o", "out.mp4") in (2, 130)
    assert (desk / "out.mp4").read_bytes() == b"old"
    assert not list(desk.glob(".artnet*"))


def test_damaged_packets_are_passed_over(fake, desk, capsys):
    data = bytearray(make_clip(desk / "in.avi", moving_frames(30), codec="mpeg4").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = bytes(300)
    (desk / "hurt.avi").write_bytes(data)
    assert video("hurt.avi", "-o", "out.mp4") == 0
    assert len(frames_of("out.mp4")) >= 20


@pytest.mark.parametrize(("text", "value"), [("75", 75), ("1:15.5", 75.5), ("1:00:00", 3600)])
def test_times(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "x", "-1", "1:2:3:4", "nan", "1:-2"])
def test_bad_times(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is not a time"):
        seconds(text)


def test_with_a_real_network(tiny, desk, capsys):
    from artnet import save_checkpoint

    save_checkpoint(tiny, desk / "net.safetensors")
    make_clip("in.mp4", moving_frames(4), audio="aac")
    assert video("in.mp4", "-o", "out.mp4", "--weights", "net.safetensors", "--stroke-size", "32") == 0
    assert len(frames_of("out.mp4")) == 4
