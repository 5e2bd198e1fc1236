"""Drafts between tensors: half the size and back, with the content's detail."""

import pytest
import torch

from artnet.image.drafting import DETAIL
from artnet.model.drafts import detail, reduced, revisable


def test_an_even_picture_has_no_detail():
    assert detail(torch.full((1, 3, 16, 24), 0.3), 4).abs().max() < 1e-6


def test_detail_is_luma_without_its_local_mean():
    content = torch.zeros(1, 3, 16, 16)
    content[:, 1, 4, 4] = 1.0  # one green pixel
    found = detail(content, 4)
    assert found.shape == (1, 1, 16, 16)
    assert found[0, 0, 4, 4] == pytest.approx(0.587, abs=0.587 / 16)
    assert found[0, 0, 12:].abs().max() == 0


def test_a_content_that_is_its_own_draft_comes_back_sharper_than_the_draft():
    content = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    draft = reduced(content)
    assert draft.shape == (2, 3, 16, 16)
    back = revisable(draft, content)
    blurred = torch.nn.functional.interpolate(draft, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(back, (blurred + DETAIL * detail(content, 4)).clamp(0, 1))
    assert (back - content).abs().mean() < (blurred - content).abs().mean()
