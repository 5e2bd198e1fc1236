"""`artnet export`: the files run in their own runtimes and paint what the program paints."""

from dataclasses import replace

import numpy as np
import openvino as ov
import pytest
import torch
from helpers.tiny import noise_picture
from PIL import Image

import artnet.engines.graph.onnx_export
from apps.cli import main
from artnet import Stylizer
from artnet.engines.base import Look, Style
from artnet.engines.graph.onnx_export import EXAMPLE, FixedModule, PairModule
from artnet.engines.graph.spec import look_inputs, painting_spec
from artnet.engines.revising import as_trained, looks_of
from artnet.engines.torch_engine import TorchEngine
from artnet.image.clarity import clarified
from artnet.image.drafting import FACTOR, reduced, scale_of_strokes, shown
from artnet.image.ground import on_ground
from artnet.model.checkpoint import load_checkpoint, save_checkpoint
from artnet.model.config import ArtNetConfig
from artnet.model.network import ArtNet
from artnet.settings import StyleSettings
from artnet.stylizer import Memory

onnxruntime = pytest.importorskip("onnxruntime", reason="the extra 'onnx' is not installed")
pytest.importorskip("onnxscript", reason="the extra 'onnx' is not installed")


@pytest.fixture(scope="module")
def weights(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(tiny, path)
    return path


def smooth(height, width, seed):
    image = Image.fromarray(noise_picture(5, 6, seed)).resize((width, height), Image.Resampling.BICUBIC)
    return np.array(image)


def test_content_and_style_in_onnx_runtime(weights, tmp_path, capsys):
    out = tmp_path / "net.onnx"
    assert main(["export", "-o", str(out), "--weights", str(weights), "--stroke-size", "128"]) == 0
    assert str(out) in capsys.readouterr().out
    session = onnxruntime.InferenceSession(out)
    engine = TorchEngine(load_checkpoint(weights), "cpu", dtype=None)
    engine.network.float()
    network, style = engine.network, smooth(128, 128, 1)
    for height, width in ((64, 96), (160, 72)):
        content = smooth(height, width, 2)
        painted = session.run(["painted"], {"content": content[None], "style": style[None]})[0][0]
        prepared = network.prepare(network.encode(engine.tensor(style)), exact=True)
        want, _ = engine.paint(on_ground(clarified(content, 1.0), 1.0), Look(Style([prepared])))
        error = np.abs(painted.astype(int) - want)
        assert painted.shape == content.shape
        assert (error > 1).mean() < 0.01  # equally near patches may be chosen differently


def test_built_in_styles_in_openvino(weights, tmp_path):
    styles = []
    for i in range(2):
        Image.fromarray(smooth(80, 80, 10 + i)).save(tmp_path / f"{i}.png")
        styles += ["--style", f"{tmp_path / f'{i}.png'}:{i + 1}"]
    out = tmp_path / "net.xml"
    assert main(["export", "-o", str(out), "--weights", str(weights), *styles, "--stroke-size", "64"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"0.png", "1.png", "net.xml", "net.bin"}
    core = ov.Core()
    model = core.compile_model(core.read_model(out), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    content = smooth(72, 104, 3)
    painted = model({"rgb": content[None]})["painted"][0]
    stylizer = Stylizer.load(weights, engine="torch", device="cpu")
    stylizer.engine.network.float()
    style = stylizer.prepare_style([(tmp_path / "0.png", 1), (tmp_path / "1.png", 2)], stroke_size=64)
    # What is exported has no finish.
    want, _ = stylizer.engine.paint(on_ground(clarified(content, 1.0), 1.0), Look(style))
    assert np.abs(painted.astype(int) - want).mean() < 1


def test_a_network_of_two_passes_is_exported_whole(tiny, tmp_path):
    network = ArtNet(replace(tiny.config, passes=2))
    network.load_state_dict(tiny.state_dict())
    weights, style = tmp_path / "two.safetensors", tmp_path / "style.png"
    save_checkpoint(network, weights)
    Image.fromarray(smooth(448, 448, 1)).save(style)
    options = ["--weights", str(weights), "--stroke-size", "448"]
    assert main(["export", "-o", str(tmp_path / "any.onnx"), *options]) == 0
    assert main(["export", "-o", str(tmp_path / "fixed.onnx"), "--style", str(style), *options]) == 0
    engine = as_trained(lambda: TorchEngine(load_checkpoint(weights), "cpu", torch.float32))
    look = Look(Stylizer(engine).prepare_style(style, stroke_size=448))
    for height, width in ((64, 96), (160, 128)):  # multiples of 16, which engines pad to
        content = smooth(height, width, 2)
        want, _ = engine.paint(on_ground(clarified(content, 1.0), 1.0), look)
        pair = {"content": content[None], "style": smooth(448, 448, 1)[None]}
        inputs = {"fixed": {"rgb": content[None]}, "any": pair}
        for name, arrays in inputs.items():
            painted = onnxruntime.InferenceSession(tmp_path / f"{name}.onnx").run(["painted"], arrays)[0][0]
            assert np.abs(painted.astype(int) - want).mean() < 1.5  # equally near patches may be chosen differently


def test_in_large_strokes_graphs_enlarge_what_they_paint(tiny, tmp_path):
    network, weights = ArtNet(replace(tiny.config, passes=2)), tmp_path / "two.safetensors"
    network.load_state_dict(tiny.state_dict())
    save_checkpoint(network, weights)
    stylizer, painting, content = Stylizer.load(weights, engine="openvino"), smooth(768, 768, 1), smooth(128, 192, 2)
    stylizer.engine.full.precision = stylizer.engine.draft.precision = "f32"
    style = stylizer.prepare_style(painting, stroke_size=768)
    painted, _ = stylizer.engine.paint(on_ground(clarified(reduced(content, 2), 1.0), 1.0), Look(style))
    want = shown(painted, content, 2)
    looks = looks_of(stylizer.engine, Look(style))
    spec = painting_spec(looks.full, None)
    arrays = [look_inputs(look, spec) for look in (looks.full, looks.draft)]
    network = load_checkpoint(weights)
    fixed = FixedModule(network, spec, arrays, looks.factor, style.scale)(torch.from_numpy(content[None]))
    pair = PairModule(network, "s2", 2, 2)(torch.from_numpy(content[None]), torch.from_numpy(painting[None]))
    for graph in (fixed, pair):
        assert np.abs(graph[0].detach().numpy().astype(int) - want).mean() < 1.5


@pytest.mark.parametrize("stroke_size", [380, 512, 760, 768, 1000, 1530, 1536])
def test_any_style_is_as_large_as_the_engine_would_make_it(stroke_size, tiny, tmp_path, monkeypatch):
    weights, seen = tmp_path / "two.safetensors", []
    save_checkpoint(ArtNet(replace(tiny.config, passes=2)), weights)
    monkeypatch.setattr(artnet.engines.graph.onnx_export, "pair_onnx", lambda *given: seen.append(given[2:]) or b"")
    options = ["--weights", str(weights), f"--stroke-size={stroke_size}"]
    assert main(["export", "-o", str(tmp_path / "a.onnx"), *options]) == 0
    stylizer = Stylizer.load(weights, engine="openvino")
    style = stylizer.prepare_style(smooth(96, 96, 1), stroke_size=stroke_size)
    side = stylizer.fit_style(smooth(96, 96, 1), stroke_size // style.scale).shape[0]
    assert seen == [(style.scale * side, looks_of(stylizer.engine, Look(style)).factor, style.scale)]


def test_graphs_of_all_stroke_sizes_can_be_traced():
    """Sides are declared as multiples of a stride, so the pictures of the trace must be such multiples, too."""
    for size in (16, 384, 768, 1536, 4096):
        stride = scale_of_strokes(size) * FACTOR * ArtNetConfig().stride
        assert EXAMPLE % stride == 0
        assert 2 * stride <= EXAMPLE


def test_the_engine_onnx(weights, monkeypatch, tmp_path):
    monkeypatch.setenv("ARTNET_CACHE", str(tmp_path / "cache"))
    content, pictures = smooth(75, 90, 4), []
    for engine in ("onnx", "openvino", "onnx"):
        stylizer = Stylizer.load(weights, engine=engine)
        if engine == "openvino":
            stylizer.engine.precision = "f32"
        style = stylizer.prepare_style([(smooth(64, 64, 5), 1.0), (smooth(64, 80, 6), 2.0)], stroke_size=64)
        pictures.append(stylizer.stylize(content, style, StyleSettings(strength=0.5)))
    assert pictures[0].shape == content.shape
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() < 0.5
    assert np.array_equal(pictures[0], pictures[2])  # the second time, from the cache


def test_the_engine_onnx_paints_tiles_and_remembers(weights, monkeypatch, tmp_path):
    monkeypatch.setenv("ARTNET_CACHE", str(tmp_path / "cache"))
    content, other = smooth(300, 280, 4), smooth(64, 64, 7)
    tiled, steadied = [], []
    for engine in ("onnx", "openvino"):
        stylizer = Stylizer.load(weights, engine=engine)
        if engine == "openvino":
            stylizer.engine.precision = "f32"
        style = stylizer.prepare_style(smooth(64, 64, 5), stroke_size=64)
        tiled.append(stylizer.stylize(content, style, tile=256))
        memory = Memory(share=0.5)
        steadied.append([stylizer.stylize(frame, style, memory=memory) for frame in (other, content)])
    assert np.abs(tiled[0].astype(int) - tiled[1]).mean() < 0.5
    for first, second in zip(*steadied, strict=True):
        assert np.abs(first.astype(int) - second).mean() < 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "net.pt"], "net.pt must end in .onnx or, for OpenVINO IR, .xml"),
        (["-o", "nowhere/net.onnx"], "there is no folder nowhere"),
        (["-o", "net.onnx", "--weights", "none.safetensors"], "no weights at none.safetensors"),
        (["-o", "net.onnx", "--style", "none.jpg"], "none.jpg"),
        (["-o", "net.onnx", "--transfer", "wct"], "invalid choice: 'wct'"),
    ],
)
def test_errors(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["export", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
