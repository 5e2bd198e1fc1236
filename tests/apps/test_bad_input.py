"""Every bad input ends in one line that names it, exit code 2, and a folder that looks as before."""

import io
import json
import shutil
import struct
import sys
import zlib
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import apps.common.network
from apps.cli import main
from artnet.image import READ_SUFFIXES


def png(width, height, data=b""):
    """The bytes of a PNG that claims a size, whatever its pixel data are."""
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT" + data, b"IEND"]
    parts = [struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def encoded(kind):
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


BAD_PICTURES = {
    "empty.jpg": (lambda: b"", "empty.jpg is empty"),
    "half.jpg": (lambda: encoded("JPEG")[:1500], "half.jpg is damaged"),
    "half.png": (lambda: encoded("PNG")[:3000], "half.png is damaged"),
    "half.webp": (lambda: encoded("WEBP")[:700], "half.webp is damaged"),
    "half.tif": (lambda: encoded("TIFF")[:5000], "half.tif is "),
    "half.gif": (lambda: encoded("GIF")[:1200], "half.gif is damaged"),
    "letter.jpg": (lambda: b"Dear Sir or Madam, " * 50, "letter.jpg is not a picture that can be read"),
    "start.png": (lambda: b"\x89PNG\r\n\x1a\n", "start.png is not a picture"),
    "noise.png": (lambda: b"\x89PNG\r\n\x1a\n" + b"\x07" * 500, "noise.png is "),
    "zero.png": (lambda: png(0, 0), "zero.png is not a picture"),
    "flat.ppm": (lambda: b"P6 5 0 255 ", "flat.ppm "),
    "only_header.png": (lambda: png(8, 8), "only_header.png is damaged"),
    "bomb.png": (lambda: png(60000, 60000), "bomb.png has more than 178,956,970 pixels"),
    "drawing.svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "drawing.svg is SVG: save it as PNG"),
    "phone.heic": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64, "phone.heic is "),
    "page.eps": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "page.eps is EPS: save it as PNG"),
}


@pytest.fixture
def untouched(desk):
    """Fails where the test changes the folder in any way."""
    for name, (content, _) in BAD_PICTURES.items():
        (desk / name).write_bytes(content())
    (desk / "void").mkdir()
    (desk / "blocked").write_text("a file")
    before = {path: path.is_file() and path.read_bytes() for path in desk.rglob("*")}
    yield desk
    assert {path: path.is_file() and path.read_bytes() for path in desk.rglob("*")} == before


