"""The ground: its noise, and how it lies on pictures and on their tiles."""

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture
from hypothesis import given
from hypothesis import strategies as st

from artnet.image.ground import CONTRAST, SIZES, on_ground, patterns, tiles
from artnet.model import drafts

GREY = np.full((1400, 1300, 3), 128, np.uint8)


def ground(strength=1.0):
    return on_ground(GREY, strength)[..., 1].astype(int) - 128


def test_the_noise_has_marks_of_all_sizes_in_no_direction():
    for noise, size in zip(patterns(), SIZES, strict=True):
        assert noise.shape == size
        assert abs(noise.mean()) < 1e-9
        assert noise.std() == pytest.approx(1)
        power = np.abs(np.fft.fft2(noise[:252, :252])) ** 2
        falling, rising = power[1:33, 1:33].sum(), power[1:33, -32:].sum()
        assert 0.8 < falling / rising < 1.25
        spread = [power[low:high, low:high].mean() for low, high in ((4, 12), (12, 24), (24, 48), (64, 126))]
        assert spread == sorted(spread, reverse=True)


def test_no_part_of_it_comes_back():
    laid = ground()
    part = laid[:160, :160]
    for shift in {n for size in SIZES for n in size}:
        for down, across in ((shift, 0), (0, shift), (shift, shift), (2 * shift, 0), (0, 3 * shift)):
            other = laid[down : down + 160, across : across + 160]
            assert np.corrcoef(part.ravel(), other.ravel())[0, 1] < 0.5


def test_tiles_go_on_without_a_seam():
    laid = ground()
    for axis in (0, 1):
        steps = np.abs(np.diff(laid, axis=axis)).mean(1 - axis)
        assert max(steps[size[axis] - 1] for size in SIZES) < 1.3 * steps.mean()


def test_its_contrast_follows_the_strength():
    assert on_ground(GREY, 0.0) is GREY
    assert ground().std() == pytest.approx(CONTRAST, rel=0.05)
    assert ground(0.5).std() == pytest.approx(CONTRAST / 2, rel=0.05)
    assert ground()[7, 9] == sum(tile[7, 9] for tile in tiles(1.0))


def test_nothing_wraps_around():
    most = np.abs(ground()).max()
    for level in (0, 255):
        laid = on_ground(np.full((64, 64, 3), level, np.uint8), 1.0)
        assert np.abs(laid.astype(int) - level).max() <= most


@given(top=st.integers(0, 1300), left=st.integers(0, 1200))
def test_tiles_of_a_picture_lie_on_the_ground_of_the_whole(top, left):
    whole = on_ground(GREY, 0.7)
    tile = GREY[top : top + 90, left : left + 70]
    assert np.array_equal(on_ground(tile, 0.7, (top, left)), whole[top : top + 90, left : left + 70])


def test_tensors_get_the_same():
    rgb = noise_picture(40, 600)
    pictures = torch.from_numpy(rgb).permute(2, 0, 1)[None] / 255
    laid = drafts.on_ground(pictures, drafts.ground_tiles(0.6), torch.tensor([500]), torch.tensor([7]))
    assert np.array_equal((255 * laid[0]).round().permute(1, 2, 0).numpy(), on_ground(rgb, 0.6, (500, 7)))
