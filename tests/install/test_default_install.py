"""The default installation has no torch: what it does all the same, and what it says where an extra lacks."""

import json

import pytest
from helpers.clips import frames_of, make_clip, moving_frames
from helpers.installed import distributions, run
from helpers.tiny import noise_picture
from PIL import Image

from apps.cli import COMMANDS

ARTNET = ("-m", "apps.cli")
TORCH = {"torch", "torchvision", "kornia"}
WITHOUT = {
    "train photos paintings -o run": "train",
    "evaluate photos paintings -o run": "train",
    "prune resnet18 -o run": "train",
    "criteria resnet18 -o run": "study",
    "export -o net.onnx": "onnx",
    "movement predict a.csv --model b.safetensors": "movement",
    "stylize photo.png --style style.png -o out.png --engine torch": "torch",
    "stylize photo.png --style style.png -o out.png --engine onnx": "onnx",
    "stylize photo.png --style style.png -o out.png --transfer wct": "torch",
    "stylize photo.png --style style.png -o out.png --device cuda": "torch",
    "stylize photos --style style.png -o out --ray": "ray",
    "video in.mp4 --style style.png -o out.mp4": "video",
    "webcam": "webcam",
    "serve": "web",
}
"""Arguments of `artnet` -> the extra that the default installation lacks for them."""


@pytest.fixture
def desk(tmp_path):
    """A folder with photo.png, style.png, and photos/ with three pictures."""
    (tmp_path / "photos").mkdir()
    for n, name in enumerate(("photo.png", "style.png", "photos/a.png", "photos/b.jpg", "photos/c.webp")):
        Image.fromarray(noise_picture(40 + 8 * n, 64, seed=n)).save(tmp_path / name)
    return tmp_path


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTNET_CACHE", str(tmp_path / "cache"))


def artnet(folder, *arguments, **options):
    """Run the command, which must succeed; its standard output."""
    done = run(folder, *ARTNET, *arguments, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_default_installation_is_small():
    assert {name for name in distributions() if name != "artnet"} == {
        "numpy", "opencv-python-headless", "openvino", "openvino-telemetry", "pillow", "platformdirs", "safetensors",
        "tqdm",
    }  # fmt: skip
    assert not distributions("web", "webcam", "heic", "huge", "virtualcam") & TORCH


def test_what_is_not_installed_is_hidden(tmp_path):
    program = "import numpy, PIL, openvino\ntry: import torch\nexcept ModuleNotFoundError as error: print(error)"
    assert run(tmp_path, "-c", program).stdout == "No module named 'torch'\n"


def test_a_photo_and_a_folder(desk, cache):
    artnet(desk, "stylize", "photo.png", "--style", "style.png", "-o", "out.png")
    with Image.open(desk / "out.png") as image:
        assert image.size == (64, 40)
    report = json.loads(artnet(desk, "stylize", "photos", "--style", "great-wave", "-o", "painted", "--json"))
    assert [entry["status"] for entry in report["results"]] == ["written"] * 3


def test_the_benchmark_measures_what_is_installed(desk, cache):
    options = ["--sections", "engines", "--rounds", "4", "--json", "speed.json"]
    assert "OpenVINO f32" in artnet(desk, "benchmark", *options)
    assert all(name.startswith("OpenVINO") for name in json.loads((desk / "speed.json").read_text())["engines"])


def test_a_video(desk, cache):
    make_clip(desk / "in.mp4", moving_frames(3))
    artnet(desk, "video", "in.mp4", "--style", "style.png", "-o", "out.mp4", extras=("video",))
    assert len(frames_of(desk / "out.mp4")) == 3


SERVED = """
import sys
from gradio_client import Client, handle_file
from apps.web.command import start
from apps.web.options import ServeOptions

url, close = start(ServeOptions(port=int(sys.argv[1])), sys.argv[2])
client = Client(url, verbose=False, analytics_enabled=False)
client.predict(handle_file("photo.png"), style_name="great-wave", api_name="/stylize")
close()
print("torch" in sys.modules, flush=True)
"""


def test_the_page_is_served_and_paints(desk, cache, free_tcp_port):
    (desk / "served").mkdir()
    done = run(desk, "-c", SERVED, free_tcp_port, desk / "served", extras=("web",), timeout=300)
    assert done.stdout.strip().endswith("False"), done.stderr


def test_a_page_for_browsers_is_written(desk, cache):
    artnet(desk, "export", "--page", "site", "--style", "style.png")
    assert (desk / "site" / "index.html").is_file()


def test_every_command_explains_itself(tmp_path):
    program = f"""
import contextlib, io
from apps.cli import main
for name in {list(COMMANDS)}:
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit): main([name, "--help"])
    print(name, "usage: artnet" in text.getvalue(), "artnet[train]" in text.getvalue())
"""
    lines = [line.split() for line in run(tmp_path, "-c", program).stdout.splitlines()]
    assert [(name, known) for name, known, _ in lines] == [(name, "True") for name in COMMANDS]
    assert ["prune", "True", "True"] in lines


def test_what_needs_an_extra_says_so_in_one_line(desk, cache):
    program = f"""
import contextlib, io, json
from apps.cli import main
for line in {list(WITHOUT)}:
    said = io.StringIO()
    with contextlib.redirect_stderr(said): code = main(line.split())
    print(json.dumps([line, code, said.getvalue()]))
"""
    done = run(desk, "-c", program)
    for line, (arguments, code, said) in zip(WITHOUT, map(json.loads, done.stdout.splitlines()), strict=True):
        assert (arguments, code, said.count("\n")) == (line, 2, 1), said
        assert f"pip install 'artnet[{WITHOUT[line]}]'" in said, said


@pytest.mark.parametrize(
    ("program", "extra"),
    [
        ("import pruning", "train"),
        ("from pruning import criteria", "train"),
        ("import s2transform", "torch"),
        ("from artnet import ArtNet", "torch"),
        ("from artnet import load_checkpoint", "torch"),
    ],
)
def test_imports_say_what_to_install(program, extra, tmp_path):
    said = run(tmp_path, "-c", program).stderr
    assert f"pip install 'artnet[{extra}]'" in said.splitlines()[-1]


@pytest.mark.parametrize(
    ("extras", "modules"),
    [
        ("torch", "artnet.engines.torch_engine, artnet.model.checkpoint, s2transform"),
        ("onnx", "artnet.engines.onnx_engine, artnet.engines.graph.onnx_export, onnx, onnxscript"),
        ("train", "artnet.training.trainer, artnet.evaluation, artnet.pruning, pruning, apps.prune.networks"),
        ("movement", "apps.movement.training, apps.movement.explanation, apps.movement.drawing, matplotlib.figure"),
        ("study", "pruning.study"),
    ],
)
def test_extras_are_enough_for_their_modules(extras, modules, tmp_path):
    done = run(tmp_path, "-c", f"import {modules}", extras=(extras,))
    assert done.returncode == 0, done.stderr