def refused(arguments, message, capsys):
    assert main(["stylize", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("artnet: error: ")
    assert err.count("\n") == 1
    assert message in err


@pytest.mark.parametrize("role", ["content", "style", "mask"])
@pytest.mark.parametrize("name", BAD_PICTURES)
def test_bad_picture(role, name, fake, untouched, capsys):
    arguments = {
        "content": [name, "--style", "style.png"],
        "style": ["photo.png", "--style", name],
        "mask": ["photo.png", "--style", "style.png", "--mask", name],
    }[role]
    message = BAD_PICTURES[name][1]
    if (role, name) == ("content", "bomb.png") and find_spec("pyvips"):
        message = "bomb.png is damaged or cannot be read"  # its size alone would do
    refused([*arguments, "-o", "out.png"], message, capsys)
    assert role == "content" or fake.loaded is None  # a bad style or mask costs no loading


GOOD = {"content": ["photo.png"], "--style": "style.png", "-o": "out.png"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"content": ["missing.png"]}, "missing.png does not exist; check the name"),
        ({"content": ["no/such/photo.png"]}, "no/such/photo.png does not exist"),
        ({"content": ["*.nothing"]}, "no file matches '*.nothing'"),
        ({"content": ["void"], "-o": "out"}, "no pictures in the folder void"),
        ({"content": ["void"], "-o": "out", "--recursive": None}, "no pictures in the folder void"),
        ({"content": ["-", "photo.png"], "-o": "out"}, "'-' (standard input) must be the only CONTENT"),
        ({"content": [""]}, "a file name is empty"),
        ({"-o": ""}, "expected one argument"),
        ({"content": ["photo.png", "-o", ""], "-o": False}, "a file name is empty"),
        ({"--style": "missing.jpg"}, "missing.jpg does not exist"),
        ({"--style": "missing.jpg:0.5"}, "missing.jpg does not exist"),
        ({"--style": "photos"}, "photos is a folder; give a picture file"),
        ({"--style": "style.png:heavy"}, "the weight 'heavy' of style.png is not a number above 0"),
        ({"--style": ""}, "a style is empty; give a picture"),
        ({"--style": ":0.5"}, "a style is empty; give a picture"),
        ({"--style": "style.png:"}, "the weight '' of style.png is not a number above 0"),
        ({"--style": "style.png:-1"}, "the weight '-1' of style.png"),
        ({"--style": "style.png:0"}, "the weight '0' of style.png"),
        ({"--style": "style.png:nan"}, "the weight 'nan' of style.png"),
        ({"--style": "style.png:inf"}, "the weight 'inf' of style.png"),
        ({"--style": False}, "the following arguments are required: --style"),
        ({"content": ["photos"], "-o": False}, "-o is needed, unless one picture is painted"),
        ({"content": ["-"], "-o": False}, "-o is needed, unless one picture is painted"),
        ({"-o": "out.xyz"}, "cannot write pictures named '*.xyz'; use one of .png, .jpg, .jpeg, .webp, .tif, .tiff"),
        ({"-o": "out.gif"}, "cannot write pictures named '*.gif'"),
        ({"-o": "photo.png"}, "photo.png is one of the inputs and would be overwritten"),
        ({"-o": "./photos/../photo.png"}, "is one of the inputs and would be overwritten"),
        ({"-o": "style.png"}, "style.png is one of the inputs"),
        ({"-o": "second.png", "--mask": "second.png"}, "second.png is one of the inputs"),
        ({"content": ["photos"], "-o": "photos"}, "is one of the inputs and would be overwritten"),
        ({"-o": "blocked"}, "blocked is a file, so nothing can be written below it"),
        ({"-o": "blocked/deep/out.png"}, "blocked is a file, so nothing can be written below it"),
        ({"content": ["photo.png", "second.png"]}, "out.png names one picture, but there are several contents"),
        ({"content": ["photos"]}, "out.png names one picture, but there are several contents"),
        ({"content": ["photos"], "-o": "-"}, "'-' (standard output) holds one picture"),
        ({"content": ["photo.png", "second.png"], "-o": "-"}, "'-' (standard output) holds one picture"),
        ({"-o": "-", "--json": None}, "--json and '-o -' both need standard output"),
        ({"--mask": "missing.png"}, "missing.png does not exist"),
        ({"--mask": "photos"}, "photos is a folder"),
        ({"--strength": "1.5"}, "argument --strength: '1.5' is not a number from 0 to 1"),
        ({"--strength": "-0.1"}, "argument --strength: '-0.1' is not a number from 0 to 1"),
        ({"--strength": "nan"}, "argument --strength: 'nan' is not a number from 0 to 1"),
        ({"--strength": "strong"}, "argument --strength: 'strong' is not a number from 0 to 1"),
        ({"--size": "0"}, "argument --size: '0' is not a whole number from 16 to 16384"),
        ({"--size": "-512"}, "argument --size: '-512' is not a whole number"),
        ({"--size": "1000000"}, "argument --size: '1000000' is not a whole number"),
        ({"--size": "512.5"}, "argument --size: '512.5' is not a whole number"),
        ({"--size": "16384"}, "the resized picture has 24576 x 16384 pixels, more than 178,956,970 pixels, the limit"),
        ({"--stroke-size": "0"}, "argument --stroke-size: '0' is not a whole number from 16 to 4096"),
        ({"--stroke-size": "5000"}, "argument --stroke-size: '5000' is not a whole number"),
        ({"--transfer": "magic"}, "invalid choice: 'magic'"),
        ({"--engine": "steam"}, "invalid choice: 'steam'"),
        ({"--device": "tpu"}, "invalid choice: 'tpu'"),
    ],
    ids=str,
)
def test_bad_arguments(changed, message, fake, untouched, capsys):
    options = {**GOOD, **changed}
    arguments = list(options.pop("content"))
    for name, value in options.items():
        if value is not False:
            arguments += [name] if value is None else [f"{name}={value}" if name[:2] == "--" else f"{name}{value}"]
    refused(arguments, message, capsys)


