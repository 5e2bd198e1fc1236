"""Every depth and colour model: the same through Pillow and through libvips, and as bright as its 8-bit twin."""

import io

import numpy as np
import pytest
from helpers.picture_files import gradient, png, stream, tiff
from PIL import Image, ImageCms

from artnet.image import PictureError, flatten, read_picture
from artnet.image import tiff as tiffs
from artnet.image.bit_depth import value_range
from artnet.image.large import read_large

COLOR = gradient()
GREY = np.asarray(Image.fromarray(COLOR).convert("L"))[..., None]
ALPHA = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (40, 1))[..., None]


def scaled(pixels, dtype):
    """The picture in another type of values, which it fills."""
    white = 1.0 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    return (pixels / 255 * white).astype(dtype)


def with_alpha(pixels, dtype, *, premultiplied=False):
    colors = pixels * (ALPHA / 255) if premultiplied else pixels
    return scaled(np.concatenate([np.rint(colors.astype(float)), ALPHA], 2), dtype)


def lab(pixels):
    spaces = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return stream(ImageCms.profileToProfile(Image.fromarray(pixels), *spaces, outputMode="LAB"), "TIFF").getvalue()


def pillow(mode, kind="TIFF", **options):
    return stream(Image.fromarray(COLOR).convert(mode), kind, **options).getvalue()


def converted(mode):
    return np.asarray(Image.fromarray(COLOR).convert(mode).convert("RGB"))


# name -> (bytes, the picture, most levels of error)
BY_PILLOW = {
    "rgb8": (tiff(COLOR, 2), COLOR, 0),
    "rgb16": (tiff(scaled(COLOR, "<u2"), 2), COLOR, 1),
    "grey16": (tiff(scaled(GREY, "<u2"), 1), GREY, 1),
    "grey16-white-is-zero": (tiff(65535 - scaled(GREY, "<u2"), 0), GREY, 1),
    "grey16-signed": (tiff(scaled(GREY, "<i2"), 1), GREY, 1),
    "grey32": (tiff(scaled(GREY, "<u4"), 1), GREY, 1),
    "grey32-signed": (tiff(scaled(GREY, "<i4"), 1), GREY, 1),
    "grey32-of-16-bits": (tiff(scaled(GREY, "<u2").astype("<u4"), 1), GREY, 1),
    "grey-float": (tiff(scaled(GREY, "<f4"), 1), GREY, 1),
    "grey-float-255": (tiff(GREY.astype("<f4"), 1), GREY, 1),
    "grey-float-white-is-zero": (tiff(1 - scaled(GREY, "<f4"), 0), GREY, 1),
    "rgba8": (tiff(with_alpha(COLOR, "<u1"), 2, extra=2), COLOR, 0),
    "rgbx8": (tiff(with_alpha(COLOR, "<u1"), 2, extra=0), COLOR, 0),
    "cmyk8": (tiff(np.concatenate([255 - COLOR, 0 * GREY], 2), 5), COLOR, 0),
    "cmyk16": (tiff(65535 - scaled(np.concatenate([COLOR, 255 + 0 * GREY], 2), "<u2"), 5), COLOR, 1),
    "cmyk.jpg": (pillow("CMYK", "JPEG", quality=100, subsampling=0), COLOR, 12),
    "palette.png": (pillow("P", "PNG"), converted("P"), 0),
    "bilevel": (pillow("1"), converted("1"), 0),
}
BY_VIPS = {
    "rgb32": (tiff(scaled(COLOR, "<u4"), 2), COLOR, 1),
    "rgb32-signed": (tiff(scaled(COLOR, "<i4"), 2), COLOR, 1),
    "rgb16-signed": (tiff(scaled(COLOR, "<i2"), 2), COLOR, 1),
    "rgb-float": (tiff(scaled(COLOR, "<f4"), 2), COLOR, 1),
    "rgb-half": (tiff(scaled(COLOR, "<f2"), 2), COLOR, 1),
    "rgba-float": (tiff(with_alpha(COLOR, "<f4"), 2, extra=2), COLOR, 1),
    "grey-alpha16": (tiff(with_alpha(GREY, "<u2"), 1, extra=2), GREY, 1),
}


