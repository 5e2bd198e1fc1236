"""`artnet export --page`: the folder, without a browser."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from helpers.tiny import noise_picture
from PIL import Image
from safetensors.numpy import load

from apps import samples
from apps.cli import main
from apps.local import HEADERS, building
from apps.local.folder import write_page
from artnet.model.checkpoint import save_checkpoint
from artnet.model.config import ArtNetConfig
from artnet.settings import SETTINGS


@pytest.fixture(scope="module")
def weights(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(tiny, path)
    return path


@pytest.fixture
def style(tmp_path):
    path = tmp_path / "my <style>.png"
    Image.fromarray(noise_picture(90, 60)).save(path)
    return path


def listed(folder):
    """What files.js tells the service worker."""
    text = (folder / "files.js").read_text()
    assert text.startswith("self.PAGE = ")
    return json.loads(text.removeprefix("self.PAGE = ").rstrip(";\n"))


def test_the_bundled_page_is_whole_and_within_six_megabytes(tmp_path, capsys):
    folder = tmp_path / "site"
    assert main(["export", "--page", str(folder)]) == 0
    said = capsys.readouterr().out
    assert f"python -m http.server --bind 127.0.0.1 --directory {folder}" in said
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert sum((folder / name).stat().st_size for name in files) <= 6_000_000
    assert set(listed(folder)["files"]) == files - {"sw.js", "files.js"}
    assert {"index.html", "manifest.webmanifest", "runtime/LICENSE.txt", "runtime/packages.json"} <= files
    page = json.loads((folder / "page.json").read_text())
    assert [style["title"] for style in page["styles"]] == [samples.title(name) for name in samples.styles()]
    assert {one["source"] for one in page["styles"]} | {one["thumbnail"] for one in page["styles"]} <= files
    for setting in page["settings"]:
        assert setting["help"] == SETTINGS[setting["name"]].help
        assert setting["default"] == SETTINGS[setting["name"]].default
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_own_weights_in_half_precision_and_own_styles_at_the_stroke_size(weights, style, tiny, tmp_path):
    folder = tmp_path / "site"
    assert main(["export", "--page", str(folder), "--weights", str(weights), "--style", str(style)]) == 0
    tensors = load((folder / "artnet.safetensors").read_bytes())
    assert {x.dtype for x in tensors.values()} == {np.dtype(np.float16)}
    name = "encoder.conv1.conv.weight"
    np.testing.assert_allclose(tensors[name], tiny.state_dict()[name], rtol=1e-3, atol=1e-6)
    header = (folder / "artnet.safetensors").read_bytes()
    length = int.from_bytes(header[:8], "little")
    metadata = json.loads(header[8 : 8 + length])["__metadata__"]
    assert ArtNetConfig.from_json(metadata["artnet"]) == tiny.config
    (offered,) = json.loads((folder / "page.json").read_text())["styles"]
    assert offered["title"] == "my <style>"
    assert Image.open(folder / offered["source"]).size == (512, 768)


def test_an_earlier_page_is_replaced_and_its_version_tells(weights, style, tmp_path):
    folder = tmp_path / "site"
    write_page(folder, weights, [style])
    first = listed(folder)
    write_page(folder, weights, [style])
    assert listed(folder) == first
    assert first["headers"] == HEADERS
    Image.fromarray(noise_picture(90, 60, seed=5)).save(style)
    write_page(folder, weights, [style])
    assert listed(folder)["version"] != first["version"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_page_that_fails_leaves_the_earlier_one(weights, style, tmp_path):
    folder = tmp_path / "site"
    write_page(folder, weights, [style])
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"bad\.png"):
        write_page(folder, weights, [style, bad])
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.png", style.name, "site"]


def test_only_pages_are_replaced(weights, style, tmp_path, capsys):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "photo.txt").write_text("mine")
    arguments = ["--weights", str(weights), "--style", str(style)]
    assert main(["export", "--page", str(tmp_path / "holiday"), *arguments]) == 2
    assert "holds other things" in capsys.readouterr().err
    assert main(["export", "--page", str(tmp_path / "no" / "site"), *arguments]) == 2
    assert "create it first" in capsys.readouterr().err
    assert main(["export", "--page", str(style), *arguments]) == 2
    assert (tmp_path / "holiday" / "photo.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert main(["export", "--page", str(tmp_path / "empty"), *arguments]) == 0


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write, root neither")
def test_where_no_page_can_be_written(capsys):
    assert main(["export", "--page", "/proc/site"]) == 2
    assert re.fullmatch(r"artnet: error: /proc/site: [A-Z][a-z ]+\n", capsys.readouterr().err)


def test_a_page_with_other_things_in_it_stays(weights, style, tmp_path):
    folder = tmp_path / "site"
    write_page(folder, weights, [style])
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds other things"):
        write_page(folder, weights, [style])
    assert (folder / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("content", ["mine", "self.PAGE = [];", 'self.PAGE = {"files": 5};', b"\xff"])
def test_a_file_with_a_pages_name_makes_no_page(content, tmp_path):
    (tmp_path / "files.js").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match="holds other things"):
        write_page(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["files.js"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--page", "site", "--style", "udnie:0.3"], "without weights"),
        (["--page", "site", "--transfer", "adain"], "--transfer s2"),
        (["--page", "site", "--stroke-size", "256"], "stroke size"),
        (["--page", "site", "-o", "net.onnx"], "not allowed with"),
        ([], "required"),
    ],
)
def test_options_that_do_not_go_together(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["export", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_own_styles_must_fit(weights, style, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "MOST_BYTES", 2_000_000)
    with pytest.raises(ValueError, match="does not fit: the page may have 2 MB"):
        write_page(tmp_path / "site", weights, [style])
    assert not (tmp_path / "site").exists()


def test_of_the_sample_styles_as_many_as_fit(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "MOST_BYTES", 3_200_000)
    write_page(tmp_path / "site", weights)
    titles = [style["title"] for style in json.loads((tmp_path / "site" / "page.json").read_text())["styles"]]
    assert titles == [samples.title(name) for name in samples.styles()][: len(titles)]
    assert 0 < len(titles) < len(samples.styles())
    assert sum(path.stat().st_size for path in (tmp_path / "site").rglob("*") if path.is_file()) <= 3_200_000