def test_linked_output_is_an_input(fake, untouched, capsys):
    (untouched / "void" / "link.png").hardlink_to(untouched / "photo.png")
    refused(["photo.png", "--style", "style.png", "-o", "void/link.png"], "is one of the inputs", capsys)
    (untouched / "void" / "link.png").unlink()


def test_folder_in_place_of_the_output(fake, untouched, capsys):
    (untouched / "void" / "photo.png").mkdir()
    refused(["photo.png", "--style", "style.png", "-o", "void"], "photo.png is a folder, not a picture", capsys)
    (untouched / "void" / "photo.png").rmdir()


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"", "is empty; give a picture"), (b"hello", "is not a picture that can be read"), (None, "is damaged")],
)
def test_bad_standard_input(data, message, fake, untouched, monkeypatch, capsys):
    stream = io.BytesIO(encoded("PNG")[:3000] if data is None else data)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
    refused(["-", "--style", "style.png", "-o", "out.png"], f"standard input {message}", capsys)


def test_picture_to_a_terminal(fake, untouched, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    refused(["photo.png", "--style", "style.png", "-o", "-"], "cannot be shown in a terminal", capsys)


@pytest.mark.parametrize(
    ("option", "error"),
    [
        (["--weights", "gone.safetensors"], FileNotFoundError("no weights at gone.safetensors")),
        (["--weights", "letter.jpg"], ValueError("letter.jpg is not a safetensors file\n(header too large)")),
        (["--weights", "empty.jpg"], ValueError("the tensors of empty.jpg do not fit its config")),
        (["--device", "cuda"], ValueError("device 'cuda' is not available here; use 'cpu'")),
    ],
)
def test_loading_fails(option, error, untouched, monkeypatch, capsys):
    def load(weights, engine, device, streams=1):
        assert option[1] in (weights, device)
        raise error

    monkeypatch.setattr(apps.common.network, "load_stylizer", load)
    arguments = ["photo.png", "--style", "style.png", "-o", "out.png"]
    refused([*arguments, *option], " ".join(str(error).split()), capsys)


@pytest.mark.parametrize(
    ("name", "content"),
    [("gone.safetensors", None), ("text.safetensors", b"hello"), ("zeros.safetensors", bytes(4096))],
)
def test_bad_weights_with_the_real_loader(name, content, desk, capsys):
    if content is not None:
        (desk / name).write_bytes(content)
    refused(["photo.png", "--style", "style.png", "-o", "out.png", "--weights", name], name, capsys)


def test_style_that_the_stylizer_refuses(fake, untouched, monkeypatch, capsys):
    def refuse(styles, *, stroke_size):
        raise ValueError("the style is too small (24 x 16); give at least 32 x 32")

    monkeypatch.setattr(fake, "prepare_style", refuse)
    refused(["photos", "--style", "style.png", "-o", "out"], "the style is too small", capsys)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("DefaultCPUAllocator: can't allocate memory\nat line 7"), "can't allocate memory at line 7"),
        (MemoryError(), "not enough memory; use smaller pictures"),
    ],
)
def test_painting_fails(error, message, fake, untouched, monkeypatch, capsys):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(fake, "stylize", fail)
    refused(["photo.png", "--style", "style.png", "-o", "out.png"], message, capsys)


