"""The Stylizer, on a tiny network with random weights."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture, tiny_config
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import artnet.stylizer
from artnet import Stylizer
from artnet.engines.base import Look
from artnet.engines.torch_engine import pick_device
from artnet.image.chroma import chroma_of, limit_chroma
from artnet.image.clarity import clarified
from artnet.image.contrast import contrast_of, match_contrast
from artnet.image.drafting import reduced, shown
from artnet.image.ground import on_ground
from artnet.image.guided import guide_painting
from artnet.image.postprocess import apply_finish, finish_of
from artnet.model.checkpoint import save_checkpoint
from artnet.model.network import ArtNet
from artnet.model.precision import pick_dtype
from artnet.settings import StyleSettings
from artnet.stylizer import Memory


@pytest.fixture(scope="module")
def weights(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(tiny, path, half=False)
    return path


@pytest.fixture(scope="module")
def stylizer(weights):
    return Stylizer.load(weights)


@pytest.fixture(scope="module")
def style(stylizer):
    return stylizer.prepare_style(noise_picture(80, 64), stroke_size=64)


def test_array_in_array_out(stylizer, style):
    content = noise_picture(50, 37, seed=1)
    before = content.copy()
    out = stylizer.stylize(content, style)
    assert isinstance(out, np.ndarray)
    assert (out.shape, out.dtype) == (content.shape, np.uint8)
    assert np.array_equal(content, before)
    assert np.array_equal(out, stylizer.stylize(content, style))


def test_path_and_image_in_image_out(stylizer, style, tmp_path):
    content = noise_picture(33, 40, seed=2)
    Image.fromarray(content).save(tmp_path / "c.png")
    want = stylizer.stylize(content, style)
    for source in (tmp_path / "c.png", str(tmp_path / "c.png"), Image.fromarray(content)):
        out = stylizer.stylize(source, style)
        assert out.mode == "RGB"
        assert np.array_equal(np.asarray(out), want)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 65), st.integers(1, 65))
def test_output_size_is_input_size(stylizer, style, height, width):
    assert stylizer.stylize(noise_picture(height, width), style).shape == (height, width, 3)


def test_options_change_the_picture(stylizer, style):
    content = noise_picture(48, 48, seed=3)
    full = stylizer.stylize(content, style)
    assert not np.array_equal(full, stylizer.stylize(content, style, StyleSettings(strength=0.3)))
    assert not np.array_equal(full, stylizer.stylize(content, style, StyleSettings(transfer="adain")))
    assert not np.array_equal(full, stylizer.stylize(content, style, StyleSettings(grain=1.0)))


def test_at_strength_nothing_the_picture_stays_as_it_is(stylizer, style):
    content = noise_picture(48, 80, seed=3)
    for options in ({}, {"live": True}, {"tile": 320}):
        assert np.array_equal(stylizer.stylize(content, style, StyleSettings(strength=0), **options), content)


def test_live_frames_are_neither_made_clear_nor_revised_and_have_less_ground(stylizer, style, monkeypatch):
    seen = []
    real = stylizer.engine.paint

    def paint(rgb, look, *rest):
        seen.append((rgb, look))
        return real(rgb, look, *rest)

    monkeypatch.setattr(stylizer.engine, "paint", paint)
    content = noise_picture(48, 48, seed=3)
    stylizer.stylize(content, style)
    stylizer.stylize(content, style, live=True, fixed_size=True)
    assert [look for _, look in seen] == [Look(style), Look(style, fixed_size=True, revised=False)]
    assert np.array_equal(seen[0][0], on_ground(clarified(content, 1.0), 1.0))
    assert np.array_equal(seen[1][0], on_ground(content, 0.4))


def test_a_mask_says_where(stylizer, style):
    content = noise_picture(48, 56, seed=3)
    mask = np.zeros((48, 56), np.uint8)
    mask[:, 28:] = 255
    painted, whole = (stylizer.stylize(content, style, mask=where) for where in (mask, None))
    assert np.array_equal(painted[:, :28], content[:, :28])
    assert np.array_equal(painted[:, 28:], whole[:, 28:])
    with pytest.raises(ValueError, match="same size"):
        stylizer.stylize(content, style, mask=mask[1:])


def test_wct_on_torch(weights):
    torch_stylizer = Stylizer.load(weights, engine="torch")
    style = torch_stylizer.prepare_style(noise_picture(80, 64), stroke_size=64)
    content = noise_picture(48, 48, seed=3)
    wct, adain = (torch_stylizer.stylize(content, style, StyleSettings(transfer=name)) for name in ("wct", "adain"))
    assert not np.array_equal(wct, adain)


def test_memory_smooths_statistics(stylizer, style):
    frames = [noise_picture(64, 64, seed=8), noise_picture(64, 64, seed=9) // 4]
    memory = Memory(share=0.9)
    first = stylizer.stylize(frames[0], style, memory=memory)
    assert np.abs(first.astype(int) - stylizer.stylize(frames[0], style)).mean() < 1  # nothing to remember yet
    seen = {name: rows.copy() for name, rows in memory.statistics.items()}
    smoothed = stylizer.stylize(frames[1], style, memory=memory)
    assert not np.array_equal(smoothed, stylizer.stylize(frames[1], style))
    alone = Memory(share=0.0)
    stylizer.stylize(frames[1], style, memory=alone)
    name = next(slot for slot in seen if slot.role == "content")
    np.testing.assert_allclose(
        memory.statistics[name], 0.9 * seen[name] + 0.1 * alone.statistics[name], rtol=1e-2, atol=1e-3
    )


def test_style_mix(weights):
    a, b, content = noise_picture(64, 64, 5), noise_picture(64, 64, 6) // 3, noise_picture(48, 48, 7)
    stylizer = Stylizer.load(weights)
    results = []
    for mix in (a, [(a, 2.0)], [(a, 1.0), (b, 1.0)], [(a, 5.0), (b, 5.0)], b):
        results.append(stylizer.stylize(content, stylizer.prepare_style(mix, stroke_size=64)))
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[2], results[3])
    assert not np.array_equal(results[0], results[2])
    assert not np.array_equal(results[4], results[2])


def test_stroke_size_changes_the_bank(weights):
    stylizer = Stylizer.load(weights, engine="torch")
    counts = []
    for size in (32, 64):
        style = stylizer.prepare_style(noise_picture(200, 300), stroke_size=size)
        counts.append(style.parts[0][stylizer.engine.config.cut].banks[0].bias.numel())
    assert counts[1] == 4 * counts[0]


def test_engine_says_what_it_chose(stylizer, weights):
    assert stylizer.engine_choice.startswith("OpenVINO on the CPU, ")
    dtype, why = pick_dtype(torch.device("cpu"))
    assert dtype in (torch.bfloat16, torch.float32)
    assert why in Stylizer.load(weights, engine="torch", device="cpu").engine_choice


BAD = [
    (lambda s, _: s.prepare_style([]), "at least one image"),
    (lambda s, _: s.prepare_style([(noise_picture(20, 20), -1)]), "positive and finite"),
    (lambda s, _: s.prepare_style([(noise_picture(20, 20), float("nan"))]), "positive and finite"),
    (lambda s, _: s.prepare_style(noise_picture(20, 20), stroke_size=0), "stroke size must be between 16 and 4096"),
    (lambda s, _: s.prepare_style(noise_picture(20, 20)[..., 0]), r"must be \(H, W, 3\) uint8"),
    (lambda s, x: s.stylize(noise_picture(20, 20).astype(float), x), r"must be \(H, W, 3\) uint8"),
    (lambda s, x: s.stylize(noise_picture(20, 20)[:0], x), r"must be \(H, W, 3\) uint8"),
    (lambda s, x: s.stylize(noise_picture(20, 20), x, StyleSettings(strength=2)), "strength must be between 0 and 1"),
    (lambda s, x: s.stylize(noise_picture(20, 20), x, StyleSettings(transfer="swap")), "transfer must be one of"),
    (lambda s, x: s.stylize("missing.png", x), "missing.png"),
    (lambda s, _: s.stylize(noise_picture(20, 20), "a.jpg"), r"'a.jpg' is no style yet: .*prepare_style"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_errors(stylizer, style, call, message):
    with pytest.raises(ValueError, match=message):
        call(stylizer, style)


def test_a_style_belongs_to_the_network_that_prepared_it(weights, style):
    with pytest.raises(ValueError, match="prepared by another Stylizer"):
        Stylizer.load(weights).stylize(noise_picture(20, 20), style)


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_styles_and_settings_do_not_meet_in_threads(weights, engine):
    stylizer, content = Stylizer.load(weights, engine=engine, streams=2), noise_picture(64, 48, 1)
    styles = [stylizer.prepare_style(noise_picture(64, 64, seed), stroke_size=64) for seed in (2, 3)]
    wanted = [(style, StyleSettings(strength)) for style in styles for strength in (0.4, 1.0)]
    alone = [stylizer.stylize(content, *each) for each in wanted]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda each: stylizer.stylize(content, *each), wanted * 4))
    for i, painted in enumerate(together):
        assert np.array_equal(painted, alone[i % len(wanted)])


def test_load_errors(weights, tmp_path):
    with pytest.raises(ValueError, match="engine must be one of"):
        Stylizer.load(weights, engine="tensorrt")
    with pytest.raises(ValueError, match="device must be one of"):
        Stylizer.load(weights, device="tpu")
    with pytest.raises(FileNotFoundError, match="no weights at"):
        Stylizer.load(tmp_path / "none.safetensors")


def test_cuda_that_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto").type == "cpu"
    with pytest.raises(ValueError, match="no CUDA device"):
        pick_device("cuda")


@pytest.mark.parametrize("grain", [-0.1, 1.5, float("nan")])
def test_grain_is_a_share(stylizer, style, grain):
    with pytest.raises(ValueError, match="grain must be between 0 and 1"):
        stylizer.stylize(noise_picture(32, 32), style, StyleSettings(grain=grain))


def test_contrast_and_finish_are_the_styles_and_light_is_the_photos(stylizer, style):
    content, fitted = noise_picture(48, 48, seed=3), stylizer.fit_style(noise_picture(80, 64), 64)
    clear = clarified(content, 1.0)
    painted, _ = stylizer.engine.paint(on_ground(clear, 1.0), Look(style))
    apply_finish(painted, clear, finish_of(fitted))
    guide_painting(painted, clear)
    match_contrast(painted, contrast_of(fitted))
    limit_chroma(painted, [chroma_of(fitted)])
    assert np.array_equal(stylizer.stylize(content, style, StyleSettings(grain=1.0)), painted)


@pytest.fixture(scope="module")
def revising(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "two.safetensors"
    save_checkpoint(ArtNet(tiny_config(passes=2)), path)
    return Stylizer.load(path)


def test_in_large_strokes_the_photo_is_painted_smaller_and_enlarged(revising):
    content, painting = noise_picture(51, 70, seed=3), noise_picture(80, 64)
    large, half = (revising.prepare_style(painting, stroke_size=size) for size in (768, 384))
    painted = shown(revising.stylize(reduced(content, 2), half), content, 2)
    live = shown(revising.stylize(reduced(content, 2), half, live=True), content, 2)
    assert np.array_equal(revising.stylize(content, large, live=True), live)
    guide_painting(painted, content)
    assert np.array_equal(revising.stylize(content, large), painted)


def test_the_order_of_an_array_in_memory_changes_nothing(revising, style, stylizer):
    content = noise_picture(51, 70, seed=3)
    large = revising.prepare_style(noise_picture(80, 64), stroke_size=768)
    for painter, prepared in ((stylizer, style), (revising, large)):
        for live in (False, True):
            want = painter.stylize(content, prepared, live=live)
            turned, mirrored = np.rot90(np.rot90(content, -1).copy()), content[:, ::-1].copy()[:, ::-1]
            for other in (np.asfortranarray(content), turned, mirrored):
                assert np.array_equal(painter.stylize(other, prepared, live=live), want)


def test_strokes_grow_with_large_photos(revising, stylizer, style, monkeypatch):
    content, prepared = noise_picture(1536, 1600, seed=3), revising.prepare_style(noise_picture(80, 64), stroke_size=64)
    painted = shown(revising.stylize(reduced(content, 2), prepared), content, 2)
    guide_painting(painted, content)
    assert np.array_equal(revising.stylize(content, prepared), painted)
    seen, real = [], stylizer.engine.paint
    monkeypatch.setattr(stylizer.engine, "paint", lambda rgb, *rest: seen.append(rgb.shape) or real(rgb, *rest))
    stylizer.stylize(content, style)
    assert seen == [content.shape]  # a network of one pass paints pictures as they are


@pytest.mark.parametrize("stroke_size", [768, 1536])
@pytest.mark.parametrize("shape", [(1, 1), (7, 90), (33, 47)])
def test_large_strokes_fit_any_size(revising, stroke_size, shape):
    style, content = revising.prepare_style(noise_picture(40, 40), stroke_size=stroke_size), noise_picture(*shape)
    mask = np.zeros(shape, np.uint8)
    for live in (False, True):
        painted = revising.stylize(content, style, live=live, memory=Memory())
        assert painted.shape == content.shape
        assert not np.array_equal(painted, content)
        assert np.array_equal(revising.stylize(content, style, live=live, mask=mask), content)


@pytest.mark.parametrize(
    ("shape", "size", "wanted"),
    [
        ((80, 64), 64, (80, 64)),
        ((300, 200), 64, (96, 64)),
        ((40, 20_000), 512, (512, 4096)),
        ((20_000, 40), 512, (4096, 512)),
        ((1, 3_000_000), 16, (16, 4096)),
        ((9, 9), 16, (16, 16)),
    ],
)
def test_styles_are_scaled_once_and_never_beyond_the_longest_side(stylizer, shape, size, wanted, monkeypatch):
    sizes = []
    real = artnet.stylizer.resize
    monkeypatch.setattr(artnet.stylizer, "resize", lambda *a: sizes.append(a[0].size) or real(*a))
    assert stylizer.fit_style(np.full((*shape, 3), 9, np.uint8), size).shape == (*wanted, 3)
    assert len(sizes) == 1


def test_of_a_style_that_is_too_long_the_middle_is_taken(stylizer):
    style = np.zeros((16, 8192, 3), np.uint8)
    style[:, 2048:6144] = 200
    assert (stylizer.fit_style(style, 16) == 200).all()


def test_a_transparent_style_is_laid_on_white(stylizer):
    transparent = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    assert (stylizer.fit_style(transparent, 32) == 255).all()
