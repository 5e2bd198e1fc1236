"""The Stylizer, on a tiny network with random weights."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny import noise_picture

from artnet import Stylizer
from artnet.checkpoint import save_checkpoint
from artnet.engine import TorchEngine, pick_device, pick_dtype


@pytest.fixture(scope="module")
def weights(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(tiny, path, half=False)
    return path


@pytest.fixture(scope="module")
def stylizer(weights):
    loaded = Stylizer.load(weights)
    loaded.set_style(noise_picture(80, 64), size=64)
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
    assert not np.array_equal(full, stylizer.stylize(content, strength=0.3))
    assert not np.array_equal(stylizer.stylize(content, transfer="wct"), stylizer.stylize(content, transfer="adain"))


def test_style_mix(weights):
    a, b, content = noise_picture(64, 64, 5), noise_picture(64, 64, 6) // 3, noise_picture(48, 48, 7)
    stylizer = Stylizer.load(weights)
    results = []
    for mix in (a, [(a, 2.0)], [(a, 1.0), (b, 1.0)], [(a, 5.0), (b, 5.0)], b):
        stylizer.set_style(mix, size=64)
        results.append(stylizer.stylize(content))
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[2], results[3])
    assert not np.array_equal(results[0], results[2])
    assert not np.array_equal(results[4], results[2])


def test_style_size_changes_the_bank(weights):
    stylizer = Stylizer.load(weights)
    style = noise_picture(200, 300)
    counts = []
    for size in (64, 128):
        stylizer.set_style(style, size=size)
        cut = stylizer.engine.network.config.cut
        counts.append(stylizer.styles[0][cut].banks[0].bias.numel())
    assert counts[1] == 4 * counts[0]


def test_bfloat16_is_close_to_float32(tiny):
    content, style = noise_picture(96, 96, 1), noise_picture(96, 96, 2)
    outputs = []
    for dtype in (torch.float32, torch.bfloat16):
        stylizer = Stylizer(TorchEngine(copy.deepcopy(tiny), "cpu", dtype))
        stylizer.set_style(style, size=96)
        outputs.append(stylizer.stylize(content, transfer="adain").astype(float))
    mse = np.square(outputs[0] - outputs[1]).mean()
    assert 10 * np.log10(255**2 / max(mse, 1e-9)) >= 38


def test_engine_says_what_it_chose(stylizer):
    assert stylizer.engine_choice.startswith("torch on ")
    dtype, why = pick_dtype(torch.device("cpu"))
    assert dtype in (torch.bfloat16, torch.float32)
    assert why in stylizer.engine_choice


BAD = [
    (lambda s: s.set_style([]), "at least one style"),
    (lambda s: s.set_style([(noise_picture(20, 20), -1)]), "positive and finite"),
    (lambda s: s.set_style([(noise_picture(20, 20), float("nan"))]), "positive and finite"),
    (lambda s: s.set_style(noise_picture(20, 20), size=0), "style size must be between 16 and 4096"),
    (lambda s: s.set_style(noise_picture(20, 20)[..., 0]), r"must be \(H, W, 3\) uint8"),
    (lambda s: s.stylize(noise_picture(20, 20).astype(float)), r"must be \(H, W, 3\) uint8"),
    (lambda s: s.stylize(noise_picture(20, 20)[:0]), r"must be \(H, W, 3\) uint8"),
    (lambda s: s.stylize(noise_picture(20, 20), strength=2), "strength must be between 0 and 1"),
    (lambda s: s.stylize(noise_picture(20, 20), transfer="swap"), "transfer must be one of"),
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
