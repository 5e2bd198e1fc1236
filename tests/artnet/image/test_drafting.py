"""Drafts between pictures: what a network was trained on is what engines paint."""

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture
from hypothesis import given, settings
from hypothesis import strategies as st

from artnet.image.drafting import (
    SHOWN_DETAIL,
    factor_of,
    outlined,
    reduced,
    revisable,
    scale_of_picture,
    scale_of_strokes,
    shown,
)
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
    # Luma, its means, both enlarged pictures and the sum are each rounded, and what is between them is exaggerated.
    error = np.abs(revisable(draft, content) - want)
    assert error.mean() < 1.5
    assert error.max() < 10
    once = levels(drafts.shown(tensor(draft), tensor(content), factor))
    assert np.abs(shown(draft, content, factor) - once).max() < 3


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.integers(1, 40), st.sampled_from([2, 4]))
def test_what_is_painted_smaller_comes_back_at_any_size(height, width, factor):
    content = noise_picture(height, width) // 2 + 64
    small = reduced(content, factor)
    assert small.shape == (-(-height // factor), -(-width // factor), 3)
    large = shown(small, content, factor)
    assert large.shape == content.shape
    beside = np.pad(content, ((0, -height % (2 * factor)), (0, -width % (2 * factor)), (0, 0)), mode="edge")
    inside = slice(0, max(0, height - 3 * factor)), slice(0, max(0, width - 3 * factor))  # away from repeated edges
    assert np.array_equal(large[inside], shown(reduced(beside, factor), beside, factor)[inside])


@pytest.mark.parametrize("enlarge", [revisable, lambda draft, content: shown(draft, content, 2)])
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
    change = shown(reduced(np.full_like(content, 50), 2), content, 2).astype(int) - 50
    assert change[5, 9, 0] == pytest.approx(SHOWN_DETAIL * 100, rel=0.1)
    assert np.abs(change[16:]).max() == 0


def test_small_strokes_have_no_draft_and_large_ones_are_painted_smaller():
    sizes = (64, 383, 384, 512, 767, 768, 1535, 1536, 4096)
    assert [factor_of(size) for size in sizes] == [1, 1] + 7 * [2]
    assert [scale_of_strokes(size) for size in sizes] == [1] * 5 + [2, 2, 4, 4]


def test_strokes_grow_with_pictures():
    sizes = [(1, 9000), (1080, 1920), (1535, 1535), (1536, 2000), (4000, 3000), (3072, 4096), (30_000, 30_000)]
    assert [scale_of_picture(*size) for size in sizes] == [1, 1, 1, 2, 2, 4, 4]
