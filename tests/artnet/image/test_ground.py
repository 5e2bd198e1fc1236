"""The ground: its noise, and how it lies on pictures and on their tiles."""

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture
from hypothesis import given
from hypothesis import strategies as st

from artnet.image.ground import CONTRAST, SIZE, levels, on_ground, pattern
from artnet.model import drafts

GREY = np.full((2 * SIZE, SIZE + 40, 3), 128, np.uint8)


def test_the_noise_has_marks_of_all_sizes_in_no_direction():
    noise = pattern()
    assert abs(noise.mean()) < 1e-9
    assert noise.std() == pytest.approx(1)
    power = np.abs(np.fft.fft2(noise)) ** 2
    down, across = power[1:33, :33].sum(), power[:33, 1:33].sum()
    assert 0.8 < down / across < 1.25
    falling, rising = power[1:33, 1:33].sum(), power[1:33, -32:].sum()
    assert 0.8 < falling / rising < 1.25
    spread = [power[low:high, low:high].mean() for low, high in ((4, 16), (16, 32), (32, 64), (128, 256))]
    assert spread == sorted(spread, reverse=True)


def test_it_repeats_without_a_seam():
    laid = on_ground(GREY, 1.0).astype(int)
    assert np.array_equal(laid[:SIZE], laid[SIZE:])
    assert np.array_equal(laid[:, :40], laid[:, SIZE:])
    steps = np.abs(np.diff(laid[..., 0], axis=0)).mean(1)
    assert steps[SIZE - 1] < 1.5 * steps.mean()


def test_its_contrast_follows_the_strength():
    assert on_ground(GREY, 0.0) is GREY
    assert np.array_equal(on_ground(GREY, 1.0)[:SIZE, :SIZE, 1].astype(int) - 128, levels(1.0))
    assert levels(1.0).std() == pytest.approx(CONTRAST, rel=0.02)
    assert levels(0.5).std() == pytest.approx(CONTRAST / 2, rel=0.02)


def test_nothing_wraps_around():
    for level in (0, 255):
        laid = on_ground(np.full((64, 64, 3), level, np.uint8), 1.0)
        assert np.abs(laid.astype(int) - level).max() <= np.abs(levels(1.0)).max()


@given(top=st.integers(0, 600), left=st.integers(0, 600))
def test_tiles_lie_on_the_ground_of_the_whole(top, left):
    whole = on_ground(GREY, 0.7)
    tile = GREY[top : top + 90, left : left + 70]
    assert np.array_equal(on_ground(tile, 0.7, (top, left)), whole[top : top + 90, left : left + 70])


def test_tensors_get_the_same():
    rgb = noise_picture(40, 600)
    pictures = torch.from_numpy(rgb).permute(2, 0, 1)[None] / 255
    laid = drafts.on_ground(pictures, drafts.ground_levels(0.6), torch.tensor([500]), torch.tensor([7]))
    assert np.array_equal((255 * laid[0]).round().permute(1, 2, 0).numpy(), on_ground(rgb, 0.6, (500, 7)))
