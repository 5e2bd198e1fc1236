"""Marks as strong as the style's."""

import numpy as np
import pytest
from helpers.tiny import noise_picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from artnet.image import contrast
from artnet.image.contrast import MOST, contrast_of, match_contrast


def blotches(height=384, width=512, seed=0):
    """Marks of some 10 pixels, far from black and white."""
    small = Image.fromarray(noise_picture(height // 10, width // 10, seed) // 4 + 96)
    return np.array(small.resize((width, height), Image.Resampling.BICUBIC))


def matched(picture, wanted, **options):
    result = picture.copy()
    match_contrast(result, wanted, **options)
    return result


@pytest.mark.parametrize("level", [0, 1, 77, 128, 200, 255])
def test_a_plain_picture_has_no_contrast_and_gets_none(level):
    plain = np.full((40, 50, 3), level, np.uint8)
    assert contrast_of(plain) == (0.0, 0.0, 0.0, 0.0)
    assert np.array_equal(matched(plain, (20.0, 20.0, 20.0, 20.0)), plain)


@pytest.mark.parametrize(("period", "band"), [(4, 0), (9, 1), (18, 2), (36, 3)])
def test_waves_are_in_the_band_of_their_size(period, band):
    wave = np.rint(125 + 25 * np.sin(2 * np.pi * np.arange(480) / period)).astype(np.uint8)
    found = contrast_of(np.broadcast_to(wave[:, None, None], (480, 480, 3)).copy())
    assert np.argmax(found) == band
    assert found[band] > 10


@pytest.mark.parametrize("times", [0.8, 1.25])
def test_marks_get_as_strong_as_asked(times):
    picture = blotches()
    wanted = np.multiply(contrast_of(picture), times)
    found = contrast_of(matched(picture, wanted))
    # Neighbouring bands share some marks.
    assert found == pytest.approx(wanted, rel=0.08)


def test_the_way_is_limited():
    picture = blotches()
    own = contrast_of(picture)  # of marks that are finer than the picture's, rounding makes as much
    assert max(np.divide(contrast_of(matched(picture, (500.0,) * 4)), own)) < 1.1 * MOST
    assert min(np.divide(contrast_of(matched(picture, (0.0,) * 4)), own)) > 0.9 / MOST


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 3))
def test_own_contrast_and_no_strength_change_nothing(height, width, seed):
    picture = noise_picture(height, width, seed)
    assert np.array_equal(matched(picture, contrast_of(picture)), picture)
    assert np.array_equal(matched(picture, (3.0, 90.0, 90.0, 3.0), strength=0.0), picture)


def test_light_and_colour_stay():
    picture = blotches()
    change = matched(picture, np.multiply(contrast_of(picture), 1.4)).astype(float) - picture
    assert np.abs(change).mean() > 2
    assert np.abs(change.mean((0, 1))).max() < 0.5


def test_strips_do_not_show(monkeypatch):
    picture = blotches(600, 64)
    wanted = np.multiply(contrast_of(picture), 1.3)
    in_strips = matched(picture, wanted)
    monkeypatch.setattr(contrast, "ROWS", 600)
    assert np.array_equal(in_strips, matched(picture, wanted))
