"""Painting twice: both passes are the inner engine's, with statistics and looks of their own."""

import copy

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture, tiny_config

from artnet import Stylizer
from artnet.engines import load_engine
from artnet.engines.base import NOTHING_HELD, Held, Look, Style
from artnet.engines.revising import RevisingEngine
from artnet.engines.tiling import paint_tiled
from artnet.engines.torch_engine import TorchEngine
from artnet.image.drafting import reduced, revisable, shown
from artnet.image.ground import on_ground
from artnet.model.checkpoint import save_checkpoint
from artnet.model.network import ArtNet


@pytest.fixture(scope="module")
def inner(tiny):
    return TorchEngine(copy.deepcopy(tiny), "cpu", torch.float32)


@pytest.fixture(scope="module")
def style():
    return noise_picture(416, 448, 5)  # drafts are half as large


def smooth(height, width, seed):
    small = torch.from_numpy(noise_picture(6, 7, seed)).permute(2, 0, 1)[None].float()
    large = torch.nn.functional.interpolate(small, size=(height, width), mode="bicubic")
    return large.clamp(0, 255).byte()[0].permute(1, 2, 0).numpy().copy()


@pytest.mark.parametrize("strength", [1.0, 0.4])
def test_a_picture_is_the_revised_draft(inner, style, strength):
    engine, content = RevisingEngine(inner, inner), smooth(96, 128, 1)
    painted, _ = engine.paint(content, Look(Style([engine.prepare(style)]), strength=strength))
    draft, _ = inner.paint(reduced(content, 2), Look(Style([inner.prepare(reduced(style, 2))]), strength=strength))
    want, _ = inner.paint(revisable(draft, content), Look(Style([inner.prepare(style)]), strength=strength))
    assert np.array_equal(painted, want)


def test_frames_are_enlarged_drafts(inner, style):
    engine, content = RevisingEngine(inner, inner), smooth(96, 128, 1)
    look = Look(Style([engine.prepare(style)]), revised=False)
    painted, statistics = engine.paint(content, look, NOTHING_HELD)
    draft, _ = inner.paint(reduced(content, 2), Look(Style([inner.prepare(reduced(style, 2))])), NOTHING_HELD)
    assert np.abs(painted.astype(int) - shown(draft, content, 2)).max() <= 1
    painted[:] = 0  # whoever gets it may go on with it
    assert {slot.draft for slot in statistics} == {True}
    measured = engine.measure(content, look)
    assert set(measured) == set(statistics)
    for name, rows in statistics.items():
        np.testing.assert_allclose(measured[name], rows, rtol=1e-3, atol=1e-4)


def test_frames_get_the_contents_detail_once(inner, style):
    """Enlarged drafts have it; what is painted at full size gets its finest part from the finish."""
    stylizer, content = Stylizer(RevisingEngine(inner, inner)), noise_picture(48, 48, 3)
    for size, finished in ((416, False), (64, True)):
        prepared = stylizer.prepare_style(style, stroke_size=size)
        look = Look(prepared, revised=False)
        painted, _ = stylizer.engine.paint(on_ground(content, look.ground), look)
        assert np.array_equal(stylizer.stylize(content, prepared, live=True), painted) != finished


def test_frames_without_a_draft_are_painted_at_full_size(inner):
    engine, content = RevisingEngine(inner, inner), smooth(96, 128, 1)
    style = Style([engine.prepare(noise_picture(64, 64, 5))])
    painted, live = (engine.paint(content, Look(style, revised=revised))[0] for revised in (True, False))
    assert np.array_equal(painted, live)


@pytest.mark.parametrize(("side", "factor"), [(64, 1), (384, 2), (768, 2)])
def test_the_size_of_strokes_sets_that_of_drafts(inner, side, factor, monkeypatch):
    engine, seen = RevisingEngine(inner, inner), []
    look = Look(Style([engine.prepare(noise_picture(side, side + 32))]), transfer="adain")
    monkeypatch.setattr(inner, "paint", lambda rgb, *rest: (seen.append(rgb.shape), (rgb, {}))[1])
    engine.paint(noise_picture(128, 96), look)
    assert seen == [(128 // factor, 96 // factor, 3)] * (factor > 1) + [(128, 96, 3)]


@pytest.mark.parametrize("shape", [(1, 1), (7, 90), (33, 47)])
def test_any_size_comes_back(inner, style, shape):
    engine = RevisingEngine(inner, inner)
    painted, _ = engine.paint(noise_picture(*shape), Look(Style([engine.prepare(style)])))
    assert painted.shape == (*shape, 3)


def test_own_statistics_of_both_passes_paint_the_same_picture(inner, style):
    engine, content = RevisingEngine(inner, inner), smooth(96, 128, 2)
    look = Look(Style([engine.prepare(style)]))
    painted, statistics = engine.paint(content, look, NOTHING_HELD)
    assert {slot.draft for slot in statistics} == {True, False}
    again, used = engine.paint(content, look, Held(statistics, 1.0))
    assert np.abs(again.astype(int) - painted).max() <= 1
    measured = engine.measure(content, look)
    assert set(used) == set(statistics) == set(measured)
    for name, rows in statistics.items():
        np.testing.assert_allclose(measured[name], rows, rtol=1e-3, atol=1e-4)


def test_statistics_of_a_draft_count_in_the_draft(inner, style):
    engine, content = RevisingEngine(inner, inner), smooth(96, 128, 3)
    look = Look(Style([engine.prepare(style)]))
    painted, statistics = engine.paint(content, look, NOTHING_HELD)
    other = engine.measure(smooth(96, 128, 4), look)
    mixed = {slot: other[slot] if slot.draft else rows for slot, rows in statistics.items()}
    assert not np.array_equal(engine.paint(content, look, Held(mixed, 1.0))[0], painted)


def test_a_style_has_the_same_inner_styles_while_it_lives(inner, style):
    engine = RevisingEngine(inner, inner)
    prepared = Style([engine.prepare(style)])
    assert engine.inner_looks(Look(prepared)) == engine.inner_looks(Look(prepared))
    assert engine.inner_looks(Look(prepared)) != engine.inner_looks(Look(Style(prepared.parts)))
    del prepared
    assert len(engine.styles) == 0


def test_tiles_make_the_whole_picture(inner):
    engine, content = RevisingEngine(inner, inner), smooth(437, 815, 1)
    look = Look(Style([engine.prepare(smooth(448, 416, 2))]), transfer="adain")
    whole, _ = engine.paint(on_ground(content, 1.0), look, NOTHING_HELD)
    tiled, _ = paint_tiled(engine, content, look, NOTHING_HELD, tile=640)
    error = np.abs(tiled.astype(int) - whole)
    assert (error > 1).mean() < 0.002


@pytest.mark.parametrize("name", ["torch", "openvino"])
def test_the_checkpoint_says_how_often_is_painted(tmp_path, name):
    torch.manual_seed(0)
    for passes, kind in ((1, False), (2, True)):
        path = tmp_path / f"{passes}.safetensors"
        save_checkpoint(ArtNet(tiny_config(passes=passes)), path)
        assert isinstance(load_engine(path, name, "cpu"), RevisingEngine) is kind