@pytest.mark.parametrize("name", [*BY_PILLOW, *BY_VIPS])
def test_brightness_is_that_of_the_8_bit_picture_in_both_paths(name, tmp_path):
    if name in BY_VIPS:
        pytest.importorskip("pyvips")
    content, expected, error = (BY_PILLOW | BY_VIPS)[name]
    picture = read_picture(io.BytesIO(content))
    assert np.abs(picture.rgb.astype(int) - expected).max() <= error
    assert (picture.alpha is not None) == (name in ("rgba8", "rgba-float", "grey-alpha16"))
    if picture.alpha is not None:
        np.testing.assert_allclose(picture.alpha, ALPHA[..., 0], atol=1)
    pytest.importorskip("pyvips")
    (tmp_path / "a").write_bytes(content)
    huge = read_large(tmp_path / "a", tmp_path)
    assert np.abs(huge.rgb.astype(int) - flatten(picture)).max() <= 1
    assert huge.warnings == picture.warnings == ()


@pytest.mark.parametrize("dtype", ["<u1", "<u2"])
def test_premultiplied_colors_are_divided_by_their_alpha(dtype, tmp_path):
    content = tiff(with_alpha(COLOR, dtype, premultiplied=True), 2, extra=1)
    picture = read_picture(io.BytesIO(content))
    opaque = picture.alpha > 128
    assert np.abs(picture.rgb.astype(int) - COLOR)[opaque].max() <= 3
    pytest.importorskip("pyvips")
    (tmp_path / "a.tif").write_bytes(content)
    assert np.abs(read_large(tmp_path / "a.tif", tmp_path).rgb.astype(int) - flatten(picture)).max() <= 2


def test_lab_is_read():
    assert np.abs(read_picture(io.BytesIO(lab(COLOR))).rgb.astype(int) - COLOR).mean() < 3


def test_a_depth_that_nobody_reads_is_named(tmp_path):
    pytest.importorskip("pyvips")
    (tmp_path / "deep.tif").write_bytes(tiff(scaled(COLOR, "<f8"), 2))
    with pytest.raises(PictureError, match=r"deep\.tif is a TIFF of 3 x 64-bit floating point, which cannot be read"):
        read_picture(tmp_path / "deep.tif")


def test_without_libvips_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(tiffs, "has_vips", lambda: False)
    with pytest.raises(PictureError, match=r"is a TIFF of 3 x 32-bit floating point: pip install 'artnet\[huge\]'"):
        read_picture(io.BytesIO(BY_VIPS["rgb-float"][0]))


@pytest.mark.parametrize(
    ("low", "high", "kind", "expected"),
    [
        (0.0, 0.3, "float", (0, 1)),
        (-0.05, 1.08, "float", (0, 1)),
        (0.0, 3.0, "float", (0, 3)),
        (0.0, 200.0, "float", (0, 255)),
        (-3.0, 1.0, "float", (-3, 1)),
        (0, 900, "short", (0, 32767)),
        (-900, 900, "short", (-900, 900)),
        (0, 60_000, "int", (0, 65535)),
        (0, 2**31, "uint", (0, 2**32 - 1)),
        (7, 7, "float", (7, 8)),
    ],
)
def test_what_stands_for_black_and_white(low, high, kind, expected):
    assert value_range(low, high, kind) == expected


def test_a_16_bit_png_is_the_same_in_both_paths(tmp_path):
    pytest.importorskip("pyvips")
    row = (np.arange(300) * 218).astype(">u2").tobytes()
    (tmp_path / "a.png").write_bytes(png(16, 2, row, 100).getvalue())
    small, huge = read_picture(tmp_path / "a.png").rgb, read_large(tmp_path / "a.png", tmp_path).rgb
    assert np.abs(small.astype(int) - huge).max() <= 1
    np.testing.assert_allclose(small.ravel(), np.arange(300) * 218 / 257, atol=1)
