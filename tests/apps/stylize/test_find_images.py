"""Which pictures a folder holds, and what their results are called."""

import json
import os
import shutil

import pytest
from PIL import Image

from apps.cli import main
from apps.common.file_names import check_name
from apps.stylize.find_images import Finder


def stylize(*arguments):
    return main(["stylize", *arguments, "--style", "style.png"])


def written(folder):
    """Without the manifest."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("[!.]*") if path.is_file())


def test_links_that_lead_nowhere_are_passed_over(fake, desk, capsys):
    (desk / "photos" / "self.jpg").symlink_to("self.jpg")
    shutil.rmtree(desk / "photos" / "deep")
    assert stylize("photos", "-o", "out") == 0
    assert written(desk / "out") == ["a.jpg", "b.png"]
    why = "no ordinary file, or a link that leads to none"
    assert capsys.readouterr().err == f"artnet: 1 left out: {why} (photos/self.jpg)\n"
    (desk / "photos" / "gone.jpg").symlink_to("nothing.jpg")
    os.mkfifo(desk / "photos" / "pipe.jpg")
    for content in ("photos", "photos/*"):
        assert stylize(content, "-o", "again") == 0
        assert written(desk / "again") == ["a.jpg", "b.png"]
        assert f"3 left out: {why}\n" in capsys.readouterr().err


def test_sub_folders_that_are_not_entered_are_named(fake, desk, capsys):
    assert stylize("photos", "-o", "out") == 0
    line = "artnet: 1 left out: a sub-folder, which --recursive enters (photos/deep)\n"
    assert capsys.readouterr().err == line
    assert stylize("photos", "-o", "photos/deep") == 0
    assert capsys.readouterr().err == ""


def test_links_to_folders_are_named_and_not_entered(fake, desk, capsys):
    (desk / "photos" / "circle").symlink_to(".")
    (desk / "photos" / "all").symlink_to("/")
    assert stylize("photos", "-o", "out", "--recursive") == 0
    assert written(desk / "out") == ["a.jpg", "b.png", "deep/c.png"]
    assert capsys.readouterr().err == "artnet: 2 left out: a linked folder, which is not entered: name it as CONTENT\n"
    assert stylize("photos/circle", "-o", "named") == 0
    assert written(desk / "named") == ["a.jpg", "b.png"]


def test_a_folder_that_cannot_be_opened_fails_alone(fake, desk, monkeypatch, capsys):
    real = os.scandir

    def scandir(path):
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert stylize("photos", "-o", "out", "--recursive") == 1
    assert written(desk / "out") == ["a.jpg", "b.png"]
    out, err = capsys.readouterr()
    assert out.startswith("2 written, 1 failed in ")
    assert err == "artnet: failed: photos/deep: Permission denied\n"
    assert stylize("photos/deep", "-o", "out") == 2
    assert capsys.readouterr().err == (
        "artnet: error: no pictures in the folder photos/deep (photos/deep: Permission denied)\n"
    )


def test_what_cannot_be_read_here_is_counted_by_its_kind(fake, desk, monkeypatch, capsys):
    monkeypatch.setattr(
        "apps.stylize.find_images.unread_suffixes", lambda: {".heic": "HEIC: pip install 'artnet[heic]'"}
    )
    monkeypatch.setattr("apps.stylize.find_images.READ_SUFFIXES", {".jpg", ".png"})
    shutil.rmtree(desk / "photos" / "deep")
    for name in ("IMG_1.HEIC", "IMG_2.heic", "notes.txt", "Thumbs.db", "._a.jpg", ".hidden.heic"):
        (desk / "photos" / name).write_bytes(b"?")
    assert stylize("photos", "-o", "out") == 0
    assert capsys.readouterr().err == "artnet: 2 left out: HEIC: pip install 'artnet[heic]'\n"
    assert stylize("photos", "-o", "out", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert sorted(*report["left_out"].values()) == ["photos/IMG_1.HEIC", "photos/IMG_2.heic"]
    for name in ("a.jpg", "b.png"):
        (desk / "photos" / name).unlink()
    assert stylize("photos", "-o", "out") == 2
    assert "no pictures in the folder photos (2 left out: HEIC: pip install" in capsys.readouterr().err


def test_results_among_the_contents_are_not_painted_again(fake, desk, capsys):
    for _ in range(2):
        assert stylize("photos", "-o", "photos", "--name", "{content}-painted") == 0
        assert written(desk / "photos") == ["a-painted.jpg", "a.jpg", "b-painted.png", "b.png", "deep/c.bmp"]
    assert "2 left out: a result of an earlier run" in capsys.readouterr().err
    shutil.copy("photo.png", "photos/b-painted.png")  # now a picture of the user's own
    assert stylize("photos", "-o", "photos", "--name", "{content}-painted") == 2
    assert "photos/b-painted.png is one of the inputs and would be overwritten" in capsys.readouterr().err


def test_results_in_a_folder_inside(fake, desk):
    for _ in range(2):
        assert stylize("photos", "-o", "photos/out", "--recursive") == 0
        assert written(desk / "photos" / "out") == ["a.jpg", "b.png", "deep/c.png"]


def test_twins_get_numbers(fake, desk):
    """Who keeps its own name has it; a number that is a name already is passed over."""
    (desk / "two").mkdir()
    for n, name in enumerate(("a.bmp", "a.gif", "a.png", "a.jpg", "a-2.png", "A.PNG")):
        Image.new("RGB", (8, 8), (n * 40,) * 3).save(desk / "two" / name)
    assert stylize("two", "-o", "out") == 0
    levels = {}
    for name in written(desk / "out"):
        with Image.open(desk / "out" / name) as image:
            levels[name] = round((255 - image.convert("RGB").getpixel((0, 0))[0]) / 40)
    assert levels == {"A.PNG": 5, "a-3.png": 2, "a-2.png": 4, "a.jpg": 3, "a-4.png": 0, "a-5.png": 1}


def test_files_of_one_name_from_two_folders(fake, desk):
    (desk / "more").mkdir()
    shutil.copy("photo.png", "more/photo.png")
    assert stylize("photo.png", "more/photo.png", "./more/photo.png", "-o", "out/") == 0
    assert written(desk / "out") == ["photo-2.png", "photo.png"]


@pytest.mark.parametrize("name", ["[1].jpg", "a:0.5.jpg", "100%.jpg", "-x.jpg", "two\nlines.jpg", "{content}.jpg"])
def test_names_are_names(name, fake, desk):
    (desk / "odd").mkdir()
    shutil.copy("photos/a.jpg", desk / "odd" / name)
    assert stylize("odd", "-o", "out") == 0
    assert written(desk / "out") == [name]
    assert stylize(f"odd/{name}", "-o", "named/") == 0
    assert main(["stylize", "photo.png", "--style", f"odd/{name}", "-o", "out.png"]) == 0
    assert stylize("--each", "photo.png", "-o", "each", "--style", f"odd/{name}") == 0
    assert len(written(desk / "each")) == 2


def test_a_name_in_no_encoding(fake, desk, capsys):
    name = os.fsdecode(b"caf\xe9.jpg")
    shutil.copy("photos/a.jpg", name)
    assert stylize(name, "-o", "out") == 0
    assert stylize(name, "-o", "out", "--skip-existing") == 0
    assert len(fake.calls) == 1
    assert written(desk / "out") == [name]
    (desk / name).write_bytes(b"none")
    assert stylize(name, "-o", "out") == 2
    assert "artnet: error: caf\\udce9.jpg is not a picture" in capsys.readouterr().err


def test_a_pattern_below_a_folder_with_brackets(fake, desk):
    shutil.copytree("photos", "photos [2020]")
    assert stylize("photos [2020]/*.*g", "-o", "out") == 0
    assert written(desk / "out") == ["a.jpg", "b.png"]


def test_a_file_that_is_called_like_standard_input(fake, desk):
    shutil.copy("photo.png", "-")
    assert main(["stylize", "./-", "--style", "./-", "-o", "out.png"]) == 0
    assert (fake.styles[0][0] == (200, 40, 90)).all()


@pytest.mark.parametrize(
    ("name", "windows", "message"),
    [
        ("x" * 256, False, "is too long"),
        ("ž" * 128, False, "is too long"),
        ("x" * 256, True, "is too long"),
        ("NUL.png", True, "that is a device"),
        ("com1", True, "that is a device"),
        ("a:b.png", True, "it has ':'"),
        ("a ", True, "it ends with a dot or a space"),
    ],
)
def test_names_that_cannot_be(name, windows, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        check_name(tmp_path / name / "a.png", windows=windows)


@pytest.mark.parametrize(
    ("name", "windows"), [("x" * 255, False), ("NUL.png", False), ("ž" * 255, True), ("nulls", True)]
)
def test_names_that_can_be(name, windows, tmp_path):
    check_name(tmp_path / name, windows=windows)


def test_too_long_a_name_is_one_line(fake, desk, capsys):
    assert stylize("photo.png", "-o", "out", "--name", "x" * 300) == 2
    assert capsys.readouterr().err == (
        f"artnet: error: the name {'x' * 40}... of a result is too long; give a shorter one with --name\n"
    )


def test_a_finder_goes_deep(tmp_path):
    """Deeper than Python's own stack."""
    folder = tmp_path
    for _ in range(400):
        folder = folder / "d"
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip("the file system cannot hold it")
    (folder / "a.png").touch()
    assert [found.path.name for found in Finder(recursive=True).find(str(tmp_path))] == ["a.png"]
