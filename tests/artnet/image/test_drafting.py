"""Drafts between pictures: what a network was trained on is what engines paint."""

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture
from hypothesis import given, settings
from hypothesis import strategies as st

from artnet.image.drafting import SHOWN_DETAIL, factor_of, outlined, reduced, revisable, shown
from artnet.model import drafts
from artnet.model.tensors import luma


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
    # Luma, its means, both enlarged pictures and the sum are each rounded, and what is between them is exaggerated.
    error = np.abs(revisable(draft, content) - want)
    assert error.mean() < 1.5
    assert error.max() < 10
    block, light = 2 * factor, luma(tensor(content))
    detail = light - drafts.enlarged(torch.nn.functional.avg_pool2d(light, block), block)
    once = levels((drafts.enlarged(tensor(draft), factor) + SHOWN_DETAIL * detail).clamp(0, 1))
    assert np.abs(shown(draft, content) - once).max() < 3


@pytest.mark.parametrize("enlarge", [revisable, shown])
def test_a_white_draft_of_a_white_picture_stays_white(enlarge):
    white = np.full((32, 48, 3), 255, np.uint8)
    assert np.array_equal(enlarge(reduced(white, 2), white), white)


def test_strokes_stay_where_the_content_is_plain():
    draft = noise_picture(32, 48, 1)
    assert np.array_equal(outlined(draft, np.full((32, 48), 90, np.uint8)), draft)


def test_the_content_is_outlined_where_it_is_stronger_than_strokes():
    light = np.full((32, 32), 100, np.uint8)
    light[:, 16:] = 140
    draft = np.full((32, 32, 3), (90, 120, 80), np.uint8)
    change = outlined(draft, light)[16].astype(int) - draft[16]
    assert np.array_equal(change[:, 0], change[:, 1])
    assert np.array_equal(change[:, 0], change[:, 2])
    assert change[16, 0] - change[15, 0] > 40  # the content's own step, exaggerated
    assert not change[[0, -1]].any()


def test_frames_get_a_share_of_the_detail():
    content = np.full((32, 32, 3), 100, np.uint8)
    content[5, 9] = 200
    change = shown(reduced(np.full_like(content, 50), 2), content).astype(int) - 50
    assert change[5, 9, 0] == pytest.approx(SHOWN_DETAIL * 100, rel=0.1)
    assert np.abs(change[16:]).max() == 0


def test_large_strokes_have_small_drafts_and_small_ones_none():
    assert [factor_of(size) for size in (64, 383, 384, 512, 767, 768, 2048)] == [1, 1, 2, 2, 2, 4, 4]
