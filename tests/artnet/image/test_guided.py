"""A painting's light, guided by the photo."""

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture
from hypothesis import given, settings
from hypothesis import strategies as st

import artnet.image.guided
from artnet.image.blocks import light_means
from artnet.image.guided import BLOCK, CELL, EDGE, Guidance, guide_painting, guided_draft
from artnet.model import drafts


def tensor(rgb):
    return torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].float() / 255


def split(height=128, width=160, dark=60, light=180):
    """A dark half beside a light one."""
    picture = np.full((height, width, 3), dark, np.uint8)
    picture[:, width // 2 + 4 :] = light
    return picture


def rimmed(picture, colour=(20, 40, 0)):
    """The same with other colours, and a bright rim on the light side of the edge."""
    painted = picture + np.array(colour, np.uint8)
    middle = picture.shape[1] // 2 + 4
    painted[:, middle : middle + 12] = 255
    return painted


def guided(painted, content):
    result = painted.copy()
    guide_painting(result, content)
    return result


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12), st.integers(1, 20), st.sampled_from([2, 4]), st.integers(0, 3))
def test_pictures_get_what_tensors_get(rows, columns, factor, seed):
    content, painted = (noise_picture(CELL * rows, CELL * columns, seed + i) // 2 + 64 for i in range(2))
    found = drafts.guided_paintings(tensor(painted), tensor(content))
    assert np.abs(guided(painted, content) - 255 * found.clamp(0, 1)[0].permute(1, 2, 0).numpy()).max() < 3
    small, draft = content[::factor, ::factor], painted[::factor, ::factor]
    light = light_means(small, 1)
    change = drafts.guided_drafts(tensor(draft), torch.from_numpy(light)[None, None] / 255, factor)
    assert np.abs(guided_draft(draft, light, factor) - 255 * change[0].permute(1, 2, 0).numpy()).max() < 4


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 3))
def test_a_size_that_is_no_multiple_is_that_of_a_picture_whose_edge_goes_on(height, width, seed):
    painted, content = noise_picture(height, width, seed), noise_picture(height, width, seed + 1)
    whole = [np.pad(x, ((0, -height % CELL), (0, -width % CELL), (0, 0)), mode="edge") for x in (painted, content)]
    assert np.array_equal(guided(painted, content), guided(*whole)[:height, :width])


def test_strokes_on_plain_photos_stay():
    painted = noise_picture(96, 128)
    assert np.array_equal(guided(painted, np.full_like(painted, 90)), painted)


@pytest.mark.parametrize("turned", [False, True])
def test_light_that_follows_the_photo_stays_even_where_light_and_dark_change_places(turned):
    content = split()
    painted = np.array((250, 200, 230), np.uint8) - content // 2 if turned else content // 2 + 30
    assert np.abs(guided(painted, content).astype(int) - painted).max() <= 2


def test_rims_get_fainter_and_colour_stays(monkeypatch):
    monkeypatch.setattr(artnet.image.guided, "EDGE", 20.0)  # how much fainter depends on what is tuned
    content = split()
    painted = rimmed(content)
    change = guided(painted, content).astype(int) - painted
    rim, beside = slice(86, 94), slice(130, 150)
    before, after = (x[60, rim].mean() - x[60, beside].mean() for x in (painted.astype(int), painted + change))
    assert 0 < after < 0.8 * before
    assert np.array_equal(change[..., 0], change[..., 1])
    assert np.array_equal(change[:, :20], np.zeros((128, 20, 3)))  # no edge is near


def test_half_of_the_light_is_guided_at_an_edge_of_that_deviation():
    guide = np.full((8, 8), 100, np.uint8)
    guide[:, 4:] = 100 + 2 * EDGE
    light = np.tile(np.uint8([10, 10, 30, 30]), (8, 2))  # has nothing to do with the guide
    change = Guidance(light, guide, 8).rows(0)
    assert change == pytest.approx(np.where(light == 10, 5, -5), abs=0.1)


def test_strips_do_not_show():
    painted, content = noise_picture(320, 64), noise_picture(320, 64, 1)
    shifted = [np.concatenate([x[:CELL], x]) for x in (painted, content)]  # strips begin at other rows
    assert np.array_equal(guided(painted, content)[CELL:], guided(*shifted)[2 * CELL :])


def test_the_given_draft_and_content_stay():
    draft, content = noise_picture(64, 64), noise_picture(64, 64, 1)
    before = draft.copy(), content.copy()
    guided_draft(draft, light_means(content, 1), 2)
    guided(draft, content)
    assert np.array_equal(draft, before[0])
    assert np.array_equal(content, before[1])
    assert BLOCK * (CELL // BLOCK) == CELL
