"""Tiles: they cover a picture once, and together they are the picture that is painted whole."""

import copy

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture
from hypothesis import given, settings
from hypothesis import strategies as st

import artnet.engines.tiling
from artnet import Stylizer
from artnet.engines.base import NOTHING_HELD, Look, Style
from artnet.engines.tiling import paint_tiled, painted_pixels, spans, thumbnail
from artnet.engines.torch_engine import TorchEngine
from artnet.image.ground import on_ground
from artnet.model.checkpoint import save_checkpoint


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
    look = Look(Style([engine.prepare(coarse_picture(128, 96, 2))]), transfer=transfer)
    whole, statistics = engine.paint(on_ground(content, 1.0), look, NOTHING_HELD)
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
    monkeypatch.setattr(artnet.engines.tiling, "THUMBNAIL_PIXELS", 200 * 200)
    content = coarse_picture(400, 520, 3)
    small = thumbnail(content, 200 * 200, engine.stride)
    assert small.shape[0] * small.shape[1] == pytest.approx(200 * 200, rel=0.02)
    look = Look(Style([engine.prepare(coarse_picture(96, 96, 4))]), transfer="adain")
    tiled, used = paint_tiled(engine, content, look, NOTHING_HELD, tile=256)
    want = engine.paint(on_ground(small, 1.0), look, NOTHING_HELD)[1]
    assert all(np.array_equal(used[name], want[name]) for name in want)
    whole = engine.paint(on_ground(content, 1.0), look)[0].astype(float)
    assert np.abs(tiled - whole).mean() < 8


def test_tiles_need_room_for_their_overlap(engine):
    look = Look(Style([engine.prepare(noise_picture(64, 64))]))
    with pytest.raises(ValueError, match="tiles must be at least 160 pixels wide, got 64"):
        paint_tiled(engine, noise_picture(300, 300), look, tile=64)


def test_the_stylizer_tiles_what_is_large(tiny, tmp_path, monkeypatch):
    save_checkpoint(tiny, tmp_path / "tiny.safetensors")
    stylizer = Stylizer.load(tmp_path / "tiny.safetensors")
    style = stylizer.prepare_style(coarse_picture(80, 80, 5), stroke_size=64)
    content = coarse_picture(300, 280, 6)
    seen = []
    whole = stylizer.stylize(content, style, progress=seen.append)
    assert seen == []
    tiled = stylizer.stylize(content, style, tile=256, progress=seen.append)
    assert seen == [0.25, 0.5, 0.75, 1.0]
    assert np.abs(tiled.astype(int) - whole).mean() < 2
    monkeypatch.setattr(stylizer.engine, "whole_pixels", 1000)
    assert np.array_equal(stylizer.stylize(content, style), whole)  # one tile is enough


@pytest.mark.parametrize(
    ("height", "width", "wanted"),
    [
        (1, 300_000, (1, 2496)),
        (300_000, 1, (2496, 1)),
        (12, 300_000, (12, 2496)),
        (100, 300_000, (16, 2496)),
        (1, 2000, (1, 2000)),
        (400, 400, (200, 200)),
        (5, 7, (5, 7)),
    ],
)
def test_thumbnails_count_the_pixels_that_are_painted(height, width, wanted):
    small = thumbnail(np.full((height, width, 3), 77, np.uint8), 200 * 200, 8)
    assert small.shape == (*wanted, 3)
    assert (small == 77).all()
    assert painted_pixels(*small.shape[:2], 8) <= 200 * 200


def test_thin_pictures_are_painted_in_tiles_of_bounded_size(tiny, tmp_path, monkeypatch):
    save_checkpoint(tiny, tmp_path / "tiny.safetensors")
    stylizer = Stylizer.load(tmp_path / "tiny.safetensors", engine="torch")
    style = stylizer.prepare_style(coarse_picture(80, 80, 5), stroke_size=64)
    monkeypatch.setattr(stylizer.engine, "whole_pixels", 64_000)
    monkeypatch.setattr(artnet.engines.tiling, "THUMBNAIL_PIXELS", 64_000)
    worked_on = []
    for name in ("paint", "measure"):
        real = getattr(stylizer.engine, name)
        spy = lambda rgb, *rest, real=real: worked_on.append(painted_pixels(*rgb.shape[:2], 8)) or real(rgb, *rest)  # noqa: E731
        monkeypatch.setattr(stylizer.engine, name, spy)
    for shape in ((1, 6_000), (6_000, 1), (15, 6_000)):
        worked_on.clear()
        content = noise_picture(*shape)
        assert stylizer.stylize(content, style).shape == content.shape
        assert len(worked_on) > 2
        assert max(worked_on) <= 64_000


@pytest.fixture(scope="module", params=["openvino", "torch"])
def any_stylizer(tiny, tmp_path_factory, request):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(tiny, path)
    return Stylizer.load(path, engine=request.param)


@pytest.mark.parametrize("style", [(64, 80), (1, 90), (90, 2), (1, 1)])
def test_very_flat_pictures_and_styles(any_stylizer, style):
    prepared = any_stylizer.prepare_style(noise_picture(*style), stroke_size=16)
    for shape in ((1, 1), (1, 300), (300, 1), (2, 100), (16, 640), (15, 400)):
        assert any_stylizer.stylize(noise_picture(*shape), prepared).shape == (*shape, 3)
    assert any_stylizer.stylize(noise_picture(1, 300), prepared, tile=192).shape == (1, 300, 3)
