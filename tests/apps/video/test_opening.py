"""Only the file itself is ever read, whatever its name and content say; and half a video is said to be half."""

import os
import threading

import numpy as np
import pytest

av = pytest.importorskip("av", reason="PyAV comes with artnet[video]")

from helpers.clips import frames_of, make_clip  # noqa: E402

from apps.cli import main  # noqa: E402
from apps.video.opening import open_media  # noqa: E402


def video(*arguments):
    return main(["video", *map(str, arguments), "--style", "style.png", "--no-steady"])


LISTS = {
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{clip}\n#EXT-X-ENDLIST\n",
    "list.ffconcat": "ffconcat version 1.0\nfile '{clip}'\n",
    "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    "list.mpd": '<?xml version="1.0"?><MPD><Period><AdaptationSet><Representation><BaseURL>{clip}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
}


@pytest.mark.parametrize("name", [*LISTS, "list.mp4"])
def test_lists_of_other_files_are_refused(name, fake, desk, capsys):
    clip = make_clip(desk / "private.ts")
    (desk / name).write_text(LISTS.get(name, LISTS["list.m3u8"]).format(clip=clip))
    assert video(name, "-o", "out.mp4") == 2
    err = capsys.readouterr().err
    assert f"{name} is a list that names other files" in err
    assert err.count("\n") == 1
    assert not (desk / "out.mp4").exists()


@pytest.mark.parametrize(
    "name", ["Movie: part 1.mp4", "http:x.mp4", "concat:a|b.mp4", "100%d.mp4", "pipe:0", "a\udce9.mp4"]
)
def test_names_are_names_of_files(name, fake, desk):
    os.rename(make_clip("in.mp4"), name)
    assert video(name, "-o", "out.mp4") == 0
    assert len(frames_of("out.mp4")) == 12


def test_a_pipe_by_name(fake, desk):
    data = make_clip(desk / "in.mp4", audio="aac").read_bytes()  # whose index is at its end
    os.mkfifo("pipe")
    writer = threading.Thread(target=(desk / "pipe").write_bytes, args=[data])
    writer.start()
    assert video("pipe", "-o", "out.mp4") == 0
    writer.join()
    assert len(frames_of("out.mp4")) == 12


def test_a_device_is_no_video(fake, desk, capsys):
    assert video("/dev/zero", "-o", "out.mp4") == 2
    assert "/dev/zero is a device; give a video file or a pipe" in capsys.readouterr().err


def test_a_still_picture_is_for_another_command(fake, desk, capsys):
    assert video("photo.png", "-o", "out.mp4") == 2
    assert "photo.png is a picture that does not move; paint it with artnet stylize" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi", "flv", "webm"])
def test_the_content_counts_and_not_the_suffix(suffix, desk):
    codec = {"webm": "libvpx", "avi": "mpeg4"}.get(suffix, "libx264")
    os.rename(make_clip(f"in.{suffix}", codec=codec), "in.bin")
    with open_media("in.bin") as container:
        assert container.streams.video


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("in.mkv", "libx264", {}),
        ("in.ts", "libx264", {}),
        ("in.avi", "mpeg4", {}),
        ("in.flv", "libx264", {}),
        ("in.wmv", "wmv2", {}),
        ("in.mp4", "libx264", {"movflags": "+faststart"}),
        ("in.mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
    ],
)
def test_half_a_video_is_painted_and_said(name, codec, options, fake, desk, capsys):
    noise = np.random.default_rng(0).integers(0, 256, (40, 48, 64, 3), dtype=np.uint8)  # so that all frames weigh alike
    data = make_clip(desk / name, noise, codec=codec, options=options).read_bytes()
    assert video(name, "-o", "whole.mp4") == 0
    assert capsys.readouterr().err == ""
    (desk / f"half-{name}").write_bytes(data[: int(len(data) * 0.6) | 1])
    assert video(f"half-{name}", "-o", "out.mp4") == 1
    err = capsys.readouterr().err
    assert f"artnet: half-{name}: the video was cut off: " in err
    assert err.count("\n") == 1
    assert 10 < len(frames_of("out.mp4")) < 40


def last_sound(data):
    """A place between two packets of the transport, within the last but one stretch of sound."""
    starts = [at for at in range(0, len(data), 188) if data[at + 1 : at + 3] == b"\x41\x01"]
    return starts[-2] + 5 * 188


@pytest.mark.parametrize(
    ("name", "codec", "audio", "length"),
    [("in.ts", "libx264", "aac", last_sound), ("in.mpg", "mpeg2video", None, lambda data: len(data) // 2)],
)
def test_half_a_broadcast_is_known_by_its_last_packets(name, codec, audio, length, fake, desk, capsys):
    """Where it is cut between two packets of the transport, its size does not tell."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 48, 64, 3), dtype=np.uint8)
    options = {"max_delay": "700000"}  # so that a stretch of sound is of several packets, as usual
    data = make_clip(desk / name, noise, codec=codec, audio=audio, options=options).read_bytes()
    assert video(name, "-o", "whole.mp4") == 0
    assert capsys.readouterr().err == ""
    (desk / f"half-{name}").write_bytes(data[: length(data)])
    assert video(f"half-{name}", "-o", "out.mp4") == 1
    assert f"artnet: half-{name}: the video was cut off: it ends within a packet" in capsys.readouterr().err
