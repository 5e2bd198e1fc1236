"""Drafts between pictures: what a network was trained on is what engines paint."""

import numpy as np
import torch
from helpers.tiny import noise_picture
from hypothesis import given, settings
from hypothesis import strategies as st

from artnet.image.drafting import factor_of, reduced, revisable
from artnet.model import drafts


def tensor(rgb):
    return torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].float() / 255


def levels(picture):
    return (picture[0] * 255).permute(1, 2, 0).numpy()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12), st.integers(1, 40), st.sampled_from([2, 4]), st.integers(0, 3))
def test_pictures_get_what_tensors_get(rows, columns, factor, seed):
    content = noise_picture(16 * rows, 16 * columns, seed) // 2 + 64  # all detail fits into a byte
    draft = reduced(content, factor)
    assert draft.shape == (16 * rows // factor, 16 * columns // factor, 3)
    assert np.abs(draft - levels(drafts.reduced(tensor(content), factor))).max() <= 0.51
    want = levels(drafts.revisable(tensor(draft), tensor(content), factor))
    # Luma, its mean, both enlarged pictures and the sum are each rounded.
    assert np.abs(revisable(draft, content) - want).max() < 3


def test_a_white_draft_of_a_white_picture_stays_white():
    white = np.full((32, 48, 3), 255, np.uint8)
    assert np.array_equal(revisable(reduced(white, 2), white), white)


def test_large_strokes_have_small_drafts_and_small_ones_none():
    assert [factor_of(size) for size in (64, 383, 384, 512, 767, 768, 2048)] == [1, 1, 2, 2, 2, 4, 4]
