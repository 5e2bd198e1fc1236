"""Tiles: they cover a picture once, and together they are the picture that is painted whole."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import noise_picture

import artnet.tiling
from artnet import Stylizer
from artnet.checkpoint import save_checkpoint
from artnet.engines.protocol import NOTHING_HELD, Look
from artnet.engines.torch_engine import TorchEngine
from artnet.tiling import paint_tiled, spans, thumbnail


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 900), st.integers(4, 20), st.sampled_from([8, 16]))
def test_spans_cover_every_pixel_once_with_a_margin(length, tile_strides, stride):
    margin, tile = stride, tile_strides * stride
    found = spans(length, tile, margin, stride)
    kept = [pixel for span in found for pixel in range(span.keep_start, span.keep_stop)]
    assert kept == list(range(length))
    for span in found:
        assert span.start % stride == 0
        assert span.stop - span.start <= tile
        assert span.start == 0 or span.keep_start - span.start >= margin
        assert span.stop == length or span.stop - span.keep_stop >= margin


@pytest.fixture(scope="module")
def engine(tiny):
    return TorchEngine(copy.deepcopy(tiny), "cpu", torch.float32)


def coarse_picture(height, width, seed):
    small = torch.from_numpy(noise_picture(6, 7, seed)).permute(2, 0, 1)[None].float()
    large = torch.nn.functional.interpolate(small, size=(height, width), mode="bicubic")
    return large.clamp(0, 255).byte()[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("transfer", ["adain", "s2"])
def test_tiles_make_the_whole_picture(engine, transfer):
    content = coarse_picture(437, 515, 1)
    look = Look([engine.prepare(coarse_picture(128, 96, 2))], transfer=transfer)
    whole, statistics = engine.paint(content, look, NOTHING_HELD)
    done = []
    tiled, used = paint_tiled(engine, content, look, NOTHING_HELD, tile=256, progress=done.append)
    assert done[-1] == 1
    assert len(done) == 3 * 3
    # The last bits of a sum depend on a tile's size; in the swap they may decide between equally near patches.
    error = np.abs(tiled.astype(int) - whole)
    assert (error > 1).mean() < 0.002
    for name in statistics:
        np.testing.assert_allclose(used[name], statistics[name], rtol=1e-4, atol=1e-5)


def test_large_pictures_take_their_statistics_from_a_thumbnail(engine, monkeypatch):
    monkeypatch.setattr(artnet.tiling, "THUMBNAIL_PIXELS", 200 * 200)
    content = coarse_picture(400, 520, 3)
    small = thumbnail(content, 200 * 200, engine.stride)
    assert small.shape[0] * small.shape[1] == pytest.approx(200 * 200, rel=0.02)
    look = Look([engine.prepare(coarse_picture(96, 96, 4))], transfer="adain")
    tiled, used = paint_tiled(engine, content, look, NOTHING_HELD, tile=256)
    want = engine.paint(small, look, NOTHING_HELD)[1]
    assert all(np.array_equal(used[name], want[name]) for name in want)
    whole = engine.paint(content, look)[0].astype(float)
    assert np.abs(tiled - whole).mean() < 8


def test_tiles_need_room_for_their_overlap(engine):
    look = Look([engine.prepare(noise_picture(64, 64))])
    with pytest.raises(ValueError, match="tiles must be at least 160 pixels wide, got 64"):
        paint_tiled(engine, noise_picture(300, 300), look, tile=64)


def test_the_stylizer_tiles_what_is_large(tiny, tmp_path, monkeypatch):
    save_checkpoint(tiny, tmp_path / "tiny.safetensors")
    stylizer = Stylizer.load(tmp_path / "tiny.safetensors")
    stylizer.set_style(coarse_picture(80, 80, 5), size=64)
    content = coarse_picture(300, 280, 6)
    seen = []
    whole = stylizer.stylize(content, progress=seen.append)
    assert seen == []
    tiled = stylizer.stylize(content, tile=256, progress=seen.append)
    assert seen == [0.25, 0.5, 0.75, 1.0]
    assert np.abs(tiled.astype(int) - whole).mean() < 2
    monkeypatch.setattr(stylizer.engine, "whole_pixels", 1000)
    assert np.array_equal(stylizer.stylize(content), whole)  # one tile is enough
