"""The sample pictures, the program that painted them, the contact sheet, and the demonstration."""

import re
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import artnet
from apps import demo, samples
from apps.common.contact_sheet import PAPER, contact_sheet

sys.path.append(str(Path(__file__).parents[2]))  # benchmarks/ is in the checkout but is not installed
painter = import_module("benchmarks.paint_samples")


@pytest.mark.parametrize("path", [samples.photo(), *samples.styles().values()], ids=lambda path: path.name)
def test_sample_is_a_small_rich_picture(path):
    limit = 200_000 if path == samples.photo() else 300_000
    assert path.stat().st_size <= limit
    with Image.open(path) as picture:
        assert picture.format == "JPEG"
        assert not picture.getexif()
        pixels = np.asarray(picture.convert("RGB"))
    assert 400 <= min(pixels.shape[:2]) <= max(pixels.shape[:2]) <= 1100
    assert pixels.std() > 30


def test_sources_name_exactly_the_files_that_exist():
    text = (samples.FOLDER / "SOURCES.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| ([\w/-]+\.jpg) \|", text, flags=re.MULTILINE))
    assert named == {path.relative_to(samples.FOLDER).as_posix() for path in samples.FOLDER.rglob("*.jpg")}


def test_every_style_has_its_painter():
    text = (samples.FOLDER / "SOURCES.md").read_text(encoding="utf-8")
    paintings = set(re.findall(r"^\| ([\w-]+)\.jpg \|.*\(\d{4}-\d{4}\)", text, flags=re.MULTILINE))
    assert len(paintings) == 16
    assert set(samples.styles()) - paintings == set(painter.PICTURES)


def test_every_picture_but_the_photo_has_a_title():
    assert {path.stem for path in samples.FOLDER.glob("*.jpg")} == {*samples.TITLES, samples.photo().stem}
    assert samples.title("scream") == "The Scream, Edvard Munch"
    with pytest.raises(ValueError, match="no sample style 'mona'"):
        samples.title("mona")


def test_the_photos_of_the_pages():
    assert {path.stem for path in (samples.FOLDER / "photos").iterdir()} == set(samples.PHOTOS)
    assert samples.photo("bee").is_file()
    with pytest.raises(ValueError, match=r"no sample photo 'dog'.*bee, cat"):
        samples.photo("dog")


def test_unknown_style_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no sample style 'mona'.*starry-orchard"):
        samples.style("mona")


@pytest.mark.parametrize("name", painter.PICTURES)
def test_painting_again_gives_the_same_picture(name):
    first, second = painter.paint(name, size=64), painter.paint(name, size=64)
    assert first.size == (64, 64)
    assert first.mode == "RGB"
    assert first.tobytes() == second.tobytes()


def test_committed_style_is_what_the_painter_paints():
    """Only roughly: other versions of NumPy and Pillow may round or draw a little differently."""
    with Image.open(samples.style("stained-glass")) as picture:
        stored = np.asarray(picture.convert("RGB").resize((48, 48)), float)
    fresh = np.asarray(painter.paint("stained-glass", size=240).resize((48, 48)), float)
    assert np.corrcoef(stored.ravel(), fresh.ravel())[0, 1] > 0.5


def plain(color, size=(30, 20)):
    return Image.new("RGB", size, color)


def test_contact_sheet_places_pictures_in_the_middle_of_cells():
    red, blue = (200, 0, 0), (0, 0, 200)
    sheet = contact_sheet([[plain(red), None], [plain(blue, (10, 100))]], cell=(60, 40), margin=5)
    assert sheet.size == (2 * 65 + 5, 2 * 45 + 5)
    assert sheet.getpixel((5, 5)) == red  # 3:2 fills its cell
    assert sheet.getpixel((64, 44)) == red
    assert sheet.getpixel((90, 20)) == PAPER  # the empty cell
    assert sheet.getpixel((5 + 30, 50 + 20)) == blue  # 1:10 is a narrow column
    assert sheet.getpixel((5 + 20, 50 + 20)) == PAPER


def test_labels_are_written_below_and_kept_inside_their_cell():
    pictures = [[plain((0, 0, 0)), plain((0, 0, 0))]]
    bare = contact_sheet(pictures, cell=(80, 60))
    empty = contact_sheet(pictures, [["", ""]], cell=(80, 60))
    named = contact_sheet(pictures, [["a very long label that does not fit\n", ""]], cell=(80, 60))
    assert named.size == empty.size
    assert named.height > bare.height
    changed = np.argwhere((np.asarray(named) != np.asarray(empty)).any(-1))
    assert len(changed) > 20
    assert changed[:, 0].min() > 12 + 60
    assert changed[:, 1].max() < 12 + 80


def test_transparent_parts_show_the_paper():
    sheet = contact_sheet([[Image.new("RGBA", (8, 8), (255, 0, 0, 0))]], cell=(8, 8), margin=0)
    assert sheet.getpixel((4, 4)) == PAPER


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([], {}, "at least one picture"),
        ([[], []], {}, "at least one picture"),
        ([[plain("red")]], {"labels": [["a", "b"]]}, "labels must match"),
        ([[plain("red")]], {"labels": [["a"], []]}, "labels must match"),
        ([[plain("red")]], {"cell": (0, 10)}, "at least 1x1"),
        ([[plain("red")]], {"margin": -1}, "margin"),
    ],
)
def test_contact_sheet_refuses(rows, options, message):
    with pytest.raises(ValueError, match=message):
        contact_sheet(rows, **options)


class Inverter:
    """Stands for artnet.Stylizer and is instant."""

    @classmethod
    def load(cls):
        return cls()

    def prepare_style(self, image):
        assert image.suffix == ".jpg"

    def stylize(self, content, style):
        return content.point(lambda value: 255 - value)


def test_demo_writes_the_pictures_and_says_where(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(artnet, "Stylizer", Inverter, raising=False)
    assert demo.main([str(tmp_path / "new" / "folder")]) == 0
    written = sorted((tmp_path / "new" / "folder").iterdir())
    assert {path.name for path in written} == {f"coffee-{name}.png" for name in demo.STYLES} | {"contact-sheet.png"}
    printed = capsys.readouterr().out
    assert all(str(path) in printed for path in written)


def test_demo_reports_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert demo.main([str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
