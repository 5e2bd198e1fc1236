"""Drafts between tensors: half the size and back, with the content's detail."""

import pytest
import torch

from artnet.image.drafting import BAND, EXAGGERATION
from artnet.model.drafts import band_of, enlarged, outlined, reduced, revisable


def noise(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_an_even_picture_has_no_band():
    assert band_of(torch.full((1, 1, 16, 24), 0.3)).abs().max() < 1e-6


def test_a_band_is_light_without_its_local_mean():
    light = torch.zeros(1, 1, 16, 16)
    light[..., 4, 4] = 1.0
    found = band_of(light)
    assert found[0, 0, 4, 4] == pytest.approx(1 - 1 / BAND**2, abs=0.05)
    assert found[0, 0, 12:].abs().max() == 0


def test_a_plain_content_leaves_a_draft_as_it_is():
    draft = noise(2, 3, 16, 16)
    torch.testing.assert_close(revisable(draft, torch.full((2, 3, 32, 32), 0.4)), enlarged(draft, 2))


def test_a_plain_draft_gets_the_contents_detail_exaggerated():
    light = 0.5 + 0.1 * (noise(1, 1, 16, 16) - 0.5)
    found = outlined(torch.full((1, 3, 16, 16), 0.5), light) - 0.5
    want = EXAGGERATION * band_of(light)
    assert (found[:, :1] / want)[want.abs() > 0.01].median() == pytest.approx(0.93, abs=0.07)
    assert found.abs().max() <= want.abs().max()


def test_gradients_reach_the_draft():
    draft = (0.25 + noise(1, 3, 16, 16) / 2).requires_grad_()
    revisable(draft, noise(1, 3, 32, 32)).sum().backward()
    assert draft.grad.abs().min() > 0


def test_sizes():
    content = noise(2, 3, 32, 48)
    assert reduced(content).shape == (2, 3, 16, 24)
    assert revisable(reduced(content), content).shape == content.shape
    assert revisable(reduced(content, 4), content, 4).shape == content.shape
