"""Damaged files: what little is missing is painted with a warning, the rest is refused in one line, cheaply."""

import io
import re
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from helpers.picture_files import gradient, stream
from PIL import Image

from artnet.image import PictureError, read_picture
from artnet.image.large import read_large
from artnet.image.libvips import vips_errors
from artnet.image.truncation import MISSING_END, check_rows

JPEG = stream(Image.fromarray(gradient(400, 64)), "JPEG", quality=90).getvalue()
TURNED = {1: lambda x: x, 3: lambda x: x[::-1, ::-1], 6: lambda x: np.rot90(x, -1), 8: lambda x: np.rot90(x)}


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_jpeg_without_its_end_is_painted_with_a_warning(cut, tmp_path):
    whole = read_picture(io.BytesIO(JPEG)).rgb
    picture = read_picture(io.BytesIO(JPEG[:-cut]))
    assert picture.warnings == (MISSING_END,)
    assert np.array_equal(picture.rgb[:360], whole[:360])
    pytest.importorskip("pyvips")
    (tmp_path / "a.jpg").write_bytes(JPEG[:-cut])
    huge = read_large(tmp_path / "a.jpg", tmp_path)
    assert huge.warnings == (MISSING_END,)
    assert np.abs(huge.rgb[:360].astype(int) - whole[:360]).max() <= 2


