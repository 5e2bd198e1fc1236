"""The command as a shell starts it: pipes by name, closed and full streams, other encodings, signals."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from apps.cli import main
from apps.common import stdio

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a system like Linux")

INSTANT = f"""
import sys, time
sys.path[:0] = {[str(Path(__file__).parents[n]) for n in (3, 2)]!r}  # in this order: tests has a folder apps, too
import apps.common.network
from apps.cli import main
from apps.common import stdio
from helpers.fake_stylizer import FakeStylizer

class Fake(FakeStylizer):
    def stylize(self, content, style, settings, **options):
        time.sleep(0.02)
        return super().stylize(content, style, settings, **options)

apps.common.network.load_stylizer = lambda *_: Fake()
sys.exit(main(sys.argv[1:]))
"""
"""`artnet` with a stylizer that inverts colours."""


def shell(line, **environment):
    """(exit code, stdout, stderr) of a line of bash, in which `artnet` is the command."""
    script = f'artnet() {{ "{sys.executable}" -c "$INSTANT" "$@"; }}; {line}'
    env = {**os.environ, "INSTANT": INSTANT, **environment}
    done = subprocess.run(["bash", "-c", script], capture_output=True, env=env, timeout=60, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def pixel(path):
    with Image.open(path) as image:
        return image.convert("RGB").getpixel((0, 0))


@pytest.mark.parametrize(
    "line",
    [
        "artnet stylize <(cat photo.png) --style <(cat style.png) --mask <(cat white.png) -o out.png",
        "cat photo.png | artnet stylize /dev/stdin --style style.png -o out.png",
        "artnet stylize /dev/stdin --style style.png -o out.png < photo.png",
        "cat photo.png | artnet stylize - --style style.png -o out.png",
        "cat style.png | artnet stylize photo.png --style /dev/stdin --mask white.png -o out.png --skip-existing",
        "mkfifo pipe; cat photo.png > pipe & artnet stylize pipe --style style.png -o out.png",
        "mkfifo p.png; cat p.png > out.png & artnet stylize photo.png --style style.png -o - > p.png; wait",
    ],
)
def test_pipes_by_name(line, desk):
    Image.new("L", (2, 2), 255).save("white.png")
    code, _, err = shell(line)
    assert (code, err) == (0, "")
    assert pixel("out.png") == (55, 215, 165)


def test_pipes_are_read_once_for_all_pictures(desk):
    code, _, err = shell("artnet stylize photos/*.* --each --style <(cat style.png) --style second.png -o out")
    assert (code, err) == (0, "")
    assert len(list((desk / "out").glob("[!.]*"))) == 4


def test_a_stream_without_end_is_given_up(fake, desk, monkeypatch, capsys):
    monkeypatch.setattr("apps.stylize.input_files.PIPE_LIMIT", 3 * 2**20)
    assert main(["stylize", "/dev/zero", "--style", "style.png", "-o", "out.png"]) == 2
    message = "/dev/zero holds more than 3 MB; save it as a file and name that"
    assert capsys.readouterr().err == f"artnet: error: {message}\n"


def test_results_of_pipes_take_the_suffix_of_what_comes(desk):
    assert shell("cat photos/a.jpg | artnet stylize /dev/stdin --style style.png -o out/")[0] == 0
    assert shell("cat photos/deep/c.bmp | artnet stylize - --style style.png -o bmp/")[0] == 0
    assert (desk / "out" / "stdin.jpg").is_file()
    assert (desk / "bmp" / "stdin.png").is_file()


STDOUT_FULL = "artnet: error: standard output: No space left on device\n"


@pytest.mark.parametrize(
    ("line", "code", "err"),
    [
        ("- -o out.png <&-", 2, "artnet: error: standard input is closed; name a file instead of '-'\n"),
        ("/dev/stdin -o out.png <&-", 2, "artnet: error: /dev/stdin is empty; give a picture\n"),
        ("photo.png -o out.png >&-", 0, "painted, 24 x 16\nout.png\n"),
        ("photo.png -o - >&-", 2, "artnet: error: standard output is closed; name a file instead of '-o -'\n"),
        ("photo.png -o out.png --json >&-", 2, "artnet: error: --json needs standard output, which is closed\n"),
        ("photo.png -o out.png > /dev/full", 2, STDOUT_FULL),
        ("photo.png -o out.png --json > /dev/full", 2, STDOUT_FULL),
        ("photo.png -o - > /dev/full", 2, STDOUT_FULL),
        ("photo.png -o out.png 2>&-", 0, ""),
        ("photo.png missing.png -o out 2>/dev/full", 1, ""),
        ("photo.png -o out.png <&- >&- 2>&-", 0, ""),
        (
            "missing.png -o - | cat; exit ${PIPESTATUS[0]}",
            2,
            "artnet: error: missing.png does not exist; check the name\n",
        ),
    ],
)
def test_streams_that_are_closed_or_full(line, code, err, desk):
    ended, _, said = shell(f"artnet stylize --style style.png {line}")
    assert (ended, re.sub(r" in \d\.\d s", "", said)) == (code, err)
    if line.startswith("photo.png -o out.png") and "json" not in line:
        assert pixel("out.png") == (55, 215, 165)


def test_a_reader_that_goes_away_is_no_error(desk):
    Image.effect_noise((900, 900), 90).save("noise.png")
    assert shell("artnet stylize noise.png --style style.png -o - | true; exit ${PIPESTATUS[0]}") == (141, "", "")


def test_a_name_that_the_terminal_cannot_show(desk):
    os.rename("photo.png", "žluť.png")
    plain = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    code, out, err = shell("artnet stylize *.png --style style.png -o żółw", **plain)
    assert (code, err) == (0, "")
    assert "3 written" in out
    assert sorted(path.name for path in (desk / "żółw").glob("[!.]*")) == ["second.png", "style.png", "žluť.png"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_leave_whole_results_and_a_report(number, code, desk):
    shutil.rmtree(desk / "photos" / "deep")
    for n in range(300):
        Image.new("RGB", (8, 8), (n % 256,) * 3).save(desk / "photos" / f"{n:03}.png")
    command = [sys.executable, "-c", INSTANT, "stylize", "photos", "--style", "style.png", "-o", "out"]
    # As a shell in the foreground starts it, and not with what the tests' own parent ignores.
    reset = lambda: [signal.signal(n, signal.SIG_DFL) for n in (signal.SIGINT, signal.SIGHUP)]  # noqa: E731
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=reset)
    while not (desk / "out" / "000.png").exists():
        assert run.poll() is None
        time.sleep(0.01)
    run.send_signal(number)
    out, err = run.communicate(timeout=30)
    assert (run.returncode, err) == (code, "")
    written = list((desk / "out").glob("[!.]*"))
    assert out.startswith(f"{len(written)} written, {302 - len(written)} unfinished in ")
    assert 0 < len(written) < 302
    assert [path.name for path in (desk / "out").glob(".*")] == [".artnet-results.jsonl"]


def test_waiting_for_a_pipe_can_be_interrupted(desk):
    os.mkfifo("pipe")
    command = [sys.executable, "-c", INSTANT, "stylize", "pipe", "--style", "style.png", "-o", "out.png"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    writer = os.open("pipe", os.O_WRONLY)  # returns when the command has opened the other end
    run.send_signal(signal.SIGTERM)
    assert run.communicate(timeout=30) == ("", "")
    assert run.returncode == 143
    os.close(writer)


def test_lines_of_libraries_can_be_dropped(capfd):
    with stdio.silenced():
        os.write(2, b"a library in C complains\n")
    os.write(2, b"afterwards\n")
    with pytest.raises(ValueError, match="passes"), stdio.silenced():
        raise ValueError("passes")
    os.write(2, b"and again\n")
    assert capfd.readouterr().err == "afterwards\nand again\n"
