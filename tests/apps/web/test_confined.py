"""Work in processes of their own: bombs end there, in words; and pictures that ask for too much."""

import os
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="Gradio comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[web]")

from helpers.clips import make_clip, moving_frames

from apps import samples
from apps.video.convert import Clip
from apps.web import confined, reading
from apps.web.uploads import read_mask, read_style, read_upload, sentence
from artnet.image import read_picture
from artnet.stylizer import Memory

ENOUGH = confined.Bounds(memory=300_000_000, seconds=60)


def run(function, *args, bounds=ENOUGH, check=None):
    return confined.run(function, *args, bounds=bounds, what="photo", check=check)


def test_values_come_back():
    assert run(pow, 3, 4) == 81
    big = np.arange(1_000_000).reshape(1000, 1000)
    assert (run(np.negative, big) == -big).all()


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is bounded on Linux")
def test_memory_is_bounded():
    assert len(run(bytes, 100_000_000)) == 100_000_000
    with pytest.raises(confined.ConfinedError, match="this photo takes more memory"):
        run(bytes, 400_000_000)


@pytest.mark.parametrize(
    ("function", "args", "message"),
    [
        (int, ["x"], "invalid literal"),
        (os.abort, [], "this photo is damaged, or takes too much"),
        (os._exit, [0], "this photo is damaged, or takes too much"),
        (len, [5], "this photo cannot be read .*no len"),
        (open, ["/none"], "/none: No such file"),
    ],
)
def test_failures_come_back_in_words(function, args, message):
    with pytest.raises(confined.ConfinedError, match=message):
        run(function, *args)


def test_silence_is_bounded():
    with pytest.raises(confined.ConfinedError, match="takes more than 0 s to read"):
        run(time.sleep, 1000, bounds=confined.Bounds(10**8, 0.2))


def test_a_check_ends_the_work():
    def check():
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        run(time.sleep, 1000, check=check)


