"""The quality table: known values of its columns, its summary, and its commands on tiny networks and pictures."""

import json
import sys

import numpy as np
import pytest
import torch
from helpers.tiny import noise_picture
from PIL import Image
from safetensors.torch import save_file
from torchvision.models import mobilenet_v2

from artnet.model.checkpoint import save_checkpoint
from benchmarks.quality import features, gallery, lattice, paint, score, strokes
from benchmarks.quality.pairs import Paths, common_pairs, named_folders, pairs_of
from benchmarks.quality.strokes import Marks
from benchmarks.quality.table import COLUMNS, Table

SIDE = 128


def smooth(seed, side=SIDE):
    coarse = Image.fromarray(noise_picture(6, 6, seed=seed))
    return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))


def step(rim=0):
    """Dark left half, bright right half; with a rim, the dark is darker and the bright brighter beside the edge."""
    line = np.where(np.arange(SIDE) < SIDE // 2, 80, 160)
    line[SIDE // 2 - 8 : SIDE // 2] -= rim
    line[SIDE // 2 : SIDE // 2 + 8] += rim
    return np.broadcast_to(line[None, :, None], (SIDE, SIDE, 3)).astype(np.uint8)


def plain(colour):
    return np.broadcast_to(np.uint8(colour), (SIDE, SIDE, 3))


def stroke_columns(out, content, style):
    return dict(zip(strokes.COLUMNS, strokes.columns(Marks(out), Marks(content), Marks(style)), strict=True))


@pytest.fixture(scope="module")
def networks(trunk_file, mobile_file):
    return features.Networks(trunk_file, mobile_file)


@pytest.fixture(scope="module")
def mobile_file(tmp_path_factory):
    torch.manual_seed(2)
    path = tmp_path_factory.mktemp("mobile") / "mobile.safetensors"
    save_file(mobilenet_v2(weights=None).state_dict(), path)
    return path


def test_doing_nothing_and_copying_the_style():
    content, style = smooth(1), smooth(2)
    nothing, copy = (stroke_columns(out, content, style) for out in (content, style))
    assert nothing["halo"] == 0
    assert nothing["keep"] == pytest.approx(1)
    assert nothing["p4"] > 0.05
    assert [copy[c] for c in ("p1", "p2", "p4", "p8", "cast")] == [0, 0, 0, 0, 0]
    assert copy["keep"] < 0.9


def test_a_rim_is_a_halo():
    assert stroke_columns(step(rim=20), step(), smooth(2))["halo"] > 0.1
    assert stroke_columns(step(rim=-20), step(), smooth(2))["halo"] < 0


def test_colours_that_the_style_lacks():
    blues = smooth(3) // 8 + np.uint8([0, 0, 160])
    assert strokes.foreign_colours(Marks(plain((200, 20, 20))), Marks(blues)) == 1
    assert strokes.foreign_colours(Marks(blues), Marks(blues)) == 0


def test_strokes_where_the_photo_is_flat():
    noise, content = Marks(noise_picture(SIDE, SIDE, seed=4)), Marks(step())
    assert strokes.flat_energy(noise, content, noise) == pytest.approx(1, abs=0.15)
    assert strokes.flat_energy(Marks(plain((90, 90, 90))), content, noise) == pytest.approx(0, abs=1e-3)


def test_networks_see_no_distance_of_a_picture_to_itself(networks):
    content, style = networks.view(smooth(1)), networks.view(smooth(2))
    nothing, copy = (
        dict(zip(features.COLUMNS, features.columns(o, content, style), strict=True)) for o in (content, style)
    )
    assert nothing["content"] == pytest.approx(0, abs=1e-4)
    assert nothing["ssim"] == pytest.approx(1)
    assert nothing["style"] > 0.01
    assert [copy[c] for c in ("style", "swd", "hstyle", "hswd", "mstyle")] == [0] * 5
    assert copy["gram"] < 1e-3
    assert copy["mcont"] > 0.1


def table_of(tmp_path, styles, values):
    """A table of one content, every column having the same value for a style."""
    pairs = [Paths(tmp_path / "c.png", tmp_path / f"{s}.png") for s in range(styles)]
    return Table(pairs, {"row": [[value] * len(COLUMNS) for value in values]})


def test_worst_tenth_and_worst_pairs(tmp_path):
    table = table_of(tmp_path, 20, range(20))
    assert table.means()["row"]["p4"] == 9.5
    worst = table.worst_styles()["row"]
    assert worst["style"] == 18.5
    assert worst["keep"] == worst["flat"] == worst["ssim"] == 0.5
    pairs = table.worst_pairs()["row"]
    assert [pair["style"] for pair in pairs] == ["19.png", "18.png", "17.png", "16.png", "15.png"]
    assert pairs[0]["p4"] == 19


def test_rules(picture_folders, tmp_path):
    pairs = pairs_of("first:2", *picture_folders)
    assert [pair.name for pair in pairs] == [f"src{c}__{c}__src{s}__{s}" for s in range(2) for c in range(2)]
    (tmp_path / "pairs.txt").write_text("# some\nsrc2__2.jpg\tsrc0__0.jpg\n")
    assert [pair.name for pair in pairs_of(str(tmp_path / "pairs.txt"), *picture_folders)] == ["src2__2__src0__0"]
    (tmp_path / "pairs.txt").write_text("src9.jpg\tsrc0__0.jpg\n")
    for rule in ("first:0", "first:x", str(tmp_path / "pairs.txt")):
        with pytest.raises(ValueError, match=r"first:N|src9"):
            pairs_of(rule, *picture_folders)


def test_pairs_that_all_rows_have(picture_folders):
    names = [pair.name for pair in pairs_of("first:2", *picture_folders)]
    rows = [dict.fromkeys(names[:3]), dict.fromkeys(names[1:])]
    assert {pair.name for pair in common_pairs(*picture_folders, rows)} == set(names[1:3])
    with pytest.raises(ValueError, match="no pair"):
        common_pairs(*picture_folders, [{}])


@pytest.mark.parametrize("items", [["a"], ["=x"], ["a="], ["a=x", "a=y"]])
def test_outputs_need_names(items):
    with pytest.raises(ValueError, match="NAME=FOLDER"):
        named_folders(items)


def test_a_sheet_is_small_enough_or_refused():
    noise = Image.fromarray(noise_picture(SIDE, SIDE, seed=5))
    best = len(gallery.encoded(noise))
    assert len(gallery.encoded(noise, best - 1)) < best
    with pytest.raises(ValueError, match="fewer pairs"):
        gallery.encoded(noise, 1000)


@pytest.fixture
def run(monkeypatch, picture_folders):
    """Runs the main of a command on the folders of pictures."""

    def call(command, *arguments):
        folders = ["--content", picture_folders[0], "--style", picture_folders[1]]
        monkeypatch.setattr(sys, "argv", ["command", *map(str, [*folders, *arguments])])
        command.main()

    return call


def test_paint_score_and_lay_out(run, tiny, trunk_file, mobile_file, tmp_path):
    weights, out, result = tmp_path / "tiny.safetensors", tmp_path / "out", tmp_path / "result.json"
    save_checkpoint(tiny, weights)
    painting = [paint, "--pairs", "first:2", "-o", out, "--weights", weights, "--size", SIDE]
    run(*painting)
    first, *rest = sorted(out.iterdir())
    assert len(rest) == 3
    times = [path.stat().st_mtime_ns for path in rest]
    first.unlink()
    run(*painting)
    assert first.exists()
    assert [path.stat().st_mtime_ns for path in rest] == times
    frames = tmp_path / "frames"
    run(paint, "--pairs", "first:2", "-o", frames, "--weights", weights, "--size", SIDE, "--live")
    assert [path.name for path in sorted(frames.iterdir())] == [path.name for path in (first, *rest)]
    assert frames.joinpath(first.name).read_bytes() != first.read_bytes()  # frames are not made clear

    run(
        score,
        "--outputs",
        f"tiny={out}",
        "--vgg",
        trunk_file,
        "--mobilenet",
        mobile_file,
        "--size",
        SIDE,
        "--json",
        result,
    )
    found = json.loads(result.read_text())
    assert found["pairs"] == 4
    assert list(found["rows"]) == ["tiny", "no-op", "style-copy"]
    assert found["rows"]["no-op"]["keep"] == 1
    assert set(found["worst tenth of styles"]["tiny"]) == set(COLUMNS)

    run(gallery, "--columns", f"tiny={out}", "--pairs", f"worst:tiny:{result}", "-o", tmp_path / "sheet.jpg")
    assert Image.open(tmp_path / "sheet.jpg").format == "JPEG"
    with pytest.raises(ValueError, match="has no picture"):
        run(gallery, "--columns", f"tiny={out}", "--pairs", "first:3", "-o", tmp_path / "more.jpg")


def test_lattices_are_found(run, picture_folders, tmp_path):
    out, result = tmp_path / "out", tmp_path / "result.json"
    out.mkdir()
    block = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    for pair in pairs_of("first:2", *picture_folders):
        Image.fromarray(np.tile(block, (SIDE // 4, SIDE // 4, 1))).save(out / f"{pair.name}.png")
    run(lattice, "--outputs", f"tiles={out}", "--size", SIDE, "--json", result)
    rows = json.loads(result.read_text())["rows"]
    assert list(rows) == ["tiles", "contents", "styles"]
    assert rows["tiles"]["mean"] == pytest.approx(1, abs=1e-3)
    assert rows["contents"]["most"] < 0.3
