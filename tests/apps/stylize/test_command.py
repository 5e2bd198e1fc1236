import io
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.tiny import noise_picture
from PIL import Image

import apps.stylize.job_list
import apps.stylize.result_files
import artnet.image.large
from apps import samples
from apps.cli import main
from apps.common.arguments import weighted_style
from artnet.engines.openvino.engine import OpenVINOEngine
from artnet.model.checkpoint import save_checkpoint


def stylize(*arguments, style="style.png"):
    return main(["stylize", *arguments, "--style", style])


def pixel(path):
    with Image.open(path) as image:
        return image.convert("RGB").getpixel((0, 0))


def written(folder):
    """Without the manifest."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("[!.]*") if path.is_file())


def pipes(monkeypatch, data=b""):
    """Standard input with data; the stream that takes the place of standard output."""
    stdin = SimpleNamespace(buffer=io.BytesIO(data))
    stdout = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys, "stdout", stdout)
    return stdout.buffer


def test_one_picture(fake, desk, capsys):
    assert stylize("photo.png", "-o", "out.png") == 0
    assert pixel("out.png") == (55, 215, 165)
    assert fake.loaded == (None, "auto", "auto")
    assert fake.calls == [(1.0, "s2")]
    assert fake.stroke_size == 512
    [(style, weight)] = fake.styles
    assert style.shape == (16, 24, 3)
    assert weight == 1
    painted, path = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"painted in \d+\.\d s, 24 x 16", painted)
    assert path == "out.png"


def test_options_reach_the_stylizer(fake, desk):
    options = "--strength 0.25 --transfer wct --stroke-size 64 --weights my.safetensors --engine torch --device cpu"
    assert stylize("photo.png", "-o", "out.png", *options.split()) == 0
    assert fake.calls == [(0.25, "wct")]
    assert fake.stroke_size == 64
    assert fake.loaded == ("my.safetensors", "torch", "cpu")


@pytest.mark.parametrize(("options", "grain"), [([], 0.0), (["--grain", "0.5"], 0.5)])
def test_grain(fake, desk, options, grain):
    assert stylize("photo.png", "-o", "out.png", *options) == 0
    assert fake.settings.grain == grain


def test_several_weighted_styles(fake, desk):
    assert stylize("photo.png", "--style", "second.png:3e-1", "-o", "out.png", style="style.png:0.7") == 0
    assert [weight for _, weight in fake.styles] == [0.3, 0.7]


def test_transparent_style_is_laid_on_white(fake, desk):
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save("clear.png")
    assert stylize("photo.png", "-o", "out.png", style="clear.png") == 0
    assert (fake.styles[0][0] == 255).all()


@pytest.mark.parametrize(
    ("text", "files", "path", "weight"),
    [
        ("a.jpg", [], "a.jpg", 1),
        ("a.jpg:0.5", [], "a.jpg", 0.5),
        ("a.jpg:2", ["a.jpg"], "a.jpg", 2),
        ("ratio 4:3", ["ratio 4:3"], "ratio 4:3", 1),
        ("ratio 4:3:0.5", ["ratio 4:3"], "ratio 4:3", 0.5),
        (r"C:\x.jpg", [], r"C:\x.jpg", 1),
        (r"C:\x.jpg:0.5", [], r"C:\x.jpg", 0.5),
        ("time 12:30.jpg", [], "time 12:30.jpg", 1),
    ],
)
def test_weighted_style(text, files, path, weight, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in files:
        (tmp_path / name).touch()
    found = weighted_style(text)
    assert (str(found[0]), found[1]) == (path, weight)


def test_size_is_that_of_the_short_side(fake, desk):
    assert stylize("photo.png", "-o", "out.png", "--size", "32") == 0
    with Image.open("out.png") as image:
        assert image.size == (48, 32)


@pytest.mark.parametrize(("options", "tile"), [([], None), (["--tile", "auto"], None), (["--tile", "512"], 512)])
def test_tile(fake, desk, options, tile):
    assert stylize("photo.png", "-o", "out.png", *options) == 0
    assert fake.tile == tile


def test_a_tile_has_a_sensible_size(fake, desk, capsys):
    assert stylize("photo.png", "-o", "out.png", "--tile", "8") == 2
    assert "'8' is not a whole number from 64 to 16384" in capsys.readouterr().err


def test_preserve_color(fake, desk):
    assert stylize("photo.png", "-o", "out.png", "--preserve-color") == 0
    red, green, blue = pixel("out.png")
    assert red > blue > green  # as in the photo, not as in its negative
    assert abs(np.dot((red, green, blue), (0.299, 0.587, 0.114)) - (255 - 93.5)) < 1


def test_mask_is_stretched_over_the_content(fake, desk):
    mask = Image.new("L", (2, 1), 0)
    mask.putpixel((1, 0), 255)
    mask.resize((480, 320), Image.Resampling.NEAREST).save("mask.png")
    assert stylize("photo.png", "-o", "out.png", "--mask", "mask.png") == 0
    with Image.open("out.png") as image:
        assert image.getpixel((0, 8)) == (200, 40, 90)
        assert image.getpixel((23, 8)) == (55, 215, 165)


def test_transparent_mask_keeps_the_content(fake, desk):
    Image.new("RGBA", (4, 4), (255, 255, 255, 0)).save("mask.png")
    assert stylize("photo.png", "-o", "out.png", "--mask", "mask.png") == 0
    assert pixel("out.png") == (200, 40, 90)


def test_alpha_exif_and_profile_stay_unless_stripped(fake, desk):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    Image.new("RGBA", (24, 16), (200, 40, 90, 77)).save("photo.png", exif=exif)
    assert stylize("photo.png", "-o", "kept.png") == 0
    assert stylize("photo.png", "-o", "plain.png", "--strip-metadata", "--size", "32") == 0
    with Image.open("kept.png") as kept, Image.open("plain.png") as plain:
        assert kept.getpixel((0, 0)) == (55, 215, 165, 77)
        assert plain.getpixel((0, 0))[3] == 77
        assert kept.getexif()[0x010F] == "Maker"
        assert not plain.getexif()


def test_folder_keeps_names_and_extensions(fake, desk):
    assert stylize("photos", "-o", "out") == 0
    assert written(desk / "out") == ["a.jpg", "b.png"]


def test_recursive_folder_keeps_its_structure(fake, desk, capsys):
    (desk / "photos" / ".hidden.png").write_bytes(b"no picture")
    (desk / "photos" / "notes.txt").write_text("no picture")
    assert stylize("photos", "-o", "out", "--recursive") == 0
    assert written(desk / "out") == ["a.jpg", "b.png", "deep/c.png"]
    assert capsys.readouterr().out.startswith("3 written in ")


def test_results_inside_the_folder_are_no_contents(fake, desk):
    assert stylize("photos", "-o", "photos/out", "--recursive") == 0
    assert stylize("photos", "-o", "photos/out", "--recursive") == 0
    assert written(desk / "photos" / "out") == ["a.jpg", "b.png", "deep/c.png"]


def test_results_above_the_folder(fake, desk):
    assert stylize("photos", "-o", ".") == 0
    assert pixel("b.png") == (255, 5, 255)


@pytest.mark.parametrize(("pattern", "expected"), [("photos/*.*g", ["a.jpg", "b.png"]), ("**/c.*", ["c.png"])])
def test_pattern(pattern, expected, fake, desk):
    assert stylize(pattern, "-o", "out/") == 0
    assert written(desk / "out") == expected


def test_name_with_brackets_is_no_pattern(fake, desk):
    (desk / "photo.png").rename("a[1].png")
    assert stylize("a[1].png", "-o", "out.png") == 0


def test_one_picture_into_a_new_folder(fake, desk):
    assert stylize("photo.png", "-o", "new/folder") == 0
    assert stylize("photo.png", "-o", "v1.2/") == 0
    assert written(desk / "new") == ["folder/photo.png"]
    assert written(desk / "v1.2") == ["photo.png"]


def test_content_named_twice_is_painted_once(fake, desk):
    assert stylize("photo.png", "./photo.png", str(desk / "photo.png"), "photos", "photos/a.jpg", "-o", "out") == 0
    assert len(fake.calls) == 3


def test_results_of_which_nothing_is_known_are_made_again(fake, desk, capsys):
    (desk / "out").mkdir()
    Image.new("RGB", (2, 2)).save("out/a.jpg")
    assert stylize("photos", "-o", "out", "--skip-existing") == 0
    assert len(fake.calls) == 2
    with Image.open("out/a.jpg") as image:
        assert image.size == (24, 16)


def test_nothing_is_loaded_where_all_is_done(fake, desk, capsys):
    assert stylize("photo.png", "-o", "out.png", "--skip-existing") == 0
    fake.loaded = None
    assert stylize("photo.png", "-o", "out.png", "--skip-existing") == 0
    assert fake.loaded is None
    assert capsys.readouterr().out.splitlines()[1:] == ["out.png", "1 skipped", "out.png"]


def test_a_single_file_leaves_nothing_beside_it(fake, desk):
    before = {path.name for path in desk.iterdir()}
    assert stylize("photo.png", "-o", "out.png") == 0
    assert {path.name for path in desk.iterdir()} - before == {"out.png"}


def test_existing_output_is_replaced(fake, desk):
    assert stylize("photo.png", "-o", "second.png") == 0
    assert pixel("second.png") == (55, 215, 165)


def test_json_report(fake, desk, capsys):
    (desk / "photos" / "bad.jpg").write_bytes(b"no picture")
    assert stylize("photos", "-o", "out", "--json") == 1
    report = json.loads(capsys.readouterr().out)
    a, b, bad = report["results"]
    assert (a["status"], a["width"], a["height"], a["error"]) == ("written", 24, 16, None)
    assert a["output"] == str(apps.stylize.job_list.Path("out/a.jpg"))
    assert a["seconds"] >= 0
    assert b["status"] == "written"
    assert bad["status"] == "failed"
    assert "not a picture" in bad["error"]
    summary = report["summary"]
    assert (summary["written"], summary["skipped"], summary["failed"]) == (2, 0, 1)


def test_from_standard_input_to_standard_output(fake, desk, monkeypatch):
    out = pipes(monkeypatch, (desk / "photo.png").read_bytes())
    assert stylize("-", "-o", "-") == 0
    assert out.getvalue().startswith(b"\x89PNG")
    assert pixel(io.BytesIO(out.getvalue())) == (55, 215, 165)


def test_from_standard_input_to_a_file_and_a_folder(fake, desk, monkeypatch):
    data = (desk / "photos" / "a.jpg").read_bytes()
    pipes(monkeypatch, data)
    assert stylize("-", "-o", "out.webp") == 0
    pipes(monkeypatch, data)
    assert stylize("-", "-o", "out") == 0
    assert written(desk / "out") == ["stdin.jpg"]


def test_failed_write_leaves_the_old_file_and_no_other(fake, desk, monkeypatch, capsys):
    def fail(*_):
        raise OSError(28, "No space left on device", "second.png")

    monkeypatch.setattr("os.replace", fail)
    before = (desk / "second.png").read_bytes()
    assert stylize("photo.png", "-o", "second.png") == 2
    assert capsys.readouterr().err == "artnet: error: second.png: No space left on device\n"
    assert (desk / "second.png").read_bytes() == before
    assert not list(desk.glob(".artnet*"))


def test_with_a_real_network(desk, capsys):
    from artnet import ArtNet, save_checkpoint

    save_checkpoint(ArtNet(), desk / "net.safetensors")
    options = ["--stroke-size", "32", "--weights", "net.safetensors", "--json"]
    assert stylize("photo.png", "photos", "-o", "out", "--recursive", *options) == 0
    assert written(desk / "out") == ["a.jpg", "b.png", "deep/c.png", "photo.png"]
    sizes = {(result["width"], result["height"]) for result in json.loads(capsys.readouterr().out)["results"]}
    assert sizes == {(24, 16)}


def test_a_side_too_long_for_the_format_is_said_before_painting(fake, desk, capsys):
    Image.new("RGB", (16_384, 2)).save("wide.png")
    assert stylize("wide.png", "-o", "wide.webp") == 2
    assert "WEBP holds at most 16383 pixels a side, not 16384; use .png" in capsys.readouterr().err
    assert fake.calls == []


@pytest.mark.parametrize("options", [(), ("--preserve-color",), ("--mask", "mask.png"), ("--size", "280")])
def test_a_huge_picture_goes_through_files(tiny, tmp_path, monkeypatch, options):
    pytest.importorskip("pyvips")
    monkeypatch.chdir(tmp_path)
    save_checkpoint(tiny, "tiny.safetensors")
    coarse = Image.fromarray(noise_picture(6, 8, 1))
    coarse.resize((330, 300), Image.Resampling.BICUBIC).save("photo.png")
    coarse.resize((64, 64)).save("style.png")
    Image.linear_gradient("L").save("mask.png")
    monkeypatch.setattr(OpenVINOEngine, "whole_pixels", 10_000)
    command = ["--tile", "192", "--weights", "tiny.safetensors", *options]
    assert stylize("photo.png", "-o", "plain.png", *command) == 0
    monkeypatch.setattr(artnet.image.large, "HUGE_PIXELS", 1000)
    written_by = []
    real = apps.stylize.result_files.write_large
    monkeypatch.setattr(
        apps.stylize.result_files, "write_large", lambda *a, **k: written_by.append("libvips") or real(*a, **k)
    )
    assert stylize("photo.png", "-o", "folder/huge.png", *command) == 0
    assert written_by == ["libvips"]
    with Image.open("plain.png") as plain, Image.open("folder/huge.png") as huge:
        difference = np.abs(np.asarray(plain).astype(int) - np.asarray(huge))
    assert difference.mean() < 1 if "--size" in options else difference.max() == 0
    assert written(tmp_path / "folder") == ["huge.png"]


@pytest.mark.parametrize(
    ("content", "styles", "name"),
    [
        ("photo.png", ["wave-print"], "photo-wave-print.png"),
        ("photos/a.jpg", ["style.png"], "a-style.jpg"),
        ("photos/deep/c.bmp", ["style.png:2", "great-wave"], "c-great-wave+style.png"),  # BMP is not written
    ],
)
def test_one_picture_needs_no_output(content, styles, name, fake, desk, capsys):
    options = [word for style in styles[1:] for word in ("--style", style)]
    path = Path(name)
    for expected in (path, path.with_stem(f"{path.stem}-2"), path.with_stem(f"{path.stem}-3")):
        assert stylize(content, *options, style=styles[0]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == str(expected)
        assert pixel(expected) != pixel(content)


def test_a_default_output_is_left_alone_when_asked(fake, desk, capsys):
    for _ in range(2):
        assert stylize("photo.png", "--skip-existing") == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["photo-style.png", "1 skipped", "photo-style.png"]


@pytest.mark.parametrize(
    "content", [["photo.png", "second.png"], ["photos"], ["*.png"], ["-"], ["/dev/null"], ["photo.png", "--each"]]
)
def test_several_pictures_need_an_output(content, fake, desk, capsys):
    assert stylize(*content) == 2
    assert capsys.readouterr().err == (
        "artnet: error: -o is needed, unless one picture is painted: -o painted/ for several, -o out.png for a pipe\n"
    )
    assert fake.loaded is None


def test_a_missing_picture_is_said_before_its_output(fake, desk, capsys):
    assert stylize("gone.jpg") == 2
    assert "gone.jpg does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "files", "found"),
    [
        ("wave-print", [], (samples.style("wave-print"), 1)),
        ("wave-print:0.5", [], (samples.style("wave-print"), 0.5)),
        ("wave-print", ["wave-print"], (Path("wave-print"), 1)),  # a file of that name wins
        ("wave-print:0.5", ["wave-print"], (Path("wave-print"), 0.5)),
        ("wave-print:0.5", ["wave-print:0.5"], (Path("wave-print:0.5"), 1)),
        ("art", ["art"], (Path("art"), 1)),
        ("art.jpg", [], (Path("art.jpg"), 1)),  # missing files are reported when they are read
        ("art/old", [], (Path("art/old"), 1)),
        ("art*", [], (Path("art*"), 1)),
    ],
)
def test_bundled_styles_by_name(text, files, found, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in files:
        (tmp_path / name).touch()
    assert weighted_style(text) == found


@pytest.mark.parametrize(
    ("style", "message"),
    [
        ("wave-prnit", "wave-prnit is neither a file nor the name of a bundled style; did you mean wave-print?"),
        ("xyzzy", "xyzzy is neither a file nor the name of a bundled style; `artnet styles` lists them"),
        ("xyzzy:0.5", "xyzzy is neither a file nor the name of a bundled style"),
        ("wave-print:much", "the weight 'much' of wave-print is not a number above 0 (as in wave-print:0.5)"),
        ("wave-print:0", "the weight '0' of wave-print is not a number above 0"),
    ],
)
def test_wrong_names_of_styles(style, message, fake, desk, capsys):
    assert stylize("photo.png", style=style) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