def test_half_a_jpeg_is_refused(tmp_path):
    (tmp_path / "half.jpg").write_bytes(JPEG[: len(JPEG) // 2])
    with pytest.raises(PictureError, match=r"half\.jpg is damaged \(the last \d+ of its 400 rows are missing\)"):
        read_picture(tmp_path / "half.jpg")
    pytest.importorskip("pyvips")
    with pytest.raises(PictureError, match=r"half\.jpg is damaged \(the last \d+ of its 400 rows are missing\)"):
        read_large(tmp_path / "half.jpg", tmp_path)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_missing_rows_are_found_in_a_turned_picture(orientation):
    stored = gradient(100, 60)
    stored[95:] = 128
    turned = TURNED[orientation](stored)
    check_rows("a.jpg", turned, orientation)
    stored[85:] = 128
    with pytest.raises(PictureError, match="the last 15 of its 100 rows"):
        check_rows("a.jpg", turned, orientation)


def chunks(*bodies):
    """The bytes of a PNG of these chunks, each of its kind and its data."""
    framed = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in bodies)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def compressed(height, data, *, kind=2, interlaced=0, split=None):
    """A PNG of 100 pixels a row whose compressed pixels are given; in pieces of `split` bytes."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 100, height, 8, kind, 0, 0, interlaced)
    data = zlib.compress(data)
    pieces = [data[at : at + (split or len(data))] for at in range(0, len(data), split or len(data))]
    return chunks(header, *(b"IDAT" + piece for piece in pieces), b"IEND")


@pytest.mark.parametrize("split", [None, 7])
def test_a_png_whose_pixels_end_too_early_is_refused(split):
    rows = b"\0" + b"\x50" * 300
    assert read_picture(io.BytesIO(compressed(300, rows * 300, split=split))).rgb.min() == 0x50
    with pytest.raises(PictureError, match=r"rows\.png is damaged \(it breaks off after 7% of its pixels\)"):
        read_picture(io.BytesIO(compressed(300, rows * 20, split=split)), name="rows.png")


def test_an_interlaced_png_whose_pixels_end_too_early_is_refused():
    image = Image.new("L", (100, 60), 0)
    whole = sum(
        rows * (1 + columns) for columns, rows in [(13, 8), (12, 8), (25, 7), (25, 15), (50, 15), (50, 30), (100, 30)]
    )
    data = compressed(60, bytes(whole), kind=0, interlaced=1)
    assert np.array_equal(read_picture(io.BytesIO(data)).rgb[..., 0], np.asarray(image))
    with pytest.raises(PictureError, match="breaks off after 50% of its pixels"):
        read_picture(io.BytesIO(compressed(60, bytes(whole - 30 * 101), kind=0, interlaced=1)))


def test_a_png_that_ends_in_black_is_whole():
    assert read_picture(stream(Image.new("RGBA", (50, 40)), "PNG")).rgb.shape == (40, 50, 3)


def test_a_jpeg_that_breaks_off_before_its_end_marker_is_painted_with_a_word():
    taller = bytearray(JPEG)
    at = taller.index(b"\xff\xc0") + 5
    taller[at : at + 2] = struct.pack(">H", 800)
    (warning,) = read_picture(io.BytesIO(bytes(taller))).warnings
    assert re.match(r"its last (3[89]\d|400) of 800 rows are all grey", warning)


def claiming(width, height):
    """A PNG of a few bytes that says it is large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return chunks(b"IHDR" + header, b"IDAT" + zlib.compress(bytes(99)), b"IEND")


@pytest.mark.parametrize(("width", "height"), [(48, 2_000_000), (2_000_000, 48), (10_000, 10_000)])
def test_a_header_that_promises_too_much_is_refused_before_decoding(width, height, tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(claiming(width, height))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(PictureError, match=rf"bytes cannot hold the {width} x {height} pixels of its header"):
        read_picture(tmp_path / "a.png")
    pytest.importorskip("pyvips")
    with pytest.raises(PictureError, match=rf"bytes cannot hold the {width} x {height} pixels of its header"):
        read_large(tmp_path / "a.png", tmp_path)


def test_a_blank_picture_of_many_pixels_is_read():
    assert read_picture(stream(Image.new("1", (9000, 9000)), "PNG")).rgb.shape == (9000, 9000, 3)
    compressed = stream(Image.new("RGB", (2000, 2000)), "TIFF", compression="tiff_deflate")
    assert read_picture(compressed).rgb.shape == (2000, 2000, 3)


def claimed(kind, mark, place, form):
    """A small picture whose header is made to say that it has 13,000 x 13,000 pixels."""
    blob = bytearray(stream(Image.new("P" if kind == "GIF" else "RGB", (64, 64)), kind).getvalue())
    at = blob.index(mark)
    struct.pack_into(form, blob, at + place, 13_000, 13_000)
    return bytes(blob)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jpg", claimed("JPEG", b"\xff\xc0", 5, ">HH")),
        ("a.gif", claimed("GIF", b",\0\0\0\0", 5, "<HH")),
        ("a.webp", stream(Image.new("RGB", (8000, 8000)), "WEBP", lossless=True, method=0).getvalue()),
    ],
)
def test_headers_of_every_format_are_judged_before_decoding(name, content, tmp_path, monkeypatch):
    (tmp_path / name).write_bytes(content)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(PictureError, match=rf"{name} is damaged or cannot be read \(its [\d,]+ bytes cannot hold"):
        read_picture(tmp_path / name)


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "GIF", "JPEG", "BMP"])
def test_small_blank_pictures_are_read(kind):
    assert read_picture(stream(Image.new("RGB", (1500, 1000)), kind)).rgb.shape == (1000, 1500, 3)


def test_libvips_says_nothing_by_itself(tmp_path):
    pytest.importorskip("pyvips")
    (tmp_path / "a.tif").write_bytes(b"II*\0\x08\0\0\0\xff\xff" + bytes(50))
    code = "import sys; from artnet.image.large import read_large; read_large(sys.argv[1], sys.argv[2])"
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "a.tif", tmp_path], capture_output=True, text=True, check=False
    )
    assert "PictureError" in run.stderr.splitlines()[-1]
    assert not [line for line in run.stderr.splitlines() if "VIPS-WARNING" in line or "TIFFRead" in line[:20]]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (lambda vips: vips.Error("unable to load", "photo.tif: bad seek\nphoto.tif: no format\n"), "no format"),
        (lambda vips: vips.Error("unable to load", "odd\n"), "odd"),
        (lambda vips: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "it breaks off"),
    ],
)
def test_whatever_libvips_says_is_one_line(error, reason):
    vips = pytest.importorskip("pyvips")
    with pytest.raises(PictureError) as caught, vips_errors("photo.tif"):
        raise error(vips)
    assert str(caught.value) == f"photo.tif is damaged or cannot be read ({reason}); get a fresh copy"
