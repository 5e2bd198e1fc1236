import io
import os
import stat
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms

from artnet import decoding, pixels
from artnet.files import atomic_write
from artnet.pictures import (
    Picture,
    PictureError,
    fit_short_side,
    read_picture,
    resize,
    to_rgb,
    to_tensor,
    write_picture,
)

RGB = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3) * 2
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LOSSLESS = ["png", "tif", "tiff"]
EVERY = [*LOSSLESS, "jpg", "jpeg", "webp"]


def stream(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return io.BytesIO(buffer.getvalue())


def flat(mode, color, size=(24, 16)):
    return Image.new(mode, size, color)


def swapped_profile():
    """sRGB with the primaries of red and blue exchanged: a picture that ignores it shows red as blue."""
    tags = {SRGB[o : o + 4]: o for o in range(132, 132 + 12 * struct.unpack(">I", SRGB[128:132])[0], 12)}
    profile = bytearray(SRGB)
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    profile[red + 4 : red + 12], profile[blue + 4 : blue + 12] = SRGB[blue + 4 : blue + 12], SRGB[red + 4 : red + 12]
    return bytes(profile)


def profile_of(space, device, pcs, **tags):
    """The bytes of a minimal ICC profile (version 2) of a colour space."""
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name.encode() + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", 0, b"test", 0x02100000, device, space, pcs) + bytes(12) + b"acsp" + bytes(28)
    header += struct.pack(">3i", 63190, 65536, 54061) + bytes(48)  # the illuminant D50
    profile = header + table + body
    return struct.pack(">I", len(profile)) + profile[4:]


def inverted_ink_profile():
    """A CMYK profile in which full black ink is white paper, and no ink at all is black, whatever C, M and Y."""
    ramp = bytes(range(256))
    unit = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    corners = bytes([0, 128, 128, 255, 128, 128]) * 8  # L*, a*, b* over C, M, Y and, changing fastest, K
    return profile_of(
        b"CMYK", b"prtr", b"Lab ", A2B0=b"mft1" + bytes([0] * 4 + [4, 3, 2, 0]) + unit + ramp * 4 + corners + ramp * 3
    )


def png(depth, color_type, row, width, extra=b""):
    """The bytes of a PNG of one row in a depth that Pillow cannot write."""

    def chunk(body):
        return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR" + struct.pack(">IIBBBBB", width, 1, depth, color_type, 0, 0, 0))
    return io.BytesIO(
        b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT" + zlib.compress(b"\0" + row)) + chunk(b"IEND")
    )


def test_importing_needs_no_torch():
    code = "import sys, artnet.pictures, artnet.color; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# Reading: modes


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


# Reading: orientation and profiles


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


@pytest.mark.parametrize("suffix", EVERY)
def test_profile_is_applied_and_given_back(suffix, tmp_path):
    profile = swapped_profile()
    source = stream(flat("RGB", (220, 40, 40)), "PNG", icc_profile=profile)
    picture = read_picture(source)
    red, _, blue = picture.rgb[0, 0].astype(int)
    assert blue > red + 100  # what the profile calls red is blue
    write_picture(tmp_path / f"out.{suffix}", picture.rgb, like=picture)
    with Image.open(tmp_path / f"out.{suffix}") as image:
        assert image.info["icc_profile"] == profile
        np.testing.assert_allclose(image.convert("RGB").getpixel((12, 8)), (220, 40, 40), atol=4)
    write_picture(tmp_path / f"plain.{suffix}", picture.rgb, like=picture, strip_metadata=True)
    with Image.open(tmp_path / f"plain.{suffix}") as image:
        assert "icc_profile" not in image.info
        np.testing.assert_allclose(image.convert("RGB").getpixel((12, 8)), picture.rgb[8, 12], atol=4)


def test_srgb_profile_changes_nothing():
    gradient = Image.fromarray(np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 2))
    picture = read_picture(stream(gradient, "PNG", icc_profile=SRGB))
    np.testing.assert_allclose(picture.rgb.astype(int), np.asarray(gradient).astype(int), atol=1)
    assert picture.icc_profile == SRGB


@pytest.mark.parametrize("profile", [b"nonsense", SRGB[:200], SRGB[:-50]])
def test_broken_profile_is_ignored(profile):
    picture = read_picture(stream(flat("RGB", (9, 99, 199)), "PNG", icc_profile=profile))
    np.testing.assert_allclose(picture.rgb[0, 0], (9, 99, 199), atol=1)


def test_profile_of_another_color_space_is_ignored():
    picture = read_picture(stream(flat("CMYK", (0, 255, 0, 0)), "JPEG", icc_profile=SRGB))
    np.testing.assert_allclose(picture.rgb[0, 0], (255, 0, 255), atol=3)
    assert picture.icc_profile is None


def test_cmyk_profile_is_applied_and_not_given_back():
    profile = inverted_ink_profile()
    for kind in ("JPEG", "TIFF"):
        for black_ink, expected in ((255, 255), (0, 0)):
            picture = read_picture(stream(flat("CMYK", (0, 0, 0, black_ink)), kind, icc_profile=profile))
            np.testing.assert_allclose(picture.rgb[8, 8], [expected] * 3, atol=2)
            assert picture.icc_profile is None


@pytest.mark.parametrize(("mode", "color"), [("L", 128), ("LA", (128, 255))])
def test_grey_profile_is_applied_and_not_given_back(mode, color):
    linear = b"curv" + bytes(8)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    profile = profile_of(b"GRAY", b"mntr", b"XYZ ", wtpt=white, kTRC=linear)
    picture = read_picture(stream(flat(mode, color), "PNG", icc_profile=profile))
    np.testing.assert_allclose(picture.rgb[0, 0], [188] * 3, atol=1)  # half of the light, in sRGB
    assert picture.icc_profile is None


