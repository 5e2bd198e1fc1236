"""Reading: every mode and depth, upright, and what is no picture."""

import io
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from helpers.picture_files import RGB, flat, png, stream
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from artnet.image import PictureError, pixels, read_picture, write_picture
from artnet.image import bit_depth as decoding


def test_a_damaged_tiff_is_refused_without_a_line_of_the_decoder(tmp_path, caplog):
    blob = bytearray(stream(Image.fromarray(RGB), "TIFF").getvalue())
    at = blob.index(struct.pack("<HHI", 277, 3, 1)) + 8  # samples of a pixel
    blob[at : at + 2] = struct.pack("<H", 57_344)
    with pytest.raises(PictureError):
        read_picture(io.BytesIO(bytes(blob)))
    assert not caplog.records


def test_importing_needs_no_torch():
    code = "import sys, artnet.image, artnet.image.compose; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("mode", "color", "kind", "expected"),
    [
        ("RGB", (10, 200, 30), "PNG", (10, 200, 30)),
        ("L", 77, "PNG", (77, 77, 77)),
        ("1", 1, "PNG", (255, 255, 255)),
        ("L", 77, "TIFF", (77, 77, 77)),
        ("1", 0, "TIFF", (0, 0, 0)),
        ("RGB", (10, 200, 30), "TIFF", (10, 200, 30)),
        ("LAB", (128, 128, 128), "TIFF", (119, 119, 119)),
        ("CMYK", (255, 0, 0, 0), "TIFF", (0, 255, 255)),
        ("RGB", (10, 200, 30), "BMP", (10, 200, 30)),
        ("RGB", (10, 200, 30), "PPM", (10, 200, 30)),
        ("L", 77, "GIF", (77, 77, 77)),
        ("L", 77, "JPEG", (77, 77, 77)),
        ("RGB", (250, 128, 3), "JPEG", (250, 128, 3)),
        ("CMYK", (0, 255, 0, 0), "JPEG", (255, 0, 255)),
        ("RGB", (128, 128, 128), "WEBP", (128, 128, 128)),
    ],
)
def test_reads_modes_without_alpha(mode, color, kind, expected):
    picture = read_picture(stream(flat(mode, color), kind))
    assert picture.rgb.shape == (16, 24, 3)
    assert picture.rgb.dtype == np.uint8
    assert picture.alpha is None
    np.testing.assert_allclose(picture.rgb[8, 12], expected, atol=2)


@pytest.mark.parametrize(
    ("mode", "color", "kind", "expected"),
    [
        ("RGBA", (10, 200, 30, 99), "PNG", (10, 200, 30, 99)),
        ("LA", (77, 99), "PNG", (77, 77, 77, 99)),
        ("RGBA", (10, 200, 30, 99), "TIFF", (10, 200, 30, 99)),
        ("LA", (77, 99), "TIFF", (77, 77, 77, 99)),
        ("RGBA", (128, 128, 128, 99), "WEBP", (128, 128, 128, 99)),
    ],
)
def test_reads_modes_with_alpha(mode, color, kind, expected):
    picture = read_picture(stream(flat(mode, color), kind))
    np.testing.assert_allclose([*picture.rgb[8, 12], picture.alpha[8, 12]], expected, atol=2)


def test_palette_with_transparency():
    image = flat("P", 0, (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putdata([0, 1, 2])
    picture = read_picture(stream(image, "PNG", transparency=bytes([0, 128, 255])))
    np.testing.assert_array_equal(picture.rgb[0], [[255, 0, 0], [0, 255, 0], [0, 0, 255]])
    np.testing.assert_array_equal(picture.alpha, [[0, 128, 255]])
    assert read_picture(stream(image, "PNG")).alpha is None


def test_one_transparent_grey_level():
    image = flat("L", 0, (3, 1))
    image.putdata([0, 100, 200])
    np.testing.assert_array_equal(read_picture(stream(image, "PNG", transparency=100)).alpha, [[255, 0, 255]])


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled(kind):
    levels = np.array([[0, 257, 25700, 65535]], np.uint16)
    picture = read_picture(stream(Image.fromarray(levels), kind))
    np.testing.assert_array_equal(picture.rgb[0], np.repeat([[0], [1], [100], [255]], 3, axis=1))


def test_12_bit_and_white_is_zero_tiff():
    tags = {258: (12,), 262: 0}
    image = Image.fromarray(np.array([[0, 4095, 2048]], np.uint16))
    grey = decoding.deep_grey_to_8bit(image, tags)
    np.testing.assert_array_equal(np.asarray(grey), [[255, 0, 127]])


@pytest.mark.parametrize(("color_type", "channels"), [(2, 3), (6, 4), (4, 2)])
def test_16_bit_color_png(color_type, channels):
    row = struct.pack(f">{2 * channels}H", *([0] * channels + [200 * 257] * channels))
    picture = read_picture(png(16, color_type, row, 2))
    np.testing.assert_array_equal(picture.rgb[0], [[0] * 3, [200] * 3])
    assert (picture.alpha is None) == (color_type == 2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0.5, 1], [0, 128, 255]),
        ([0, 100, 255], [0, 100, 255]),
        ([0, 25700, 65535], [0, 100, 255]),
        ([-1, 0, 1], [0, 128, 255]),
        ([np.nan, 0.2, 1], [0, 51, 255]),
        ([-3, -3, -3], [0, 0, 0]),
    ],
)
def test_float_tiff(values, expected):
    picture = read_picture(stream(Image.fromarray(np.array([values], np.float32)), "TIFF"))
    np.testing.assert_array_equal(picture.rgb[0, :, 0], expected)


