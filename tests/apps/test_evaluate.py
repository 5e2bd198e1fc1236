"""`artnet evaluate` on a tiny network."""

import json

import numpy as np
import pytest
from PIL import Image

from apps.cli import main
from artnet.evaluation import Pair, score_pair
from artnet.image import square
from artnet.model.checkpoint import save_checkpoint
from artnet.training.losses import VGGTrunk


@pytest.fixture
def command(picture_folders, tiny, tmp_path):
    save_checkpoint(tiny, tmp_path / "tiny.safetensors")
    photos, paintings = map(str, picture_folders)
    return ["evaluate", photos, paintings, "-o", str(tmp_path / "out"), "--weights", str(tmp_path / "tiny.safetensors")]


def test_pairs_and_report(command, trunk_file, tmp_path, capsys):
    assert main([*command, "--size", "64", "--limit", "2", "--vgg", str(trunk_file), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["pairs"] == 4
    assert report["milliseconds"] > 0
    assert {"content", "style", "gram", "texture"} <= set(report)
    pictures = sorted((tmp_path / "out").iterdir())
    assert [p.name for p in pictures][:2] == ["src0__0__src0__0.png", "src0__0__src1__1.png"]
    assert Image.open(pictures[0]).size == (64, 64)


def test_without_a_trunk_only_time(command, capsys):
    assert main([*command, "--size", "64", "--limit", "1"]) == 0
    out = capsys.readouterr().out
    assert "milliseconds" in out
    assert "gram" not in out


@pytest.mark.parametrize("change", [["--size", "8"], ["--limit", "0"]])
def test_bad_numbers(command, change, capsys):
    assert main([*command, *change]) == 2
    assert "--size must be between 32 and 4096" in capsys.readouterr().err


def test_square_and_the_scores_of_copies(picture_folders, trunk_file):
    paths = sorted(picture_folders[0].iterdir())
    content, style = square(paths[0], 64), square(paths[1], 64)
    assert content.shape == (64, 64, 3)
    trunk = VGGTrunk(trunk_file)
    nothing = score_pair(Pair("a", content, style, content, 0.0), trunk)
    copied = score_pair(Pair("b", content, style, style, 0.0), trunk)
    assert nothing["content"] == pytest.approx(0, abs=1e-4)
    assert copied["style"] == pytest.approx(0, abs=1e-6)
    assert nothing["style"] > copied["style"]
    assert copied["content"] > nothing["content"]
    assert np.array_equal(content, square(paths[0], 64))
