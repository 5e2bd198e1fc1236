"""Engines: equal pictures from each, held statistics, the cache of compiled models, and what `auto` picks."""

import copy
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture, tiny_config

from artnet.engines import load_engine
from artnet.engines.base import NOTHING_HELD, Held, Look, Style, pad_edges
from artnet.engines.graph import cache as compiled
from artnet.engines.graph.style import style_arrays
from artnet.engines.openvino import engine as openvino_engine
from artnet.engines.openvino.engine import OpenVINOEngine
from artnet.engines.torch_engine import TorchEngine
from artnet.model.checkpoint import save_checkpoint
from artnet.model.checkpoint_arrays import read_weights
from artnet.model.config import ArtNetConfig
from artnet.model.network import ArtNet
from artnet.model.slots import Slot


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTNET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def arrays(network):
    return network.config, {name: value.numpy() for name, value in network.state_dict().items()}


def psnr(a, b):
    return 10 * np.log10(255**2 / max(np.square(a.astype(float) - b).mean(), 1e-9))


def engines(network):
    torch_engine = TorchEngine(copy.deepcopy(network), "cpu", torch.float32)
    return torch_engine, OpenVINOEngine(*arrays(network), "f32")


CONFIGS = [
    {},
    {"cut": "inception4a", "skips": ("conv1", "inception3b")},
    {"skips": (), "upsampling": "nearest"},
    {"skips": ("pixels", "conv3"), "decoder": {8: 64, 4: 64, 2: 32, 1: 32}},
    {"encoder_padding": "zeros", "decoder": {8: 64, 4: 64}},
    {"cut": "conv3", "skips": ("conv1",)},
    {"match_channels": 3, "bank_size": 10},
]


@pytest.mark.parametrize("changes", CONFIGS)
def test_openvino_paints_what_torch_paints(changes):
    torch.manual_seed(0)
    network = ArtNet(tiny_config(**changes)).eval()
    with torch.no_grad():  # a fresh network paints nearly grey
        network.decoder.output.weight.mul_(20)
    content, style = noise_picture(72, 90, 1), noise_picture(64, 96, 2)
    painted, used = [], []
    for engine in engines(network):
        look = Look(Style([engine.prepare(style)]), transfer="adain")
        picture, statistics = engine.paint(content, look, NOTHING_HELD)
        assert psnr(engine.paint(content, look)[0], picture) >= 50
        assert engine.paint(content, look)[1] == {}
        painted.append(picture)
        used.append(statistics)
    assert painted[0].std() > 5
    assert psnr(*painted) >= 50
    assert used[0].keys() == used[1].keys()
    for name in used[0]:
        np.testing.assert_allclose(used[0][name], used[1][name], atol=1e-3, rtol=1e-3)


def smooth_picture(height, width, seed):
    coarse = torch.from_numpy(noise_picture(4, 5, seed)).permute(2, 0, 1)[None].float()
    large = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic")
    return large.clamp(0, 255).byte()[0].permute(1, 2, 0).numpy()


def look_of(parts, weights=(1.0,), **options):
    return Look(Style(parts, weights), **options)


@pytest.mark.parametrize(
    "options",
    [{}, {"strength": 0.4}, {"weights": [1.0, 3.0]}, {"weights": [2.0, 1.0], "strength": 0.7, "transfer": "adain"}],
)
def test_s2_mixes_and_strength_agree(tiny, options):
    content, styles = smooth_picture(80, 64, 1), [smooth_picture(96, 96, 2), smooth_picture(64, 80, 3)]
    painted = []
    for engine in engines(tiny):
        look = look_of([engine.prepare(s) for s in styles[: len(options.get("weights", [1]))]], **options)
        painted.append(engine.paint(content, look)[0])
    # A patch whose two nearest neighbours are equally far may be swapped differently; the rest is equal.
    assert psnr(*painted) >= 40


def test_both_prepare_the_same_style(tiny):
    torch_engine, openvino = engines(tiny)
    style = smooth_picture(160, 136, 4)
    levels, own = torch_engine.prepare(style), openvino.prepare(style)
    cut = tiny.config.cut
    bank = levels[cut].banks[0]
    for level, moments in own.moments.items():
        np.testing.assert_allclose(moments[0], levels[level].mean.flatten(), atol=1e-4)
        np.testing.assert_allclose(moments[1], levels[level].std.flatten(), atol=1e-4)
    count, channels = bank.bias.numel(), own.table.shape[1]
    assert own.table.shape == (9 * count + 1, channels)
    np.testing.assert_allclose(own.table[:-1].reshape(count, 9, channels).swapaxes(0, 1), bank.pixels, atol=1e-4)
    assert not own.table[-1].any()
    # Components may differ in sign; distances between codes, which is what matching uses, may not.
    torch_codes = bank.kernels.flatten(1)
    np.testing.assert_allclose(
        np.linalg.norm(own.codes[:, None] - own.codes[None], axis=2),
        torch.cdist(torch_codes, torch_codes, compute_mode="donot_use_mm_for_euclid_dist"),
        atol=1e-3,
    )


