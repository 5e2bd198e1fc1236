import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from artnet.image.compose import FADING, blend, faded, preserve_color

PICTURES = hnp.arrays(np.uint8, (2, 3, 3))
LUMA = np.array([0.299, 0.587, 0.114])


@settings(deadline=None)
@given(PICTURES)
def test_picture_with_itself_is_unchanged(picture):
    np.testing.assert_array_equal(preserve_color(picture, picture), picture)


@settings(deadline=None)
@given(PICTURES, PICTURES)
def test_luma_is_that_of_the_stylized_picture(content, stylized):
    result = preserve_color(content, stylized)
    np.testing.assert_allclose(result @ LUMA, stylized @ LUMA, atol=1)


@settings(deadline=None)
@given(PICTURES, PICTURES)
def test_chroma_keeps_its_direction(content, stylized):
    result = preserve_color(content, stylized)
    before = content - (content @ LUMA)[..., None]
    after = result - (result @ LUMA)[..., None]
    assert (before * after >= -1.01 * np.abs(before)).all()  # same sign, but for rounding


def test_known_value():
    content = np.array([[[100, 50, 50]]], np.uint8)  # luma 64.95
    stylized = np.full((1, 1, 3), 120, np.uint8)
    np.testing.assert_array_equal(preserve_color(content, stylized), [[[155, 105, 105]]])


def test_grey_content_stays_grey():
    content = np.full((4, 4, 3), 90, np.uint8)
    stylized = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    result = preserve_color(content, stylized)
    assert (np.ptp(result.astype(int), axis=2) == 0).all()


def test_no_clipping_to_another_hue():
    content = np.array([[[255, 0, 0]]], np.uint8)
    white = np.full((1, 1, 3), 255, np.uint8)
    np.testing.assert_array_equal(preserve_color(content, white), white)


@given(st.integers(0, 255))
def test_blend_weights_by_the_mask(level):
    content, stylized = np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 3), 255, np.uint8)
    result = blend(content, stylized, np.full((1, 1), level, np.uint8))
    np.testing.assert_array_equal(result, np.full((1, 1, 3), level))


def test_sizes_must_agree():
    small, large = np.zeros((2, 2, 3), np.uint8), np.zeros((3, 2, 3), np.uint8)
    with pytest.raises(ValueError, match="same size"):
        preserve_color(small, large)
    with pytest.raises(ValueError, match="same size"):
        blend(small, large, np.zeros((2, 2), np.uint8))
    with pytest.raises(ValueError, match="same size"):
        blend(small, small, np.zeros((3, 2), np.uint8))


@pytest.mark.parametrize("shape", [(2, 40_000, 3), (600, 3, 3)])
def test_long_pictures_are_worked_on_in_parts_that_do_not_show(shape):
    content, stylized = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    mask = np.random.default_rng(1).integers(0, 256, shape[:2], dtype=np.uint8)
    weight = mask[..., None] / 255
    expected = np.rint(content * (1 - weight) + stylized * weight)
    assert np.abs(blend(content, stylized, mask) - expected).max() <= 1
    np.testing.assert_allclose(preserve_color(content, stylized) @ LUMA, stylized @ LUMA, atol=1)


@settings(deadline=None)
@given(PICTURES, PICTURES, st.floats(0, 1))
def test_fading_goes_from_the_content_to_the_stylized_picture(content, stylized, strength):
    result = faded(content, stylized, strength)
    share = min(1, strength / FADING)
    np.testing.assert_allclose(result, (1 - share) * content + share * stylized.astype(float), atol=0.51)
    np.testing.assert_array_equal(faded(content, stylized, 0), content)
    np.testing.assert_array_equal(faded(content, stylized, FADING), stylized)


def test_fading_needs_pictures_of_one_size():
    with pytest.raises(ValueError, match="same size"):
        faded(np.zeros((2, 3, 3), np.uint8), np.zeros((2, 2, 3), np.uint8), 0.1)
