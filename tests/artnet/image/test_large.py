"""Pictures that are streamed: libvips reads and writes what Pillow would, and the way between stays on disk."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.tiny import noise_picture
from PIL import ExifTags, Image, ImageCms

import artnet.image.large
from artnet import Stylizer
from artnet.image import MAX_PIXELS, Picture, PictureError, flatten, read_picture
from artnet.image.large import is_large, read_large, write_large
from artnet.image.memmap import scratch_array
from artnet.model.checkpoint import save_checkpoint

pyvips = pytest.importorskip("pyvips")


def smooth(height, width, channels=3):
    coarse = noise_picture(5, 6, 1)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return image.convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])


def rotated(image):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Artist] = "somebody"
    return image, {"exif": exif}


def translucent():
    image = smooth(40, 50, 4)
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image, {}


def in_another_profile():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return smooth(40, 50), {"icc_profile": profile}


PICTURES = {
    "plain.png": lambda: (smooth(41, 53), {}),
    "grey.png": lambda: (smooth(41, 53, 1), {}),
    "deep.png": lambda: (Image.fromarray(np.linspace(0, 65535, 40 * 50).reshape(40, 50).astype(np.uint16)), {}),
    "translucent.png": translucent,
    "rotated.jpg": lambda: rotated(smooth(600, 300)),
    "profile.png": in_another_profile,
    "tiff.tif": lambda: (smooth(300, 20), {}),
    "web.webp": lambda: (smooth(300, 20), {"lossless": True}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_it_reads_what_pillow_reads(tmp_path, name):
    image, options = PICTURES[name]()
    image.save(tmp_path / name, **options)
    expected, found = read_picture(tmp_path / name), read_large(tmp_path / name, tmp_path)
    assert isinstance(found.rgb, np.memmap)
    assert found.rgb.shape == expected.rgb.shape
    difference = np.abs(found.rgb.astype(int) - flatten(expected))
    assert difference.max() <= 2
    assert found.exif == expected.exif
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_it_scales_while_reading(tmp_path):
    smooth(600, 400).save(tmp_path / "a.png")
    found = read_large(tmp_path / "a.png", tmp_path, short_side=100)
    assert found.rgb.shape == (150, 100, 3)
    assert np.abs(found.rgb.astype(int) - np.asarray(smooth(150, 100))).mean() < 3


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg", "webp"])
def test_it_writes_what_was_painted(tmp_path, suffix):
    rotated(smooth(60, 40))[0].save(tmp_path / "in.jpg", exif=rotated(smooth(6, 4))[1]["exif"])
    like = read_large(tmp_path / "in.jpg", tmp_path)
    target = tmp_path / f"out.{suffix}"
    write_large(target, like.rgb, like=like)
    written = read_picture(target)
    difference = np.abs(written.rgb.astype(int) - like.rgb)
    assert difference.max() == 0 if suffix in ("png", "tif") else difference.mean() < 3
    if suffix != "tif":  # whose tags libvips writes by itself
        exif = Image.Exif()
        exif.load(written.exif)
        assert exif[ExifTags.Base.Artist] == "somebody"
        write_large(target, like.rgb, like=like, strip_metadata=True)
        assert read_picture(target).exif is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jpg", target.name]


def test_a_damaged_picture_is_one_line(tmp_path):
    smooth(300, 300).save(tmp_path / "a.jpg")
    blob = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(blob[: len(blob) // 2])
    with pytest.raises(PictureError, match=r"a\.jpg is damaged") as caught:
        read_large(tmp_path / "a.jpg", tmp_path)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    (tmp_path / "a.jpg").write_text("old")
    wide = scratch_array((1, 65_501, 3), tmp_path)
    with pytest.raises(PictureError, match="JPEG holds at most 65500 pixels a side"):
        write_large(tmp_path / "a.jpg", wide, like=Picture(wide))
    with pytest.raises(FileNotFoundError):
        write_large(tmp_path / "nowhere" / "a.png", wide, like=Picture(wide))
    assert (tmp_path / "a.jpg").read_text() == "old"


def test_a_disk_without_room_is_told_with_the_targets_name(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise pyvips.Error("unable to write", "No space left on device")

    pixels = scratch_array((20, 30, 3), tmp_path)
    monkeypatch.setattr(pyvips.Image, "write_to_target", fail)
    with pytest.raises(OSError, match=r"^\S+/a\.png cannot be written \(.*No space left on device"):
        write_large(tmp_path / "a.png", pixels, like=Picture(pixels))
    assert list(tmp_path.iterdir()) == []


def test_what_is_huge(tmp_path, monkeypatch):
    smooth(40, 50).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no picture")
    monkeypatch.setattr(artnet.image.large, "HUGE_PIXELS", 1999)
    assert is_large(tmp_path / "a.png")
    assert not is_large(tmp_path / "b.png")
    assert not is_large(tmp_path / "none.png")
    monkeypatch.setattr(artnet.image.large, "HUGE_PIXELS", 2000)
    assert not is_large(tmp_path / "a.png")


def test_without_libvips_pillow_goes_as_far_as_it_can(tmp_path, monkeypatch):
    monkeypatch.setattr(artnet.image.large, "has_vips", lambda: False)
    monkeypatch.setattr(artnet.image.large, "HUGE_PIXELS", 1)
    smooth(40, 50).save(tmp_path / "a.png")
    assert not is_large(tmp_path / "a.png")
    Image.new("1", (MAX_PIXELS // 10_000 + 1, 10_000)).save(tmp_path / "b.png")
    assert is_large(tmp_path / "b.png")
    with pytest.raises(PictureError, match=r"b\.png is too large for memory: pip install 'artnet\[huge\]'"):
        read_large(tmp_path / "b.png", tmp_path)


def test_a_picture_on_disk_is_painted_on_disk(tiny, tmp_path, monkeypatch):
    save_checkpoint(tiny, tmp_path / "tiny.safetensors")
    stylizer = Stylizer.load(tmp_path / "tiny.safetensors")
    style = stylizer.prepare_style(noise_picture(64, 64), stroke_size=64)
    monkeypatch.setattr(stylizer.engine, "whole_pixels", 200 * 200)
    content = np.asarray(smooth(300, 280))
    on_disk = scratch_array(content.shape, tmp_path)
    on_disk[:] = content
    painted = stylizer.stylize(on_disk, style, tile=192)
    assert isinstance(painted, np.memmap)
    assert np.array_equal(painted, stylizer.stylize(content, style, tile=192))


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names there are Unicode")
@pytest.mark.parametrize("name", [b"caf\xe9.png", b"scan[page=3].png", b"a.png[1]", "\u65e5\u672c.png".encode()])
def test_names_are_names(tmp_path, name):
    path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))
    smooth(40, 50).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(path)
    like = read_large(path, tmp_path)
    assert np.array_equal(like.rgb, np.asarray(smooth(40, 50)))
    target = path.with_name("out-" + path.name.replace("[1]", "") + ".tif")
    write_large(target, like.rgb, like=like)
    assert np.array_equal(read_picture(target).rgb, like.rgb)
