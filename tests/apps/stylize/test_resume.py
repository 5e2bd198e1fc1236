"""--skip-existing leaves a result alone only where it is whole, and made of the present files with the same options."""

import multiprocessing
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

import apps.stylize.run
from apps.cli import main
from apps.stylize.manifest import NAME, Fingerprint, Manifest

RESUME = ["photos", "--style", "style.png", "-o", "out", "--skip-existing"]


@pytest.fixture(autouse=True)
def of_the_style(fake, monkeypatch):
    """Every style gives other bytes."""
    real = fake.stylize

    def stylize(content, style, settings, **options):
        return real(content, style, settings, **options) ^ style[0][0][0, 0]

    monkeypatch.setattr(fake, "stylize", stylize)


def stylize(*arguments):
    return main(["stylize", *arguments])


def painted_again(fake, *options):
    before = len(fake.calls)
    assert stylize(*RESUME, *options) == 0
    return len(fake.calls) - before


def paint(path, color):
    Image.new("RGB", (24, 16), color).save(path)


def pixel(path):
    with Image.open(path) as image:
        return image.convert("RGB").getpixel((0, 0))


def test_only_what_changed_is_painted(fake, desk):
    assert painted_again(fake) == 2
    assert painted_again(fake) == 0
    paint("photos/b.png", (1, 2, 3))
    assert painted_again(fake) == 1
    paint("photos/new.png", (1, 2, 3))
    assert painted_again(fake) == 1
    (desk / "out" / "a.jpg").unlink()
    assert painted_again(fake) == 1
    paint("style.png", (9, 9, 9))
    assert painted_again(fake) == 3
    assert painted_again(fake, "--strength", "0.5") == 3
    assert painted_again(fake, "--strength", "0.5") == 0
    os.utime("photos/a.jpg")
    assert painted_again(fake, "--strength", "0.5") == 0


def test_runs_without_the_flag_are_remembered_too(fake, desk):
    assert stylize(*RESUME[:-1]) == 0
    assert painted_again(fake) == 0
    assert stylize("photos", "--style", "second.png", "-o", "out") == 0
    assert painted_again(fake) == 2  # else the results in the other style would stay


def test_another_mask_and_other_weights(fake, desk):
    for number in (1, 2):
        paint("mask.png", (number,) * 3)
        (desk / "my.safetensors").write_bytes(bytes(number))
        assert painted_again(fake, "--mask", "mask.png") == 2
        assert painted_again(fake, "--weights", "my.safetensors") == 2


def test_one_named_file(fake, desk):
    for color, count in (((9, 9, 9), 1), ((9, 9, 9), 1), ((8, 8, 8), 2)):
        paint("photo.png", color)
        assert stylize("photo.png", "--style", "style.png", "-o", "out.png", "--skip-existing") == 0
        assert len(fake.calls) == count
    assert pixel("out.png") == (247, 247 ^ 90, 247 ^ 200)


@pytest.mark.parametrize("damage", ["cut", "empty", "replaced", "same size"])
def test_a_result_that_is_not_the_noted_one(damage, fake, desk):
    assert painted_again(fake) == 2
    result = desk / "out" / "b.png"
    data = result.read_bytes()
    new = {"cut": data[:-9], "empty": b"", "replaced": b"else", "same size": data[:-1] + b"?"}[damage]
    result.write_bytes(new)
    assert painted_again(fake) == 1
    assert result.read_bytes() == data


def test_results_that_changed_places(fake, desk):
    paint("photos/a.png", (5, 5, 5))
    assert painted_again(fake) == 3
    one, other = desk / "out" / "a.png", desk / "out" / "b.png"
    first = one.read_bytes()
    shutil.copy(other, one)
    other.write_bytes(first)
    assert painted_again(fake) == 2


@pytest.mark.parametrize("name", ["photos/b.png", "style.png"])
def test_a_file_that_is_replaced_after_it_was_read(name, fake, desk, monkeypatch):
    real = fake.stylize

    def replace_meanwhile(content, style, settings, **options):
        paint(name, (77, 7, 7))
        return real(content, style, settings, **options)

    monkeypatch.setattr(fake, "stylize", replace_meanwhile)
    assert stylize("photos/b.png", *RESUME[1:]) == 0
    monkeypatch.setattr(fake, "stylize", real)
    before = len(fake.calls)
    assert stylize("photos/b.png", *RESUME[1:]) == 0
    assert len(fake.calls) - before == 1
    if name == "photos/b.png":
        assert pixel("out/b.png") == (178, 248 ^ 90, 248 ^ 200)


