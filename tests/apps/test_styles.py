"""`artnet styles`: the list, and a photo in all of them."""

import re

import numpy as np
import pytest
from PIL import Image

from apps import samples, styles
from apps.cli import main


def test_list_names_every_style_with_its_title_and_maker(capsys):
    assert main(["styles"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(samples.styles())
    assert re.fullmatch(r"scream +The Scream +Edvard Munch", lines[3])
    assert re.fullmatch(r"wave-print +Wave print +ArtNet", next(line for line in lines if line.startswith("wave-p")))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("The Scream, Edvard Munch", ("The Scream", "Edvard Munch")),
        ("Rain, Steam and Speed, J. M. W. Turner", ("Rain, Steam and Speed", "J. M. W. Turner")),
        ("Ink gorge", ("Ink gorge", "ArtNet")),
    ],
)
def test_title_and_maker(text, parts):
    assert styles.split_title(text) == parts


def test_sheet_has_the_photo_and_a_painting_for_every_style(fake, desk, capsys):
    used = []
    fake.prepare_style = lambda style, *, stroke_size: used.append((style, stroke_size))
    assert main(["styles", "photo.png", "-o", "sheet.png", "--strength", "0.5", "--stroke-size", "256"]) == 0
    assert capsys.readouterr().out == "sheet.png\n"
    assert used == [(path, 256) for path in samples.styles().values()]
    assert fake.calls == [(0.5, "s2")] * len(used)
    with Image.open("sheet.png") as sheet:
        pixels = np.asarray(sheet)
    first, second = (pixels[100, 12 + 412 * n + 200] for n in range(2))
    assert tuple(first) == (200, 40, 90)
    assert tuple(second) == (55, 215, 165)  # what the stand-in for the network makes of it
    negatives = (pixels == (55, 215, 165)).all(2).sum()
    assert negatives > 0.95 * len(used) * 400 * 267  # in the photo's shape


def test_default_sheet_never_replaces_another(fake, desk, capsys):
    for name in ("photo-styles.jpg", "photo-styles-2.jpg"):
        assert main(["styles", "photos/../photo.png"]) == 0
        assert capsys.readouterr().out == f"{name}\n"
        assert Image.open(name).width > 2000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.jpg"], "gone.jpg does not exist"),
        (["-o", "sheet.jpg"], "a sheet needs a photo (artnet styles photo.jpg -o sheet.jpg)"),
        (["photo.png", "-o", "sheet.gif"], "sheet.gif"),
        (["photo.png", "-o", "photos/../photo.png"], "is the photo and would be overwritten"),
    ],
)
def test_bad_input_is_one_line(arguments, message, fake, desk, capsys):
    assert main(["styles", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert fake.loaded is None


@pytest.mark.parametrize("shape", [(2, 3000), (3000, 2), (1, 1)])
def test_mere_lines_have_a_sheet(shape, fake, desk):
    Image.fromarray(np.full((*shape, 3), 90, np.uint8)).save("line.png")
    assert main(["styles", "line.png", "-o", "sheet.png"]) == 0
    with Image.open("sheet.png") as sheet:
        pixels = np.asarray(sheet)
    painted = (pixels == 255 - 90).all(2).sum()
    assert painted >= len(samples.styles())  # a pixel or more of every painting


def test_with_a_real_network(tiny, desk, monkeypatch):
    from artnet import save_checkpoint

    save_checkpoint(tiny, desk / "net.safetensors")
    monkeypatch.setattr(samples, "TITLES", {"scream": "The Scream, Edvard Munch", "ink-gorge": "Ink gorge"})
    assert main(["styles", "photo.png", "--weights", "net.safetensors", "--stroke-size", "32"]) == 0
    assert Image.open("photo-styles.jpg").width == 3 * 412 + 12
