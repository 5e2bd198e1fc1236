import json
import re
import subprocess
import sys

import numpy as np
import pytest

from apps import cli
from artnet import __version__

HEAVY = {"torch", "numpy", "PIL", "kornia", "tqdm", "openvino", "av", "cv2", "pygame", "gradio"}
EXTRAS = {
    "video": ("av", ["in.mp4", "--style", "style.png", "-o", "out.mp4"]),
    "webcam": ("av", ["--headless", "--frames", "1"]),
    "serve": ("gradio", []),
}
"""Command -> (a package that it needs, arguments)."""
HELP_NAMES = {
    "video": "video", "webcam": "webcam", "serve": "web", "export": "onnx", "train": "train", "evaluate": "train",
    "criteria": "study", "movement": "movement",
}  # fmt: skip
"""Command -> the extra that its help names."""


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as leaving:
        cli.main(["--help"])
    assert leaving.value.code == 0
    out = capsys.readouterr().out
    for name in cli.COMMANDS:
        assert re.search(rf"\n    {name}\s", out)
    assert "examples:" in out


@pytest.mark.parametrize("command", HELP_NAMES)
def test_help_names_the_extra(command, capsys):
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    assert f"pip install 'artnet[{HELP_NAMES[command]}]'" in capsys.readouterr().out


LIGHT = [[], ["--help"], ["styles"], *([name, "--help"] for name in ("stylize", "styles", *EXTRAS))]


@pytest.mark.parametrize("arguments", LIGHT, ids=str)
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys\nfrom apps.cli import main\n"
        f"try: main({arguments})\nexcept SystemExit: pass\n"
        f"heavy = {HEAVY} & set(sys.modules)\nsys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", EXTRAS)
def test_missing_package_is_one_line_with_the_extra(command, fake, desk, monkeypatch, capsys):
    package, arguments = EXTRAS[command]
    monkeypatch.setitem(sys.modules, package, None)
    assert cli.main([command, *arguments]) == 2
    err = capsys.readouterr().err
    assert f"pip install 'artnet[{'web' if command == 'serve' else command}]'" in err
    assert err.count("\n") == 1


def test_what_a_report_of_a_fault_needs(capsys, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("ARTNET_CACHE", "/home/somebody/cache")
    assert cli.main(["--version", "--json"]) == 0
    text = capsys.readouterr().out
    said = json.loads(text)
    assert said["artnet"] == __version__
    assert said["packages"]["numpy"] == np.__version__
    assert {"artnet", "pytest", "ruff"}.isdisjoint(said["packages"])
    assert set(said["weights"]) == {"artnet", "artnet-dense"}
    assert said["machine"]["usable cores"] >= 1
    assert "OpenVINO" in said["engine"]
    assert "somebody" not in text


def test_version(capsys):
    with pytest.raises(SystemExit) as leaving:
        cli.main(["--version"])
    assert leaving.value.code == 0
    assert capsys.readouterr().out.startswith("artnet ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stylise"], "there is no command stylise; did you mean stylize?"),
        (["--loud"], "--loud is not understood (see artnet --help)"),
        (["stylize"], "required: CONTENT, --style (see artnet stylize --help)"),
        (
            ["stylize", "a.png", "--style", "b.png", "-o", "c.png", "--loud"],
            "--loud is not understood (see artnet stylize --help)",
        ),
    ],
)
def test_usage_errors_are_one_line(arguments, message, capsys):
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("artnet: error: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ValueError("bad\nvalue"), 2, "artnet: error: bad value\n"),
        (FileNotFoundError(2, "No such file or directory", "x.png"), 2, "artnet: error: x.png: No such file"),
        (OSError("disk is odd"), 2, "artnet: error: disk is odd\n"),
        (MemoryError(), 2, "artnet: error: not enough memory"),
        (ValueError(), 2, "artnet: error: ValueError\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_become_exit_codes(error, code, message, monkeypatch, capsys):
    def fail(args):
        raise error

    monkeypatch.setattr("apps.stylize.command.run", fail)
    assert cli.main(["stylize", "a.png", "--style", "b.png", "-o", "c.png"]) == code
    err = capsys.readouterr().err
    assert err.startswith(message)
    assert err.count("\n") == (1 if message else 0)


def test_an_interruption_that_a_library_makes_an_error_of_is_one(monkeypatch, capsys):
    def fail(args):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as stop:
            raise ImportError("initialization failed") from stop

    monkeypatch.setattr("apps.stylize.command.run", fail)
    assert cli.main(["stylize", "a.png", "--style", "b.png", "-o", "c.png"]) == 130
    assert capsys.readouterr().err == ""


def test_bugs_are_not_hidden(monkeypatch):
    def fail(args):
        raise TypeError("a bug")

    monkeypatch.setattr("apps.stylize.command.run", fail)
    with pytest.raises(TypeError):
        cli.main(["stylize", "a.png", "--style", "b.png", "-o", "c.png"])


def test_closed_pipe_is_quiet():
    code = (
        "import sys, apps.stylize.command\nfrom apps.cli import main\n"
        "apps.stylize.command.run = lambda args: print('x' * 100_000) or 0\n"
        "sys.exit(main(['stylize', 'a', '--style', 'scream', '-o', 'c']))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.wait() == 141
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stylise", "photo.jpg"], "there is no command stylise; did you mean stylize? (see artnet --help)"),
        (["help"], "there is no command help; there are stylize, "),
        (
            ["stylize", "photo.png", "--style", "style.png", "--strenght", "0.5"],
            "--strenght is not understood; did you mean --strength? (see artnet stylize --help)",
        ),
        (
            ["stylize", "photo.png", "--sytle", "style.png"],
            "--sytle is not understood; did you mean --style? (see artnet stylize --help)",
        ),
        (["stylize", "photo.png", "--strength", "much"], "argument --strength: "),
        (["styles", "photo.png", "--zebra"], "--zebra is not understood (see artnet styles --help)"),
        (["webcam", "--headless"], "with --headless give --web, --virtual-camera or --frames"),
    ],
)
def test_what_is_mistyped_is_named_with_what_was_meant(arguments, message, desk, capsys):
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert err.count("\n") == 1
    assert out == ""