def test_weights_that_change_while_they_are_read(fake, desk, monkeypatch, capsys):
    weights = desk / "my.safetensors"
    weights.write_bytes(b"old")

    def load(*_):
        weights.write_bytes(b"new")
        return fake

    monkeypatch.setattr("apps.common.network.load_stylizer", load)
    assert stylize(*RESUME, "--weights", "my.safetensors") == 2
    assert capsys.readouterr().err == "artnet: error: the weights were changed while they were read; run this again\n"


def test_killed_between_writing_and_noting(fake, desk, monkeypatch):
    assert painted_again(fake) == 2
    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "note", lambda *_: None)
        assert stylize("photos/b.png", "--style", "second.png", "-o", "out") == 0
    assert painted_again(fake) == 1


def test_an_interruption(fake, desk, monkeypatch):
    real = fake.stylize

    def interrupt(content, style, settings, **options):
        if len(fake.calls) == 1:
            raise KeyboardInterrupt
        return real(content, style, settings, **options)

    monkeypatch.setattr(fake, "stylize", interrupt)
    assert stylize(*RESUME) == 130
    assert {path.name for path in (desk / "out").iterdir()} == {NAME, "a.jpg"}
    monkeypatch.setattr(fake, "stylize", real)
    assert painted_again(fake) == 1


def test_what_is_no_line_of_the_journal_is_passed_over(fake, desk):
    assert painted_again(fake) == 2
    with open(desk / "out" / NAME, "ab") as file:
        file.write(b'\xff\n[]\n{"result": 3}\n{"output": "a.jpg"}\n')
        file.write(b'{"result": "a.jpg", "size": Infinity, "sha256": ""}\n' + b"[" * 9999 + b'\n{"result": "a.j')
    assert painted_again(fake) == 0
    paint("photos/b.png", (1, 2, 3))
    assert painted_again(fake) == 1
    assert painted_again(fake) == 0  # the line that was cut off did not swallow the new one


def test_journals_of_older_versions_say_nothing(fake, desk):
    (desk / "out").mkdir()
    paint("out/a.jpg", (0, 0, 0))
    (desk / "out" / ".artnet-done.jsonl").write_text('{"output": "a.jpg", "made_of": "1"}\n')
    assert painted_again(fake) == 2


def test_a_journal_that_cannot_be_written(fake, desk, capsys):
    (desk / "out" / NAME).mkdir(parents=True)
    shutil.rmtree(desk / "photos" / "deep")
    assert stylize(*RESUME) == 0
    assert (desk / "out" / "a.jpg").is_file()
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"artnet: warning: out/{NAME}: ")


def test_the_number_of_pictures_left_changes_nothing(desk, monkeypatch):
    """Engines round otherwise where several pictures are painted at once."""
    for n in range(apps.stylize.run.MANY):
        paint(f"photos/{n:02}.png", (n, n, n))
    asked = []

    def load(weights, engine, device, streams):
        asked.append(streams)
        raise ValueError("enough")

    monkeypatch.setattr(apps.stylize.run, "STREAMS", 3)
    monkeypatch.setattr("apps.common.network.load_stylizer", load)
    monkeypatch.setattr(Manifest, "made_of", lambda self, output: None)
    assert stylize(*RESUME) == 2
    monkeypatch.setattr("apps.stylize.up_to_date.Notes.is_current", lambda self, job: job.output.name > "00.png")
    assert stylize(*RESUME) == 2
    assert asked == [3, 3]


def _note_many(folder, letter, count):
    manifest = Manifest(Path(folder))
    for n in range(count):
        manifest.note(Path(folder) / f"{letter}{n}", Fingerprint(n, "0" * 64), "1" * 64)
        manifest.compact()


def test_runs_side_by_side_miss_no_line(tmp_path):
    """Also while one of them tidies up: only notes of files that are gone may go."""
    for letter in "abc":
        for n in range(60):
            (tmp_path / f"{letter}{n}").write_bytes(bytes(n))
    with open(tmp_path / NAME, "wb") as file:
        file.write(b"{}\n" * 40_000)
    spawn = multiprocessing.get_context("spawn")
    runs = [spawn.Process(target=_note_many, args=(str(tmp_path), letter, 60)) for letter in "abc"]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    lines = [line for line in (tmp_path / NAME).read_bytes().splitlines() if line]
    assert len({line for line in lines if b"result" in line}) == 180
    assert len(lines) < 40_000


def test_a_journal_is_kept_short(tmp_path):
    manifest, result = Manifest(tmp_path), tmp_path / "a.png"
    result.write_bytes(b"bytes")
    for n in range(1000):
        manifest.note(result, Fingerprint.of(b"bytes"), f"{n:064}")
    manifest.compact()
    assert (tmp_path / NAME).stat().st_size < 500
    assert Manifest(tmp_path).made_of(result) == f"{999:064}"
    result.unlink()
    assert Manifest(tmp_path).made_of(result) is None
