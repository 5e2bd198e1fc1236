"""The Stylizer, on a tiny network with random weights."""

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import artnet.stylizer
from artnet import Stylizer
from artnet.engines.torch_engine import pick_device, pick_dtype
from artnet.image.postprocess import apply_finish, finish_of
from artnet.model.checkpoint import save_checkpoint
from artnet.settings import StyleSettings
from artnet.stylizer import Memory


@pytest.fixture(scope="module")
def weights(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(tiny, path, half=False)
    return path


@pytest.fixture(scope="module")
def stylizer(weights):
    loaded = Stylizer.load(weights)
    loaded.set_style(noise_picture(80, 64), stroke_size=64)
    return loaded


def test_array_in_array_out(stylizer):
    content = noise_picture(50, 37, seed=1)
    before = content.copy()
    out = stylizer.stylize(content)
    assert isinstance(out, np.ndarray)
    assert (out.shape, out.dtype) == (content.shape, np.uint8)
    assert np.array_equal(content, before)
    assert np.array_equal(out, stylizer.stylize(content))


def test_path_and_image_in_image_out(stylizer, tmp_path):
    content = noise_picture(33, 40, seed=2)
    Image.fromarray(content).save(tmp_path / "c.png")
    want = stylizer.stylize(content)
    for source in (tmp_path / "c.png", str(tmp_path / "c.png"), Image.fromarray(content)):
        out = stylizer.stylize(source)
        assert out.mode == "RGB"
        assert np.array_equal(np.asarray(out), want)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 65), st.integers(1, 65))
def test_output_size_is_input_size(stylizer, height, width):
    assert stylizer.stylize(noise_picture(height, width)).shape == (height, width, 3)


def test_options_change_the_picture(stylizer):
    content = noise_picture(48, 48, seed=3)
    full = stylizer.stylize(content)
    assert not np.array_equal(full, stylizer.stylize(content, StyleSettings(strength=0.3)))
    assert not np.array_equal(full, stylizer.stylize(content, StyleSettings(transfer="adain")))
    assert not np.array_equal(full, stylizer.stylize(content, StyleSettings(grain=1.0)))


def test_wct_on_torch(weights):
    torch_stylizer = Stylizer.load(weights, engine="torch")
    torch_stylizer.set_style(noise_picture(80, 64), stroke_size=64)
    content = noise_picture(48, 48, seed=3)
    results = [torch_stylizer.stylize(content, StyleSettings(transfer=transfer)) for transfer in ("wct", "adain")]
    assert not np.array_equal(*results)


def test_memory_smooths_statistics(stylizer):
    frames = [noise_picture(64, 64, seed=8), noise_picture(64, 64, seed=9) // 4]
    memory = Memory(share=0.9)
    first = stylizer.stylize(frames[0], memory=memory)
    assert np.abs(first.astype(int) - stylizer.stylize(frames[0])).mean() < 1  # nothing to remember yet
    seen = {name: rows.copy() for name, rows in memory.statistics.items()}
    smoothed = stylizer.stylize(frames[1], memory=memory)
    assert not np.array_equal(smoothed, stylizer.stylize(frames[1]))
    alone = Memory(share=0.0)
    stylizer.stylize(frames[1], memory=alone)
    name = next(name for name in seen if name.endswith("content"))
    np.testing.assert_allclose(
        memory.statistics[name], 0.9 * seen[name] + 0.1 * alone.statistics[name], rtol=1e-2, atol=1e-3
    )


def test_style_mix(weights):
    a, b, content = noise_picture(64, 64, 5), noise_picture(64, 64, 6) // 3, noise_picture(48, 48, 7)
    stylizer = Stylizer.load(weights)
    results = []
    for mix in (a, [(a, 2.0)], [(a, 1.0), (b, 1.0)], [(a, 5.0), (b, 5.0)], b):
        stylizer.set_style(mix, stroke_size=64)
        results.append(stylizer.stylize(content))
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[2], results[3])
    assert not np.array_equal(results[0], results[2])
    assert not np.array_equal(results[4], results[2])


def test_stroke_size_changes_the_bank(weights):
    stylizer = Stylizer.load(weights, engine="torch")
    style = noise_picture(200, 300)
    counts = []
    for size in (32, 64):
        stylizer.set_style(style, stroke_size=size)
        cut = stylizer.engine.network.config.cut
        counts.append(stylizer.look.styles[0][cut].banks[0].bias.numel())
    assert counts[1] == 4 * counts[0]


def test_engine_says_what_it_chose(stylizer, weights):
    assert stylizer.engine_choice.startswith("OpenVINO on the CPU, ")
    dtype, why = pick_dtype(torch.device("cpu"))
    assert dtype in (torch.bfloat16, torch.float32)
    assert why in Stylizer.load(weights, engine="torch", device="cpu").engine_choice


BAD = [
    (lambda s: s.set_style([]), "at least one style"),
    (lambda s: s.set_style([(noise_picture(20, 20), -1)]), "positive and finite"),
    (lambda s: s.set_style([(noise_picture(20, 20), float("nan"))]), "positive and finite"),
    (lambda s: s.set_style(noise_picture(20, 20), stroke_size=0), "stroke size must be between 16 and 4096"),
    (lambda s: s.set_style(noise_picture(20, 20)[..., 0]), r"must be \(H, W, 3\) uint8"),
    (lambda s: s.stylize(noise_picture(20, 20).astype(float)), r"must be \(H, W, 3\) uint8"),
    (lambda s: s.stylize(noise_picture(20, 20)[:0]), r"must be \(H, W, 3\) uint8"),
    (lambda s: s.stylize(noise_picture(20, 20), StyleSettings(strength=2)), "strength must be between 0 and 1"),
    (lambda s: s.stylize(noise_picture(20, 20), StyleSettings(transfer="swap")), "transfer must be one of"),
    (lambda s: s.stylize("missing.png"), "missing.png"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_errors(stylizer, call, message):
    with pytest.raises(ValueError, match=message):
        call(stylizer)


def test_style_must_be_set_first(weights):
    with pytest.raises(ValueError, match="call set_style first"):
        Stylizer.load(weights).stylize(noise_picture(20, 20))


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
def test_grain_is_a_share(stylizer, grain):
    with pytest.raises(ValueError, match="grain must be between 0 and 1"):
        stylizer.stylize(noise_picture(32, 32), StyleSettings(grain=grain))


def test_the_finish_is_the_styles(stylizer):
    content = noise_picture(48, 48, seed=3)
    look = stylizer.look_for(StyleSettings())
    painted, _ = stylizer.engine.paint(content, look)
    apply_finish(painted, content, finish_of(stylizer.fit_style(noise_picture(80, 64), 64)))
    assert np.array_equal(stylizer.stylize(content, StyleSettings(grain=1.0)), painted)


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