def test_bank_size_bounds_the_patches(tiny):
    config = tiny.config
    features = {level: np.random.default_rng(0).random((1, 6, 40, 56), np.float32) for level in config.levels}
    own = style_arrays(features, config)
    assert len(own.codes) == 10 * 14  # every fourth position; every third would be 14 * 19 > 256


@pytest.mark.parametrize("engine", [0, 1])
def test_held_statistics_make_tiles_match(tiny, engine):
    engine = engines(tiny)[engine]
    whole = smooth_picture(128, 128, 5)
    look = Look(Style([engine.prepare(smooth_picture(64, 64, 6))]))
    painted, statistics = engine.paint(whole, look, NOTHING_HELD)
    tile = whole[:96, :96]
    held, used = engine.paint(tile, look, Held(statistics, 1.0))
    inside = np.s_[:32, :32]  # beyond the reach of the tile's border
    assert psnr(held[inside], painted[inside]) >= 45
    alone, own = engine.paint(tile, look, NOTHING_HELD)
    assert psnr(alone[inside], painted[inside]) < psnr(held[inside], painted[inside])
    for name, rows in used.items():
        np.testing.assert_allclose(rows, statistics[name], rtol=1e-4, atol=1e-5)
    half = engine.paint(tile, look, Held(statistics, 0.5))[1]
    name = Slot(tiny.config.cut, "content")
    np.testing.assert_allclose(half[name], (own[name] + statistics[name]) / 2, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("engine", [0, 1])
@pytest.mark.parametrize("styles", [1, 2])
def test_measured_statistics_are_those_of_painting(tiny, engine, styles):
    engine = engines(tiny)[engine]
    content = smooth_picture(96, 80, 7)
    look = look_of([engine.prepare(smooth_picture(64, 64, seed)) for seed in range(styles)], [1.0] * styles)
    used = engine.paint(content, look, NOTHING_HELD)[1]
    measured = engine.measure(content, look)
    assert measured.keys() == used.keys()
    for name, rows in used.items():
        np.testing.assert_allclose(measured[name], rows, rtol=1e-4, atol=1e-5)


def test_held_statistics_must_fit(tiny):
    engine = engines(tiny)[1]
    look = Look(Style([engine.prepare(noise_picture(64, 64))]))
    with pytest.raises(ValueError, match="the held statistics lack"):
        engine.paint(noise_picture(64, 64), look, Held({}, 1.0))


def test_looks_are_equal_that_paint_the_same(tiny):
    style = Style([object()])
    assert Look(style, strength=0.5) == Look(style, strength=0.5)
    assert Look(style) != Look(style, fixed_size=True)
    assert Look(style) != Look(Style(style.parts))


def test_looks_and_sizes_may_change_between_pictures(tiny):
    engine = engines(tiny)[1]
    first, second = (engine.prepare(smooth_picture(64, 64, seed)) for seed in (1, 2))
    content = smooth_picture(64, 80, 3)
    look = Look(Style([first]))
    want = engine.paint(content, look)[0]
    engine.paint(smooth_picture(96, 64, 4), Look(Style([second])))
    engine.paint(content, Look(Style([first, second], [1.0, 1.0]), strength=0.5))
    assert np.array_equal(engine.paint(content, look)[0], want)


@pytest.mark.parametrize("fixed_size", [False, True])
def test_a_picture_does_not_depend_on_what_was_painted_before(tiny, fixed_size):
    engine = engines(tiny)[1]
    content, style = smooth_picture(63, 80, 3), Style([engine.prepare(smooth_picture(64, 64, 1))])
    look = Look(style, fixed_size=fixed_size)
    first = engine.paint(content, look)[0]
    for size in range(64, 96, 4):
        for side in (64, 80):
            engine.paint(smooth_picture(size, side, 4), look)
    assert all(np.array_equal(engine.paint(content, look)[0], first) for _ in range(100))


def test_a_fixed_size_gets_a_model_of_its_own(tiny, cache):
    engine = engines(tiny)[1]
    content, any_size = smooth_picture(63, 80, 3), Look(Style([engine.prepare(smooth_picture(64, 64, 1))]))
    fixed = replace(any_size, fixed_size=True)
    painted = engine.paint(content, any_size)[0]
    statistics = engine.paint(content, any_size, NOTHING_HELD)[1]
    files = set(cache.iterdir())
    assert not engine.sized.pools
    assert psnr(engine.paint(content, fixed)[0], painted) >= 50
    assert len(engine.sized.pools) == 1
    assert set(cache.iterdir()) == files  # sizes are without number: they would fill the disk
    again = engine.paint(content, fixed, NOTHING_HELD)[1]
    for name, rows in statistics.items():
        np.testing.assert_allclose(again[name], rows, rtol=1e-3, atol=1e-4)


def test_large_pictures_get_a_model_of_their_own(tiny, monkeypatch):
    monkeypatch.setattr(openvino_engine, "COMPILED_PIXELS", 64 * 80)
    engine = engines(tiny)[1]
    look = Look(Style([engine.prepare(smooth_picture(64, 64, 1))]))
    engine.paint(smooth_picture(64, 72, 3), look)
    assert not engine.sized.pools
    engine.paint(smooth_picture(64, 80, 3), look)
    assert len(engine.sized.pools) == 1


def test_models_are_compiled_while_other_threads_paint(tiny):
    engine = OpenVINOEngine(*arrays(tiny), "f32", streams=2)
    style = Style([engine.prepare(smooth_picture(64, 64, 1))])
    looks = [Look(style), Look(style, fixed_size=True)]
    jobs = [(smooth_picture(64, width, 2), look) for look in looks for width in (64, 72, 80, 88, 96)] * 6
    with ThreadPoolExecutor(4) as threads:
        painted = list(threads.map(lambda job: engine.paint(*job)[0], jobs))
    for job, picture in zip(jobs, painted, strict=True):
        assert np.array_equal(picture, engine.paint(*job)[0])


def test_only_the_sizes_used_last_keep_their_models(monkeypatch):
    models, compiled_for = openvino_engine.SizedModels(), []

    def get(key, pixels=1):
        return models.get(key, pixels, lambda: compiled_for.append(key) or f"model of {key}")

    assert [get(key) for key in "abcd"] == [f"model of {key}" for key in "abcd"]
    assert get("a") == "model of a"
    assert get("e") == "model of e"
    assert list(models.pools) == ["c", "d", "a", "e"]
    assert get("b") == "model of b"
    assert compiled_for == list("abcdeb")
    monkeypatch.setattr(openvino_engine, "KEPT_PIXELS", 100)
    assert get("large", 98) == "model of large"
    assert list(models.pools) == ["e", "b", "large"]
    assert get("larger", 400) == "model of larger"
    assert list(models.pools) == ["larger"] == list(models.held)


def test_large_pictures_share_what_memory_there_is(tiny, monkeypatch):
    monkeypatch.setattr(openvino_engine, "WHOLE_PIXELS", 10_000)
    engine = OpenVINOEngine(*arrays(tiny), "f32", streams=4)
    look = Look(Style([engine.prepare(smooth_picture(64, 64, 1))]), fixed_size=True)
    for side, requests in ((48, 4), (64, 2), (96, 1), (160, 1)):
        engine.paint(smooth_picture(side, side, 2), look)
        assert list(engine.sized.pools.values())[-1].idle.qsize() == requests


@pytest.mark.parametrize("options", [{}, {"strength": 0.4, "weights": [1.0, 3.0]}, {"transfer": "adain"}])
def test_torch_paints_several_at_once(tiny, options):
    engine = engines(tiny)[0]
    contents = np.stack([smooth_picture(70, 85, seed) for seed in (1, 2, 3)])
    styles = [smooth_picture(96, 96, 4), smooth_picture(64, 80, 5)][: len(options.get("weights", [1]))]
    look = look_of([engine.prepare(style) for style in styles], **options)
    painted = engine.paint_batch(contents, look)
    assert painted.shape == contents.shape
    for content, picture in zip(contents, painted, strict=True):
        assert psnr(picture, engine.paint(content, look)[0]) >= 45


def test_wct_is_torchs(tiny):
    engine = engines(tiny)[1]
    with pytest.raises(ValueError, match="wct runs on torch only"):
        engine.paint(noise_picture(64, 64), Look(Style([engine.prepare(noise_picture(64, 64))]), transfer="wct"))


def test_pad_edges_repeats_the_border():
    rgb = noise_picture(5, 17)
    padded = pad_edges(rgb, 8)
    assert padded.shape == (16, 24, 3)
    assert np.array_equal(padded[:5, :17], rgb)
    assert (padded[5:, :17] == rgb[4]).all()
    assert pad_edges(padded, 8) is padded


def test_compiled_models_are_kept_and_renewed(cache):
    calls = []

    def build():
        calls.append("build")
        return b"model"

    def get(name="a"):
        return compiled.cached(name, load=lambda blob: blob + b" from disk", build=build, dump=lambda model: model)

    assert get() == b"model"
    assert get() == b"model from disk"
    assert calls == ["build"]
    path = cache / "a.blob"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert get() == b"model"  # the checksum no longer fits
    assert get() == b"model from disk"


@pytest.mark.skipif(sys.platform == "win32", reason="has no such users")
def test_a_user_without_a_home_costs_only_time(monkeypatch):
    def unknown(number):
        raise KeyError(number)

    for name in ("HOME", "XDG_CACHE_HOME", "ARTNET_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert compiled.cached("a", load=bytes, build=lambda: b"model", dump=bytes) == b"model"


def test_weights_that_are_far_too_large_are_refused_in_words():
    features = {"conv3": np.full((1, 4, 8, 8), np.inf, np.float32), "inception3b": np.ones((1, 4, 8, 8), np.float32)}
    with pytest.raises(ValueError, match="the weights give values that are not finite"):
        style_arrays(features, ArtNetConfig())


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ARTNET_CACHE", str(tmp_path / "file"))
    assert compiled.cached("a", load=bytes, build=lambda: b"model", dump=bytes) == b"model"


def test_the_fingerprint_sees_every_change(tiny):
    config, state = arrays(tiny)
    code = ("artnet.model.config",)
    first = compiled.fingerprint(config, state, code, "1")
    assert first == compiled.fingerprint(config, state, code, "1")
    changed = {**state, "decoder.output.bias": state["decoder.output.bias"] + 1}
    others = {
        compiled.fingerprint(config, changed, code, "1"),
        compiled.fingerprint(config, state, code, "2"),
        compiled.fingerprint(config, state, ("artnet.model.slots",), "1"),
    }
    assert first not in others
    assert len(others) == 3


def test_a_second_engine_reads_the_cache(tiny, cache):
    content, style = noise_picture(64, 64), noise_picture(64, 64, 2)
    pictures = []
    for _ in range(2):
        engine = engines(tiny)[1]
        pictures.append(engine.paint(content, Look(Style([engine.prepare(style)])))[0])
        files = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
        assert len(files) == 2
    assert np.array_equal(*pictures)
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == files


def test_auto_and_its_errors(tiny, tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(tiny, path)
    assert load_engine(path).choice.startswith("OpenVINO")
    with pytest.raises(ValueError, match="engine must be one of"):
        load_engine(path, "steam")
    with pytest.raises(ValueError, match="runs on the CPU only"):
        load_engine(path, "openvino", "cuda")


def test_tensors_that_do_not_fit_are_refused(tiny):
    config, state = arrays(tiny)
    for name, value in (("decoder.output.weight", None), ("encoder.conv2.conv.weight", np.zeros((3, 999, 1, 1)))):
        broken = {**state, name: value}
        if value is None:
            del broken[name]
        engine = OpenVINOEngine(config, broken, "f32")
        with pytest.raises(ValueError, match="do not fit"):
            engine.paint(noise_picture(64, 64), Look(Style([engine.prepare(noise_picture(64, 64))])))


def test_openvino_starts_without_torch(tiny, tmp_path):
    save_checkpoint(tiny, tmp_path / "tiny.safetensors")
    program = """
import sys, numpy as np
from artnet import Stylizer
stylizer = Stylizer.load(sys.argv[1])
style = stylizer.prepare_style(np.zeros((64, 64, 3), np.uint8))
stylizer.stylize(np.zeros((64, 64, 3), np.uint8), style)
print([name for name in ("torch", "torchvision", "kornia") if name in sys.modules])
"""
    command = [sys.executable, "-c", program, str(tmp_path / "tiny.safetensors")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_read_weights_gives_float32(tiny, tmp_path):
    save_checkpoint(tiny, tmp_path / "tiny.safetensors")
    config, state = read_weights(tmp_path / "tiny.safetensors")
    assert config.cut == tiny.config.cut
    assert {value.dtype for value in state.values()} == {np.dtype(np.float32)}
