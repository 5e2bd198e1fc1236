import json
import threading
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import apps.stylize.input_files
import apps.stylize.result_files
from apps.cli import main
from apps.common.prefetch import prefetch, prefetch_each
from apps.stylize.find_images import Finder
from apps.stylize.job_list import Naming, plan_jobs


def stylize(*arguments):
    return main(["stylize", *arguments])


def written(folder):
    """Without the manifest."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("[!.]*") if path.is_file())


@pytest.fixture
def art(desk):
    """A folder with two styles beside the desk's other files."""
    (desk / "art").mkdir()
    for name, level in {"dark": 10, "light": 240}.items():
        Image.new("RGB", (16, 16), (level,) * 3).save(desk / "art" / f"{name}.png")
    return desk


@pytest.fixture
def told(fake, monkeypatch):
    """The level of each style that is prepared, then of the one that each content is painted in, in any order."""
    levels = SimpleNamespace(prepared=[], painted=[])
    real = fake.prepare_style

    def prepare_style(images, **options):
        levels.prepared.append(images[0][0][0, 0, 0])
        return real(images, **options)

    def stylize(content, style, *_, **__):
        levels.painted.append(style[0][0][0, 0, 0])
        return content

    monkeypatch.setattr(fake, "prepare_style", prepare_style)
    monkeypatch.setattr(fake, "stylize", stylize)
    return levels


def test_every_content_in_every_style(told, art):
    assert stylize("photos", "--each", "--style", "art", "-o", "out") == 0
    assert written(art / "out") == ["a-dark.jpg", "a-light.jpg", "b-dark.png", "b-light.png"]
    assert told.prepared == [10, 240]  # by style, so that each is prepared once
    assert sorted(told.painted) == [10, 10, 240, 240]


def test_pairs(told, art, capsys):
    assert stylize("photos", "--pairs", "--style", "art/*.png", "-o", "out", "--json") == 0
    assert written(art / "out") == ["a.jpg", "b.png"]
    assert told.prepared == [10, 240]
    assert sorted(told.painted) == [10, 240]
    report = json.loads(capsys.readouterr().out)
    assert [result["style"] for result in report["results"]] == [["art/dark.png"], ["art/light.png"]]
    assert report["summary"]["per_second"] > 0


def test_one_content_in_one_style_each_may_name_its_file(told, art):
    assert stylize("photo.png", "--each", "--style", "art/dark.png", "-o", "out.png") == 0
    assert (art / "out.png").is_file()


def test_names(fake, art):
    assert stylize("photos", "--each", "--style", "art", "-o", "out", "--name", "{style}/{n:03}_{content}") == 0
    assert written(art / "out") == ["dark/001_a.jpg", "dark/002_b.png", "light/003_a.jpg", "light/004_b.png"]


def test_names_of_a_blend(fake, art):
    options = ["--style", "art/dark.png", "--style", "art/light.png", "--name", "{content} in {style}"]
    assert stylize("photo.png", *options, "-o", "out") == 0
    assert written(art / "out") == ["photo in dark+light.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pairs", "--style", "style.png"], "--pairs needs as many styles as contents, got 2 contents and 1 styles"),
        (["--each", "--style", "void"], "no pictures in the folder void"),
        (["--each", "--style", "*.none"], "no file matches '*.none'"),
        (["--each", "--pairs", "--style", "style.png"], "not allowed with argument"),
        (["--style", "style.png", "--name", "{title}"], "name '{title}' has the unknown field {title}; use {content}"),
        (["--style", "style.png", "--name", "{content"], "the name '{content' is no pattern"),
        (["--style", "style.png", "--name", "same"], "both be written to out/same.png; put {n} or"),
        (["--each", "--style", "art", "--name", "{content}"], "in two styles; put {style} into --name"),
    ],
)
def test_bad_combinations_are_one_line(arguments, message, fake, art, capsys):
    (art / "void").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 8)).save(art / name)
    assert stylize("a.png", "b.png", *arguments, "-o", "out") == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert not (art / "out").exists()


