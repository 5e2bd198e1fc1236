"""Photos made clear before they are painted."""

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture
from hypothesis import given, settings
from hypothesis import strategies as st

from artnet.image.clarity import BLOCK, CLARITY, FAINT, UNSEEN, amount_for, clarified
from artnet.model import drafts


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 80), st.integers(1, 40), st.integers(0, 3))
def test_pictures_get_what_tensors_get(rows, columns, seed):
    picture = noise_picture(BLOCK * rows, BLOCK * columns, seed) // 8 + 112
    found = drafts.clarified(torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255)
    # Luma and its means are rounded, and so is the change.
    error = np.abs(clarified(picture, 1.0) - 255 * found[0].permute(1, 2, 0).numpy())
    assert error.mean() < 1.5
    assert error.max() < 8


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 3))
def test_a_size_that_is_no_multiple_is_that_of_a_picture_whose_edge_goes_on(height, width, seed):
    picture = noise_picture(height, width, seed)
    whole = np.pad(picture, ((0, -height % BLOCK), (0, -width % BLOCK), (0, 0)), mode="edge")
    assert np.array_equal(clarified(picture, 0.7), clarified(whole, 0.7)[:height, :width])


def test_strength_0_gives_the_picture_itself_and_plain_ones_stay():
    picture = noise_picture(32, 32)
    assert clarified(picture, 0.0) is picture
    plain = np.full((33, 41, 3), (10, 200, 90), np.uint8)
    assert np.array_equal(clarified(plain, 1.0), plain)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_light_changes_and_colour_stays(strength):
    picture = np.full((64, 64, 3), (120, 100, 140), np.uint8)
    picture[::2] += 10
    change = clarified(picture, strength).astype(int) - picture
    assert np.array_equal(change[..., 0], change[..., 1])
    assert np.array_equal(change[..., 0], change[..., 2])
    more = strength * CLARITY * FAINT / (FAINT + 5) * 5 / (UNSEEN + 5)  # of half the step
    assert change[20:22, 30, 0] == pytest.approx([5 * more, -5 * more], abs=1)


def test_faint_detail_gains_most_but_noise_little():
    amounts = amount_for(np.square([0.0, 0.3, 3.0, 10.0, 100.0]))
    assert np.argmax(amounts) == 2
    assert amounts[0] == 0
    assert amounts[1] < amounts[3] / 1.9


def test_strips_do_not_show():
    picture = noise_picture(300, 40)
    shifted = np.concatenate([picture[:44], picture])  # strips begin at other rows
    assert np.array_equal(clarified(picture, 1.0)[20:], clarified(shifted, 1.0)[64:])


def test_the_given_picture_stays():
    picture = noise_picture(40, 24)
    before = picture.copy()
    clarified(picture, 1.0)
    assert np.array_equal(picture, before)
