"""HDR and wide-gamut pictures without a profile: as their sRGB twins, not washed out."""

import io
import struct
import zlib

import numpy as np
import pytest
from helpers.picture_files import gradient, stream, swapped_profile
from PIL import Image, features

from artnet.image import read_picture
from artnet.image.code_points import CodePoints, to_sdr
from artnet.image.large import read_large

TWIN = gradient()
LINEAR = np.where(TWIN / 255 <= 0.04045, TWIN / 255 / 12.92, ((TWIN / 255 + 0.055) / 1.055) ** 2.4)
FROM_BT709 = {
    9: [[0.627404, 0.329283, 0.043313], [0.069097, 0.919540, 0.011362], [0.016391, 0.088013, 0.895595]],
    12: [[0.822462, 0.177538, 0.0], [0.033194, 0.966806, 0.0], [0.017083, 0.072397, 0.910520]],
}
"""Primaries -> matrix to them (BT.2087, Display P3)."""
WHITE = 203  # cd/m2


def in_primaries(number):
    return LINEAR @ np.array(FROM_BT709.get(number, np.eye(3))).T


def pq(light):
    y = (light * WHITE / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def hlg(light):
    shown = light * WHITE / 1000
    luminance = shown @ [0.2627, 0.6780, 0.0593]
    scene = shown * np.maximum(luminance, 1e-9)[..., None] ** (1 / 1.2 - 1)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def srgb(light):
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def levels(values):
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def png_with(pixels, kind, body, **options):
    """A PNG with a further chunk before its pixels."""
    content = stream(Image.fromarray(pixels), "PNG", **options).getvalue()
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return content[:33] + chunk + content[33:]


STORED = {
    "BT.2020 PQ": (9, 16, levels(pq(in_primaries(9)))),
    "BT.2020 HLG": (9, 18, levels(hlg(in_primaries(9)))),
    "P3": (12, 13, levels(srgb(in_primaries(12)))),
    "BT.2020": (9, 13, levels(srgb(in_primaries(9)))),
    "sRGB": (1, 13, TWIN),
}


@pytest.mark.parametrize("name", STORED)
def test_pictures_with_code_points_look_as_their_twin(name, tmp_path):
    primaries, transfer, stored = STORED[name]
    (tmp_path / "a.png").write_bytes(png_with(stored, b"cICP", bytes([primaries, transfer, 0, 1])))
    found = read_picture(tmp_path / "a.png")
    assert np.abs(found.rgb.mean((0, 1)) - TWIN.mean((0, 1))).max() < 3
    assert np.abs(found.rgb.astype(int) - TWIN).mean() < 3
    assert found.icc_profile is None
    pytest.importorskip("pyvips")
    np.testing.assert_array_equal(read_large(tmp_path / "a.png", tmp_path).rgb, found.rgb)


def test_code_points_stand_above_a_profile():
    primaries, transfer, stored = STORED["BT.2020 PQ"]
    body = bytes([primaries, transfer, 0, 1])
    found = read_picture(io.BytesIO(png_with(stored, b"cICP", body, icc_profile=swapped_profile())))
    assert np.abs(found.rgb.astype(int) - TWIN).mean() < 3
    assert found.icc_profile is None


@pytest.mark.parametrize(("gamma", "stored"), [(100_000, LINEAR), (55_556, LINEAR ** (1 / 1.8))])
def test_a_gamma_is_obeyed(gamma, stored):
    found = read_picture(io.BytesIO(png_with(levels(stored), b"gAMA", struct.pack(">I", gamma))))
    assert np.abs(found.rgb.astype(int) - TWIN).mean() < 3


@pytest.mark.parametrize("body", [struct.pack(">I", 45_455), struct.pack(">I", 0), struct.pack(">I", 2**31)])
def test_the_usual_gamma_and_absurd_ones_change_nothing(body):
    np.testing.assert_array_equal(read_picture(io.BytesIO(png_with(TWIN, b"gAMA", body))).rgb, TWIN)


def test_a_gamma_counts_less_than_a_named_color_space():
    content = png_with(TWIN, b"gAMA", struct.pack(">I", 100_000))
    named = content[:33] + struct.pack(">I", 1) + b"sRGB\0" + struct.pack(">I", zlib.crc32(b"sRGB\0")) + content[33:]
    np.testing.assert_array_equal(read_picture(io.BytesIO(named)).rgb, TWIN)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")
def test_avif_in_code_points():
    _, _, stored = STORED["BT.2020 PQ"]
    content = stream(Image.fromarray(stored), "AVIF", quality=100, subsampling="4:4:4").getvalue()
    at = content.index(b"colrnclx") + 8
    content = content[:at] + struct.pack(">HH", 9, 16) + content[at + 4 :]
    assert np.abs(read_picture(io.BytesIO(content)).rgb.astype(int) - TWIN).mean() < 6


def test_brighter_than_white_is_white():
    bright = np.full((2, 2, 3), 255, np.uint8)
    for transfer in (16, 18):
        assert (to_sdr(bright, CodePoints(9, transfer)) == 255).all()
        assert (to_sdr(0 * bright, CodePoints(9, transfer)) == 0).all()
