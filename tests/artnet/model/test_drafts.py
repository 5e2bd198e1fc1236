"""Drafts between tensors: half the size and back, with the content's detail; clear before, at a contrast after."""

import pytest
import torch

from artnet.image.contrast import MOST
from artnet.image.drafting import BAND, EXAGGERATION
from artnet.model.drafts import (
    clarified,
    contrasted,
    contrasts_of,
    detail_of,
    enlarged,
    outlined,
    reduced,
    revisable,
    sizes_of,
)


def noise(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_an_even_picture_has_no_detail():
    assert detail_of(torch.full((1, 1, 16, 24), 0.3), BAND).abs().max() < 1e-6


def test_detail_is_light_without_its_local_mean():
    light = torch.zeros(1, 1, 16, 16)
    light[..., 4, 4] = 1.0
    found = detail_of(light, BAND)
    assert found[0, 0, 4, 4] == pytest.approx(1 - 1 / BAND**2, abs=0.05)
    assert found[0, 0, 12:].abs().max() == 0


def test_a_plain_content_leaves_a_draft_as_it_is():
    draft = noise(2, 3, 16, 16)
    torch.testing.assert_close(revisable(draft, torch.full((2, 3, 32, 32), 0.4)), enlarged(draft, 2))


def test_a_plain_draft_gets_the_contents_detail_exaggerated():
    light = 0.5 + 0.1 * (noise(1, 1, 16, 16) - 0.5)
    found = outlined(torch.full((1, 3, 16, 16), 0.5), light) - 0.5
    want = EXAGGERATION * detail_of(light, BAND)
    assert (found[:, :1] / want)[want.abs() > 0.01].median() == pytest.approx(0.93, abs=0.07)
    assert found.abs().max() <= want.abs().max()


def test_gradients_reach_the_draft():
    draft = (0.25 + noise(1, 3, 16, 16) / 2).requires_grad_()
    revisable(draft, noise(1, 3, 32, 32)).sum().backward()
    assert draft.grad.abs().min() > 0


def test_plain_pictures_stay_and_have_gradients():
    plain = torch.full((2, 3, 32, 48), 0.4, requires_grad=True)
    clear, matched = clarified(plain), contrasted(plain, noise(2, 3, 32, 48))
    torch.testing.assert_close(clear, plain)
    torch.testing.assert_close(matched, plain)
    (clear + matched).sum().backward()
    assert plain.grad.isfinite().all()


def test_marks_get_as_strong_as_the_styles_within_limits():
    picture = 0.4 + 0.2 * enlarged(noise(2, 3, 16, 24), 8)
    own = contrasts_of(sizes_of(picture))
    softer = contrasted(picture, 0.5 + 0.8 * (picture - 0.5))
    torch.testing.assert_close(contrasts_of(sizes_of(softer)), 0.8 * own, rtol=0.08, atol=1e-3)
    plain = contrasted(picture, torch.full_like(picture, 0.5))
    assert (contrasts_of(sizes_of(plain))[2:] > 0.9 / MOST * own[2:]).all()


def test_sizes():
    content = noise(2, 3, 32, 48)
    assert reduced(content).shape == (2, 3, 16, 24)
    assert revisable(reduced(content), content).shape == content.shape
    assert revisable(reduced(content, 4), content, 4).shape == content.shape