def test_messages_hide_paths_of_the_server():
    assert sentence(ValueError("/tmp/artnet-web-1/a b is damaged (see /usr/lib/x)")).count("/") == 0
    assert sentence(ValueError("16/24 of http://127.0.0.1:80/a/b")) == "16/24 of http://127.0.0.1:80/a/b"
    assert "cannot be understood (TypeError)" in sentence(TypeError("list indices"))
    assert (
        sentence(OSError(28, "No space left on device", "/tmp/a/b")) == "a file of the server: No space left on device"
    )


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, *chunks):
    """A PNG that says its size, and holds nothing of it."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


INFLATED = zlib.compress(bytes(100_000_000), 9)
BOMBS = {
    "wide": (png(52_000_000, 1), "52000000 x 1 pixels; the page takes up to 52 megapixels"),
    "high": (png(1, 3_000_000), "1 x 3000000 pixels; the page takes up to"),
    "flat, as it is padded": (png(16_384, 3170), "16384 x 3170 pixels; the page takes up to"),
    "large": (png(60_000, 60_000), "60000 x 60000 pixels; the page takes up to"),
    "text": (png(64, 64, chunk(b"zTXt", b"Comment\0\0" + INFLATED)), "this photo is damaged"),
    "profile": (png(64, 64, chunk(b"iCCP", b"icc\0\0" + INFLATED)), "this photo is damaged"),
    "gif": (b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\0\0\0,", "this photo"),
    "ppm": (b"P6 999999 999999 255\n", "999999 x 999999 pixels; the page takes up to"),
    "bmp": (b"BM" + bytes(12) + struct.pack("<IiiHHIIiiII", 40, 3900, 4000, 1, 24, 0, 0, 0, 0, 0, 0), "this photo"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_pictures_that_ask_for_too_much(name, tmp_path):
    content, message = BOMBS[name]
    (tmp_path / "bomb").write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_upload(str(tmp_path / "bomb"))
    assert str(tmp_path) not in str(caught.value)


def test_largest_picture_is_read(tmp_path):
    Image.new("RGB", (16_384, 3168)).save(tmp_path / "a.png")
    assert read_upload(str(tmp_path / "a.png")).rgb.shape == (3168, 16_384, 3)


def test_layers_are_bounded_too(tmp_path):
    (tmp_path / "layer.png").write_bytes(png(60_000, 60_000))
    with pytest.raises(ValueError, match="this mask has 60000 x 60000 pixels"):
        read_mask([str(tmp_path / "layer.png")], 64, 64)


def test_styles_are_made_small_where_they_are_read(tmp_path):
    path = tmp_path / "style.png"
    for size, shape in {(300, 200): (100, 150, 3), (60, 80): (80, 60, 3), (8000, 40): (40, 120, 3)}.items():
        Image.new("RGB", size).save(path)
        assert read_style(str(path), 100).shape == shape
    Image.new("RGB", (200, 8000)).save(path)
    assert read_style(str(path), 100).shape == (300, 100, 3)


def test_own_style_is_the_bundled_one(tmp_path, stylizer):
    bundled = samples.style("wave-print")
    (tmp_path / "own.jpg").write_bytes(bundled.read_bytes())
    own = read_style(str(tmp_path / "own.jpg"), 64)
    assert (stylizer.fit_style(own, 64) == stylizer.fit_style(read_picture(bundled).rgb, 64)).all()


def test_deleted_uploads(tmp_path):
    with pytest.raises(ValueError, match="this photo is deleted by now"):
        read_upload(str(tmp_path / "a.png"))


def video(clip, **limits):
    """What a confined process sends while it takes a clip apart; frames are painted as their negatives."""
    target = clip.parent / "out.mp4"
    bounds, made = confined.Bounds(600_000_000, 60), reading.VideoLimits(**limits)
    arguments = (str(clip), str(target), Clip(), made)
    with confined.started(reading.video, *arguments, bounds=bounds, what="video") as messages:
        for kind, value in messages():
            if kind == "paint":
                messages.answer(reading.answers(lambda rgb, _: 255 - rgb, *value))
            yield kind, value


def test_frames_are_painted_by_the_other_end(tmp_path):
    sent = list(video(make_clip(tmp_path / "a.mp4", moving_frames(5))))
    asked, done = ([value for kind, value in sent if kind == which] for which in ("paint", "progress"))
    assert len(asked) == len(done) == 5
    # A frame is painted while the last ones are written, but no frame is done before it is painted.
    kinds = [kind for kind, _ in sent]
    assert all(kinds[:n].count("paint") >= kinds[:n].count("progress") for n in range(len(kinds) + 1))
    assert isinstance(asked[0][1], Memory)
    assert [seconds for seconds, _ in done] == sorted(seconds for seconds, _ in done)
    assert (tmp_path / "out.mp4").stat().st_size


def test_videos_longer_than_they_say(tmp_path):
    clip = make_clip(tmp_path / "a.h264", moving_frames(9))  # a bare stream: no length, no count
    for limits, message in (({"frames": 5}, "more than 5 frames"), ({"seconds": 0.2}, "longer than 0 s")):
        with pytest.raises(ValueError, match=message):
            list(video(clip, **limits))


def test_frames_count_with_square_pixels(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", moving_frames(3), aspect=4)
    with pytest.raises(ValueError, match="this video has frames of 256 x 48"):
        list(video(clip, pixels=2 * 64 * 48))
    shapes = {value[0].shape for kind, value in video(clip) if kind == "paint"}
    assert shapes == {(48, 256, 3)}


def test_frames_that_grow_midway(tmp_path):
    parts = [make_clip(tmp_path / f"{n}.ts", moving_frames(3, 48 * n, 64 * n)) for n in (1, 4)]
    clip = tmp_path / "both.ts"
    clip.write_bytes(b"".join(part.read_bytes() for part in parts))
    shapes = {value[0].shape[:2] for kind, value in video(clip) if kind == "paint"}
    assert len(shapes) == 1  # all are painted at the size that was asked for
