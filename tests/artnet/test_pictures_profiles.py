"""ICC profiles: applied, given back where they can be, and never a reason to lose a picture."""

import struct

import numpy as np
import pytest
from picture_files import EVERY, SRGB, flat, inverted_ink_profile, profile_of, stream, swapped_profile
from PIL import Image

from artnet.pictures import read_picture, write_picture


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