def test_bad_style_of_a_pair_fails_alone(fake, art, capsys):
    (art / "art" / "light.png").write_bytes(b"no picture")
    assert stylize("photos", "--pairs", "--style", "art", "-o", "out") == 1
    assert written(art / "out") == ["a.jpg"]
    assert "artnet: failed: photos/b.png: art/light.png is not a picture" in capsys.readouterr().err


def test_few_pictures_are_in_memory(fake, desk, monkeypatch):
    """However slow writing is, reading does not run away."""
    (desk / "many").mkdir()
    for n in range(40):
        Image.new("RGB", (8, 8), (n, n, n)).save(f"many/{n:02}.png")
    alive, most, lock = [0], [0], threading.Lock()
    read, write = apps.stylize.input_files.read_picture, apps.stylize.result_files.write_picture

    def counted(source, name):
        with lock:
            alive[0] += "many" in name
            most[0] = max(most[0], alive[0])
        return read(source, name=name)

    def slow(*arguments, **options):
        time.sleep(0.005)
        write(*arguments, **options)
        with lock:
            alive[0] -= 1

    monkeypatch.setattr(apps.stylize.input_files, "read_picture", counted)
    monkeypatch.setattr(apps.stylize.result_files, "write_picture", slow)
    assert stylize("many", "--style", "style.png", "-o", "out") == 0
    assert len(written(desk / "out")) == 40
    assert 2 < most[0] <= 12


def test_reading_and_writing_overlap_with_painting(fake, desk, monkeypatch):
    threads = {}
    for module, role in ((apps.stylize.input_files, "read_picture"), (apps.stylize.result_files, "write_picture")):
        function = getattr(module, role)

        def note(*arguments, role=role, function=function, **options):
            if options.get("name") != "style.png":
                threads.setdefault(role, set()).add(threading.current_thread())
            return function(*arguments, **options)

        monkeypatch.setattr(module, role, note)
    assert stylize("photos", "--style", "style.png", "-o", "out") == 0
    assert threading.main_thread() not in threads["read_picture"] | threads["write_picture"]


def test_each_with_a_real_network(tiny, art):
    from artnet import save_checkpoint

    save_checkpoint(tiny, art / "net.safetensors")
    options = ["--stroke-size", "32", "--weights", "net.safetensors"]
    assert stylize("photos", "--each", "--style", "art", "-o", "out", *options) == 0
    assert len(written(art / "out")) == 4


@given(st.text(st.characters(codec="ascii"), max_size=12))
def test_any_pattern_is_taken_or_refused_in_words(pattern):
    with suppress(ValueError):  # nothing else
        Naming(pattern=pattern)


def test_outputs_of_a_plan_are_different(art):
    jobs = plan_jobs(["photos"], [(art / "art", 1.0)], "out", Finder(recursive=True), naming=Naming("each"))
    assert len({job.output for job in jobs}) == len(jobs) == 6


def test_ahead_keeps_order_and_bounds():
    begun = []

    def items():
        for n in range(20):
            begun.append(n)
            yield n

    with prefetch(items(), 3) as ready:
        assert next(ready) == 0
        time.sleep(0.1)
        assert len(begun) <= 6
        assert list(ready) == list(range(1, 20))


def test_ahead_hands_on_errors_and_stops():
    def items():
        yield 1
        raise ValueError("no more")

    with prefetch(items()) as ready, pytest.raises(ValueError, match="no more"):
        list(ready)
    before = threading.active_count()
    with prefetch(iter(range(10**9))) as ready:
        next(ready)
    assert threading.active_count() == before


def test_each_ahead_keeps_order_and_bounds():
    begun = []

    def slow(n):
        begun.append(n)
        time.sleep(0.002 * (5 - n % 5))
        if n == 7:
            raise OSError("seven")
        return n * n

    seen = []
    for n, future in prefetch_each(slow, range(30), threads=3, size=4):
        assert max(begun, default=0) <= n + 5
        seen.append(n)
        if n == 7:
            with pytest.raises(OSError, match="seven"):
                future.result()
        else:
            assert future.result() == n * n
    assert seen == list(range(30))