def test_alpha_survives_a_profile():
    picture = read_picture(stream(flat("RGBA", (220, 40, 40, 99)), "PNG", icc_profile=swapped_profile()))
    assert (picture.alpha == 99).all()
    assert picture.rgb[0, 0, 2] > picture.rgb[0, 0, 0]


def test_grey_with_an_rgb_profile_is_read_through_it():
    picture = read_picture(stream(flat("L", 128), "PNG", icc_profile=SRGB))
    np.testing.assert_allclose(picture.rgb[0, 0], (128, 128, 128), atol=1)


# Reading: what is not a picture


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


# Writing


@pytest.mark.parametrize("suffix", EVERY)
@pytest.mark.parametrize("alpha", [False, True])
def test_round_trip(suffix, alpha, tmp_path):
    smooth = np.array(Image.fromarray(RGB[:2, :2] // 4 + 90).resize((48, 32), Image.Resampling.BILINEAR))
    like = Picture(smooth, np.full((32, 48), 200, np.uint8) if alpha else None)
    path = tmp_path / f"out.{suffix}"
    write_picture(path, smooth, like=like)
    again = read_picture(path)
    jpeg = suffix.startswith("jp")
    expected = pixels.flatten(like) if jpeg else smooth
    np.testing.assert_allclose(again.rgb.astype(int), expected.astype(int), atol=0 if suffix in LOSSLESS else 12)
    assert (again.alpha is not None) == (alpha and not jpeg)
    if again.alpha is not None:
        np.testing.assert_array_equal(again.alpha, like.alpha)


@pytest.mark.parametrize("suffix", EVERY)
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_is_kept_unless_stripped(suffix, source, tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    exif[0x8769] = {0x9003: "2020:02:20 20:20:20", 0xA002: 24, 0xA003: 16}
    exif[0x8825] = {1: "N"}
    picture = read_picture(stream(flat("RGB", (90, 90, 90)), source, exif=exif.tobytes()))
    path = tmp_path / f"out.{suffix}"
    write_picture(path, picture.rgb, like=picture)
    with Image.open(path) as image:
        image.load()
        found = image.getexif()
        assert image.size == (16, 24)
        assert found[0x010F] == "Maker"
        assert found.get(0x0112, 1) == 1
        assert found.get_ifd(0x8825) == {1: "N"}
        assert found.get_ifd(0x8769) == {0x9003: "2020:02:20 20:20:20"}
    write_picture(path, picture.rgb, like=picture, strip_metadata=True)
    with Image.open(path) as image:
        assert 0x010F not in image.getexif()
        assert 0x8769 not in image.getexif()


def test_exif_too_long_for_jpeg_is_left_out(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "long " * 20_000
    like = Picture(RGB, exif=exif.tobytes())
    write_picture(tmp_path / "out.jpg", RGB, like=like)
    write_picture(tmp_path / "out.png", RGB, like=like)
    assert read_picture(tmp_path / "out.jpg").exif is None
    assert read_picture(tmp_path / "out.png").exif is not None


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


# Resizing and tensors


@pytest.mark.parametrize(("side", "expected"), [(5, (5, 7)), (10, (10, 14)), (1, (1, 1)), (3, (3, 4))])
def test_fit_short_side(side, expected):
    picture = fit_short_side(Picture(RGB, RGB[..., 0], exif=b"x", icc_profile=b"y"), side)
    assert picture.rgb.shape == (*expected, 3)
    assert picture.alpha.shape == expected
    assert (picture.exif, picture.icc_profile) == (b"x", b"y")


def test_fit_short_side_of_a_tall_picture():
    assert fit_short_side(Picture(RGB.transpose(1, 0, 2)), 10).rgb.shape == (14, 10, 3)


@pytest.mark.parametrize(
    ("side", "message"), [(0, "at least 1 pixel"), (20_000, "20000 pixels, more than 178,956,970")]
)
def test_fit_short_side_refuses(side, message):
    with pytest.raises(PictureError, match=message):
        fit_short_side(Picture(RGB), side)


def test_resize_keeps_flat_color():
    assert (resize(np.full((5, 7), 123, np.uint8), 11, 3) == 123).all()
    assert resize(RGB, 5, 7) is RGB


@settings(deadline=None)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3))))
def test_tensor_round_trip(rgb):
    tensor = to_tensor(rgb)
    assert tensor.shape == (1, 3, *rgb.shape[:2])
    assert tensor.is_contiguous()
    assert 0 <= tensor.min() <= tensor.max() <= 1
    np.testing.assert_array_equal(to_rgb(tensor), rgb)


def test_to_rgb_rounds_and_clamps():
    import torch

    values = torch.tensor([-1.0, 0.4 / 255, 0.6 / 255, 1.7]).reshape(1, 1, 1, 4).expand(1, 3, 1, 4)
    np.testing.assert_array_equal(to_rgb(values)[0, :, 0], [0, 0, 1, 255])


def test_tensors_of_other_shapes():
    import torch

    with pytest.raises(PictureError, match=r"\(H, W, 3\) uint8, not \(5, 7\)"):
        to_tensor(RGB[..., 0])
    with pytest.raises(PictureError, match="float32"):
        to_tensor(RGB.astype(np.float32))
    with pytest.raises(PictureError, match=r"\(2, 3, 4, 4\)"):
        to_rgb(torch.zeros(2, 3, 4, 4))