def test_folder_run_goes_on(fake, desk, capsys):
    for name, (content, _) in BAD_PICTURES.items():
        (desk / "photos" / f"{name[-3:]}_{name}").write_bytes(content())
    assert main(["stylize", "photos", "--style", "style.png", "-o", "out"]) == 1
    out, err = capsys.readouterr()
    assert sorted(path.name for path in (desk / "out").glob("[!.]*")) == ["a.jpg", "b.png"]
    listed = [line for line in err.splitlines() if line.startswith("artnet: failed: ")]
    found = [name for name in BAD_PICTURES if "." + name.rpartition(".")[2] in READ_SUFFIXES]
    assert len(listed) == len(found)
    for name in found:
        assert sum(f"_{name}" in line for line in listed) == 1
    assert out.startswith(f"2 written, {len(found)} failed in ")


FAULTS = [
    (struct.error("unpack requires a buffer"), "struct.error: unpack requires a buffer"),
    (UnicodeDecodeError("utf-8", b"?", 0, 1, "odd"), "'utf-8' codec can't decode byte 0x3f in position 0: odd"),
    (RuntimeError("the engine\nis broken"), "the engine is broken"),
    (MemoryError(), "not enough memory; use smaller pictures"),
    (OSError(28, "No space left on device", "out/a.jpg"), "out/a.jpg: No space left on device"),
    (KeyError("colour"), "KeyError: 'colour'"),
    (RecursionError("too deep"), "RecursionError: too deep"),
    (SyntaxError("not a PNG file"), "SyntaxError: not a PNG file"),
]
"""What decoders, encoders and engines were seen to raise, and faults of the program."""


@pytest.mark.parametrize(
    "place",
    ["apps.stylize.input_files.read_picture", "helpers.fake_stylizer.blend", "apps.stylize.result_files.write_picture"],
)
@pytest.mark.parametrize(("error", "message"), FAULTS, ids=repr)
def test_any_fault_is_that_of_one_picture(place, error, message, fake, desk, monkeypatch, capsys):
    module, function = place.rsplit(".", 1)
    real = getattr(sys.modules[module], function)

    def fail_at_one(*values, **options):
        """The content is told by its name, or by its yellow, which is painted blue; the other is painted pink."""
        reds = [value[0, 0, 0] for value in values if isinstance(value, np.ndarray) and value.ndim == 3]
        if options.get("name") == "photos/a.jpg" or (reds and reds[-1] < 100):
            raise error
        return real(*values, **options)

    monkeypatch.setattr(place, fail_at_one)
    Image.new("L", (2, 2), 255).save("mask.png")
    shutil.rmtree(desk / "photos" / "deep")
    assert main(["stylize", "photos", "--style", "style.png", "-o", "out", "--mask", "mask.png"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("1 written, 1 failed")
    assert err == f"artnet: failed: photos/a.jpg: {message}\n"
    assert [path.name for path in (desk / "out").glob("[!.]*")] == ["b.png"]


def test_what_is_odd_about_a_picture_is_said(fake, desk, capsys):
    frames = [Image.new("RGB", (16, 16), (n, n, n)) for n in (0, 99, 200)]
    for name in ("photos/a.gif", "style.gif"):
        frames[0].save(name, save_all=True, append_images=frames[1:])
    shutil.rmtree(desk / "photos" / "deep")
    assert main(["stylize", "photos", "--style", "style.gif", "-o", "out", "--json"]) == 0
    out, err = capsys.readouterr()
    lines = [f"{name}: first of 3 frames; `artnet video` paints all of them" for name in ("style.gif", "photos/a.gif")]
    assert err == "".join(f"artnet: warning: {line}\n" for line in lines)
    report = json.loads(out)
    assert report["warnings"] == lines[:1]
    warned = {result["content"]: result["warnings"] for result in report["results"] if result["warnings"]}
    assert [f"{name}: {line}" for name, [line] in warned.items()] == lines[1:]


def test_several_named_files_go_on(fake, desk, capsys):
    assert main(["stylize", "photo.png", "missing.png", "--style", "style.png", "-o", "out"]) == 1
    assert [path.name for path in (desk / "out").glob("[!.]*")] == ["photo.png"]
    assert "artnet: failed: missing.png does not exist" in capsys.readouterr().err
