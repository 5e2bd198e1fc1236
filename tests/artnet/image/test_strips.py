"""Work in strips: every row once and in order, and sums that stay in a byte."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artnet.image.strips import add_to_channels, for_strips, in_channels


@given(st.integers(1, 300), st.integers(1, 90))
def test_every_strip_is_made_once_and_in_order(height, rows):
    assert for_strips(lambda top: top, height, rows) == list(range(0, height, rows))


@given(st.integers(0, 2**32 - 1))
def test_sums_are_cut_off(seed):
    random = np.random.default_rng(seed)
    rgb = random.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    change = random.integers(-127, 128, (5, 7), dtype=np.int8)
    want = np.clip(rgb.astype(int) + change[..., None], 0, 255)
    add_to_channels(rgb, change)
    assert np.array_equal(rgb, want)


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
def test_all_channels_are_the_same(dtype):
    values = np.arange(-60, 60).reshape(10, 12).astype(dtype)
    assert in_channels(values).dtype == dtype
    assert np.array_equal(in_channels(values), np.stack([values] * 3, axis=2))
