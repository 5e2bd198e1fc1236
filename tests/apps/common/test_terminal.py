"""What a terminal sees, and what a pipe does: colours, links, bars, and `artnet` alone."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from apps.cli import main
from apps.common import terminal, welcome


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def xterm(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def in_terminal(*arguments):
    """(exit code, all that the command shows in a terminal)."""
    pty = pytest.importorskip("pty", reason="Windows has none")
    ours, theirs = pty.openpty()
    run = subprocess.Popen([sys.executable, "-m", "apps.cli", *arguments], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # so Linux says that the other side is closed
        pass
    os.close(ours)
    return run.wait(), shown.decode()


def test_colors_only_where_they_are_seen(monkeypatch):
    assert terminal.colored("x", terminal.RED, Terminal()) == "\033[31mx\033[0m"
    assert terminal.colored("x", terminal.RED, io.StringIO()) == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.colored("x", terminal.RED, Terminal()) == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert terminal.colored("x", terminal.RED, Terminal()) == "x"


def test_links_lead_to_the_file(desk):
    path = Path("photos/größe 1.jpg")
    uri = f"{desk.as_uri()}/photos/gr%C3%B6%C3%9Fe%201.jpg"
    assert terminal.link(path, Terminal()) == f"\033]8;;{uri}\033\\\033[36m{path}\033[0m\033]8;;\033\\"
    assert terminal.link(path, io.StringIO()) == str(path)


def test_bar_counts_and_goes(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with terminal.progress(4, "pictures", mininterval=0) as bar:
        bar.update(2)
        assert "50 %  2 of 4 pictures" in sys.stderr.getvalue()
    assert sys.stderr.getvalue().rpartition("pictures")[2].split("\r")[-1] == ""  # wiped


def test_no_bar_in_a_pipe(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    for _ in terminal.progress(4, "pictures", mininterval=0, iterable=range(4)):
        pass
    assert sys.stderr.getvalue() == ""


def test_errors_are_red_in_a_terminal_and_plain_in_a_pipe(desk, capsys):
    code, shown = in_terminal("stylize", "gone.jpg", "--style", "scream")
    assert (code, shown) == (2, "artnet: \033[31merror:\033[0m gone.jpg does not exist; check the name\r\n")
    assert main(["stylize", "gone.jpg", "--style", "scream"]) == 2
    assert capsys.readouterr().err == "artnet: error: gone.jpg does not exist; check the name\n"


def test_list_of_styles_in_a_terminal():
    code, shown = in_terminal("styles")
    assert code == 0
    assert "\033[36mscream" in shown
    assert "artnet styles photo.jpg" in shown.splitlines()[-1]


def test_headings_of_help_stand_out_in_a_terminal():
    code, shown = in_terminal("styles", "--help")
    assert code == 0
    heads = re.findall(r"^\033\[1m(.*?)\033\[0m", shown, flags=re.MULTILINE)
    assert heads == ["usage:", "positional arguments:", "options:", "look:", "engine:", "examples:"]


def commands(text):
    return [line.strip() for line in text.splitlines() if line.startswith("  artnet ")]


def test_artnet_alone_names_three_things_that_work_here(desk, capsys):
    assert main([]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert commands(out) == ["artnet serve", "artnet webcam", "artnet stylize photo.png --style great-wave"]


def test_the_photo_is_a_bundled_one_where_none_is_near(tmp_path, monkeypatch, capsys, fake):
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    line = commands(capsys.readouterr().out)[2]
    assert main(line.split()[1:]) == 0
    assert (tmp_path / "coffee-great-wave.jpg").exists()


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["b.jpg", "a.PNG"], "a.PNG"),
        (["notes.txt", ".hidden.jpg", "-o.jpg"], None),
        ([], None),
        (["my photo.jpeg"], "my photo.jpeg"),
    ],
)
def test_photo_nearby(names, found, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in names:
        (tmp_path / name).touch()
    assert welcome.photo_nearby() == (Path(found) if found else None)


def test_a_photo_with_spaces_is_quoted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my photo.jpeg").touch()
    main([])
    assert commands(capsys.readouterr().out)[2] == "artnet stylize 'my photo.jpeg' --style great-wave"


def test_what_is_not_installed_is_said(monkeypatch, capsys):
    main([])
    assert "pip install" not in capsys.readouterr().out
    monkeypatch.setitem(sys.modules, "gradio", None)
    main([])
    assert capsys.readouterr().out.count("pip install 'artnet[web]'") == 1
