"""Writing: whole or not at all, in every format."""

import io
import os
import stat

import numpy as np
import pytest
from helpers.picture_files import EVERY, LOSSLESS, RGB
from PIL import Image

from artnet.image import Picture, PictureError, flatten, read_picture, write_picture
from artnet.image.files import atomic_write


@pytest.mark.parametrize("suffix", EVERY)
@pytest.mark.parametrize("alpha", [False, True])
def test_round_trip(suffix, alpha, tmp_path):
    smooth = np.array(Image.fromarray(RGB[:2, :2] // 4 + 90).resize((48, 32), Image.Resampling.BILINEAR))
    like = Picture(smooth, np.full((32, 48), 200, np.uint8) if alpha else None)
    path = tmp_path / f"out.{suffix}"
    write_picture(path, smooth, like=like)
    again = read_picture(path)
    jpeg = suffix.startswith("jp")
    expected = flatten(like) if jpeg else smooth
    np.testing.assert_allclose(again.rgb.astype(int), expected.astype(int), atol=0 if suffix in LOSSLESS else 12)
    assert (again.alpha is not None) == (alpha and not jpeg)
    if again.alpha is not None:
        np.testing.assert_array_equal(again.alpha, like.alpha)


def test_jpeg_is_laid_on_white(tmp_path):
    black = np.zeros((16, 16, 3), np.uint8)
    write_picture(tmp_path / "out.jpg", black, like=Picture(black, np.zeros((16, 16), np.uint8)))
    assert (read_picture(tmp_path / "out.jpg").rgb == 255).all()


def test_quality_counts(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for suffix in ("jpg", "webp"):
        sizes = []
        for quality in (30, 95):
            write_picture(tmp_path / f"out.{suffix}", noise, quality=quality)
            sizes.append((tmp_path / f"out.{suffix}").stat().st_size)
        assert sizes[0] < sizes[1]


def test_paintings_are_packed_about_as_well_as_by_default(tmp_path):
    coarse = Image.fromarray(np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8))
    painted = np.asarray(coarse.resize((256, 256), Image.Resampling.BICUBIC))
    usual = io.BytesIO()
    Image.fromarray(painted).save(usual, "PNG")
    write_picture(tmp_path / "a.png", painted)
    assert (tmp_path / "a.png").stat().st_size < 1.1 * len(usual.getvalue())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_writes_to_a_stream_that_cannot_seek(kind):
    class Pipe:
        data = b""

        def write(self, data):
            self.data += bytes(data)

    pipe = Pipe()
    write_picture(pipe, RGB, format=kind)
    assert read_picture(io.BytesIO(pipe.data)).rgb.shape == RGB.shape


@pytest.mark.parametrize("name", ["out.gif", "out", "out.bmp", "out.jpg.txt", ".png"])
def test_unknown_suffix(name, tmp_path):
    with pytest.raises(PictureError, match=r"use one of \.png, \.jpg, \.jpeg, \.webp, \.tif, \.tiff"):
        write_picture(tmp_path / name, RGB)
    assert not list(tmp_path.iterdir())


def test_size_must_be_that_of_the_source(tmp_path):
    with pytest.raises(PictureError, match=r"\(5, 7, 3\).*\(4, 7, 3\)"):
        write_picture(tmp_path / "out.png", RGB, like=Picture(RGB[:4]))


@pytest.mark.parametrize(("suffix", "side"), [("webp", 16384), ("jpg", 65501)])
def test_side_too_long_for_the_format(suffix, side, tmp_path):
    with pytest.raises(PictureError, match=rf"not {side}; use \.png"):
        write_picture(tmp_path / f"out.{suffix}", np.zeros((1, side, 3), np.uint8))


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        write_picture(tmp_path / "no" / "out.png", RGB)


@pytest.mark.parametrize("broken", ["PIL.Image.Image.save", "os.replace"])
def test_failed_write_leaves_the_old_file(broken, tmp_path, monkeypatch):
    path = tmp_path / "out.png"
    path.write_bytes(b"old")

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(broken, fail)
    with pytest.raises(OSError, match="disk full"):
        write_picture(path, RGB)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["out.png"]


def test_interrupted_write_leaves_nothing(tmp_path):
    def write_half():
        with atomic_write(tmp_path / "out.bin") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="no such permissions and links there")
def test_permissions_and_links_are_those_of_a_plain_write(tmp_path):
    (tmp_path / "plain").touch()
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    write_picture(tmp_path / "link.png", RGB)
    assert (tmp_path / "link.png").is_symlink()
    mode = stat.S_IMODE((tmp_path / "real.png").stat().st_mode)
    assert mode == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