@pytest.mark.parametrize(
    ("values", "expected"), [([0, 25700, 65535], [0, 100, 255]), ([0, 2**30, 2**31 - 1], [0, 128, 255])]
)
def test_32_bit_tiff(values, expected):
    picture = read_picture(stream(Image.fromarray(np.array([values], np.int32)), "TIFF"))
    np.testing.assert_array_equal(picture.rgb[0, :, 0], expected)


def test_animation_gives_its_first_frame():
    frames = [flat("RGB", color) for color in ((255, 0, 0), (0, 255, 0))]
    for kind in ("GIF", "PNG", "TIFF"):
        picture = read_picture(stream(frames[0], kind, save_all=True, append_images=frames[1:]))
        np.testing.assert_array_equal(picture.rgb[0, 0], (255, 0, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_orientation(orientation, kind):
    # Where the corners (top left, top right, bottom right, bottom left) of the stored pixels belong.
    seen = {1: "ABCD", 2: "BADC", 3: "CDAB", 4: "DCBA", 5: "ADCB", 6: "DABC", 7: "CBAD", 8: "BCDA"}[orientation]
    grey = dict(zip("ABCD", (0, 80, 160, 240), strict=True))
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:8, :16], stored[:8, 16:], stored[8:, 16:], stored[8:, :16] = grey.values()
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read_picture(stream(Image.fromarray(stored), kind, exif=exif.tobytes()))
    assert picture.rgb.shape == ((16, 32, 3) if orientation < 5 else (32, 16, 3))
    corners = [picture.rgb[2, 2, 0], picture.rgb[2, -3, 0], picture.rgb[-3, -3, 0], picture.rgb[-3, 2, 0]]
    np.testing.assert_allclose(corners, [grey[name] for name in seen], atol=4)
    if picture.exif:
        written = io.BytesIO()
        write_picture(written, picture.rgb, like=picture)
        assert Image.open(written).getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0", b"nonsense", b"Exif\0\0MM\0*\0\0\0\x08\xff"]
)
def test_broken_exif_is_ignored(exif):
    picture = read_picture(stream(flat("RGB", (9, 9, 9)), "PNG", exif=exif))
    assert picture.rgb.shape == (16, 24, 3)


def test_limit_is_known_before_decoding(monkeypatch):
    monkeypatch.setattr(pixels, "MAX_PIXELS", 24 * 16 - 1)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(PictureError, match=r"the stream has 24 x 16 pixels, more than 383 pixels.*smaller first"):
        read_picture(stream(flat("RGB", 0), "PNG"))


def test_size_over_pillows_warning_but_under_the_limit_is_read(monkeypatch, recwarn):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300)
    assert read_picture(stream(flat("RGB", 0), "PNG")).rgb.shape == (16, 24, 3)
    assert not recwarn.list


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path):
    path = tmp_path / "secret.png"
    path.touch(0)
    with pytest.raises(PictureError, match=r"secret\.png cannot be opened"):
        read_picture(path)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP"]), st.data())
def test_damaged_files_only_raise_picture_errors(kind, data):
    content = bytearray(stream(Image.fromarray(RGB), kind).getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = io.BytesIO(content[: data.draw(st.integers(0, len(content)))])
    try:
        picture = read_picture(damaged)
    except PictureError:
        return
    assert picture.rgb.ndim == 3
