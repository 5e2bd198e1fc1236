"""Resizing, and the way to tensors and back."""

import numpy as np
import pytest
from helpers.picture_files import RGB
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from artnet.image import Picture, PictureError, fit_short_side, resize
from artnet.model.tensors import to_rgb, to_tensor


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
