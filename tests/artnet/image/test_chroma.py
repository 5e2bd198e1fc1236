"""Colours of a painting within those of its style."""

import numpy as np
import pytest
from helpers.tiny import noise_picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from artnet.image.chroma import RARE, chroma_of, limit_chroma

RED, BLUE, OLIVE = (200, 40, 40), (40, 60, 190), (110, 110, 60)


def plain(*colours, side=40):
    """Stripes of as many colours."""
    return np.repeat(np.uint8([colours]), side, axis=0).repeat(side, axis=1)


def limited(picture, *styles, strength=1.0):
    result = picture.copy()
    limit_chroma(result, [chroma_of(style) for style in styles], strength)
    return result


def differences(picture):
    return np.asarray(Image.fromarray(picture).convert("YCbCr"))[..., 1:].reshape(-1, 2).astype(int)


def test_bounds_of_known_colours():
    (blue, red), (other_blue, other_red) = (differences(plain(colour))[0] for colour in (RED, BLUE))
    assert chroma_of(plain(RED)) == (blue, blue, red, red)
    assert chroma_of(plain(RED, BLUE)) == (blue, other_blue, other_red, red)
    assert chroma_of(plain((90, 90, 90))) == (128, 128, 128, 128)


@pytest.mark.parametrize(("count", "counts"), [(1, False), (4, True)])
def test_rare_colours_set_no_bound(count, counts):
    picture = np.full((120, 150, 3), 90, np.uint8)
    assert 1 <= RARE * 120 * 150 < 4
    picture[0, :count] = RED
    assert (chroma_of(picture) != (128, 128, 128, 128)) == counts


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 300), st.integers(1, 40), st.integers(0, 3))
def test_no_colour_goes_beyond_the_styles_and_light_stays(height, width, seed):
    picture = noise_picture(height, width, seed) // 2 + 64
    style = plain((130, 120, 110), (120, 125, 135))
    found, (low, high, least, most) = limited(picture, style), chroma_of(style)
    within = differences(found)
    assert (within >= [low - 1, least - 1]).all()
    assert (within <= [high + 1, most + 1]).all()
    light = [np.asarray(Image.fromarray(x).convert("L")).astype(int) for x in (found, picture)]
    assert np.abs(light[0] - light[1]).max() <= 2


def test_colours_within_bounds_stay():
    picture = plain(RED, OLIVE, BLUE)
    assert np.array_equal(limited(picture, picture), picture)


def test_of_several_styles_the_widest_bounds_count():
    picture = plain(RED, BLUE)
    assert np.array_equal(limited(picture, plain(RED), plain(BLUE)), picture)
    assert np.ptp(limited(picture, plain(OLIVE)), axis=(0, 1)).max() < 80


def test_strength_is_how_far_bounds_are_those_of_the_style():
    picture, style = plain(RED, BLUE), plain((90, 90, 90))
    assert np.array_equal(limited(picture, style, strength=0.0), picture)
    found = [np.abs(differences(limited(picture, style, strength=s)) - 128).max() for s in (0.0, 0.6, 0.8, 1.0)]
    assert found == sorted(found, reverse=True)
    assert found[3] == 0
    assert found[1] == pytest.approx(0.4 * 127, abs=3)


def test_greys_stay_to_the_level():
    picture = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    assert np.array_equal(limited(picture, plain(RED, (30, 150, 150), (90, 90, 90))), picture)
