"""ICC profiles: applied, given back where they can be, and never a reason to lose a picture."""

import io
import struct

import numpy as np
import pytest
from helpers.picture_files import EVERY, SRGB, flat, inverted_ink_profile, profile_of, stream, swapped_profile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from artnet.image import read_picture, write_picture
from artnet.image.icc import BROKEN, ONE_WAY
from artnet.image.large import read_large


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


RAMP, UNIT = bytes(range(256)), struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)


def one_way_profile():
    """An RGB profile of a scanner: from RGB to Lab by a table, and no way back."""
    corners = b"".join(bytes([36 * i, 128 + 8 * i, 128 - 8 * i]) for i in range(8))
    return profile_of(
        b"RGB ", b"scnr", b"Lab ", A2B0=b"mft1" + bytes([0] * 4 + [3, 3, 2, 0]) + UNIT + RAMP * 3 + corners + RAMP * 3
    )


def header_changed(position, content):
    return SRGB[:position] + content + SRGB[position + len(content) :]


def without_inverse():
    """sRGB whose three primaries are one, so that nothing leads back to it."""
    profile = bytearray(SRGB)
    tags = {SRGB[o : o + 4]: o for o in range(132, 132 + 12 * struct.unpack(">I", SRGB[128:132])[0], 12)}
    for name in (b"gXYZ", b"bXYZ"):
        profile[tags[name] + 4 : tags[name] + 12] = SRGB[tags[b"rXYZ"] + 4 : tags[b"rXYZ"] + 12]
    return bytes(profile)


ODD = {
    "nonsense": (b"nonsense", BROKEN),
    "truncated": (SRGB[:300], BROKEN),
    "device link": (header_changed(12, b"link"), BROKEN),
    "named colours": (header_changed(12, b"nmcl"), BROKEN),
    "abstract": (header_changed(12, b"abst"), BROKEN),
    "Lab": (header_changed(16, b"Lab "), BROKEN),
    "XYZ": (header_changed(16, b"XYZ "), BROKEN),
    "CMYK": (inverted_ink_profile(), BROKEN),
    "grey": (header_changed(16, b"GRAY"), BROKEN),
    "no such space": (header_changed(16, b"\xff\xfe\0\0"), BROKEN),
    "table without a way back": (one_way_profile(), ONE_WAY),
    "no inverse": (without_inverse(), ONE_WAY),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_odd_profiles_never_end_anything_and_are_said(name, suffix, tmp_path):
    profile, said = ODD[name]
    picture = read_picture(stream(flat("RGB", (9, 99, 199)), "TIFF", icc_profile=profile))
    assert picture.warnings == (said,)
    assert picture.icc_profile is None
    if said == BROKEN:
        np.testing.assert_array_equal(picture.rgb[0, 0], (9, 99, 199))
    write_picture(tmp_path / f"out.{suffix}", picture.rgb, like=picture)
    with Image.open(tmp_path / f"out.{suffix}") as image:
        assert "icc_profile" not in image.info


@pytest.mark.parametrize("name", [*ODD, "fitting"])
def test_libvips_makes_the_same_of_a_profile(name, tmp_path):
    pytest.importorskip("pyvips")
    profile = ODD[name][0] if name in ODD else swapped_profile()
    (tmp_path / "a.tif").write_bytes(stream(flat("RGB", (9, 99, 199)), "TIFF", icc_profile=profile).getvalue())
    small, huge = read_picture(tmp_path / "a.tif"), read_large(tmp_path / "a.tif", tmp_path)
    assert np.abs(small.rgb.astype(int) - huge.rgb).max() <= 1
    assert (BROKEN in huge.warnings) == (BROKEN in small.warnings)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([SRGB, one_way_profile(), inverted_ink_profile()]), st.data())
def test_damaged_profiles_never_end_anything(profile, data):
    content = bytearray(profile)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    for mode, color in (("RGB", (9, 99, 199)), ("L", 99), ("CMYK", (9, 9, 99, 9))):
        picture = read_picture(stream(flat(mode, color), "TIFF", icc_profile=bytes(content)))
        write_picture(io.BytesIO(), picture.rgb, like=picture, format="JPEG")
