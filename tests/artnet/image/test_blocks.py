"""Pictures at other sizes: what strips are made of, and that they do not show."""

import numpy as np
import pytest
from helpers.tiny import noise_picture
from hypothesis import given, settings
from hypothesis import strategies as st

from artnet.image.blocks import ROWS, detail_rows, enlarged_rows, halved_rows, light_of, light_rows, means_of

SIZES = st.integers(1, 90), st.integers(1, 40)


@settings(max_examples=40, deadline=None)
@given(*SIZES, st.sampled_from([1, 2, 4, 8, 16]), st.integers(1, 70))
def test_enlarged_strips_are_those_of_the_whole(height, width, times, rows):
    picture = noise_picture(height, width)
    whole = enlarged_rows(picture, times, 0, times * height)
    assert whole.shape == (times * height, times * width, 3)
    strips = [enlarged_rows(picture, times, top, rows) for top in range(0, times * height, rows)]
    assert np.array_equal(np.concatenate(strips), whole)


@settings(max_examples=40, deadline=None)
@given(*SIZES, st.sampled_from([1, 2, 4, 8, 16]))
def test_enlarged_bytes_are_rounded_with_halves_up(height, width, times):
    picture = noise_picture(height, width)
    unrounded = enlarged_rows(picture.astype(np.float32), times, 0, times * height)
    assert np.array_equal(enlarged_rows(picture, times, 0, times * height), np.floor(unrounded + 0.5))


@settings(max_examples=40, deadline=None)
@given(*SIZES, st.integers(1, 50))
def test_halved_strips_are_those_of_the_whole(height, width, rows):
    picture = noise_picture(height, width)
    whole = halved_rows(picture, 0, height)
    assert whole.shape == (-(-height // 2), -(-width // 2), 3)
    strips = [halved_rows(picture, top, rows) for top in range(0, len(whole), rows)]
    assert np.array_equal(np.concatenate(strips), whole)


@settings(max_examples=40, deadline=None)
@given(*SIZES, st.sampled_from([np.uint8, np.float32]))
def test_halving_weighs_two_pixels_and_their_neighbours(height, width, dtype):
    values = np.random.default_rng(height).integers(0, 256, (2 * height, 2 * width)).astype(dtype)
    around = np.pad(values, 1, mode="edge").astype(float)
    for _ in range(2):
        around = (around[:-2:2] + 3 * around[1:-1:2] + 3 * around[2::2] + around[3::2]).T / 8
    assert np.abs(halved_rows(values, 0, height) - around).max() <= (1 if dtype is np.uint8 else 1e-3)


@settings(max_examples=40, deadline=None)
@given(*SIZES, st.sampled_from([2, 4, 8, 32]))
def test_means_of_repeated_edges(height, width, block):
    values = np.random.default_rng(width).integers(0, 256, (height, width)).astype(np.float32)
    whole = np.pad(values, ((0, -height % block), (0, -width % block)), mode="edge")
    rows, columns = (side // block for side in whole.shape)
    want = whole.reshape(rows, block, columns, block).mean((1, 3))
    np.testing.assert_allclose(means_of(values, block), want, atol=1e-3)


@pytest.mark.parametrize("block", [2, 4])
def test_detail_is_what_means_leave(block):
    picture = noise_picture(ROWS + 12, 24)
    light, means = light_of(picture, block)
    assert np.array_equal(light_rows(picture, block, ROWS), light[ROWS:])
    strip = light[ROWS:]
    detail = detail_rows(strip, means, block, ROWS)
    assert detail.dtype == np.float32
    assert np.array_equal(detail + enlarged_rows(means, block, ROWS, len(strip)), strip)
    assert not detail_rows(np.full((8, 8), 90, np.uint8), np.full((4, 4), 90, np.uint8), 2, 0).any()


@pytest.mark.parametrize("shape", [(1, 70_000, 3), (70_000, 1, 3)])
def test_long_pictures(shape):
    picture = np.full(shape, 70, np.uint8)
    small = halved_rows(picture, 0, shape[0])
    assert (enlarged_rows(small, 2, 0, shape[0]) == 70).all()
    assert (means_of(picture, 4) == 70).all()
