import errno
import os
import shutil
import subprocess
import sys

import pytest

from artnet.image.files import atomic_write, sweep


def fault_of(target, error=None, meanwhile=None):
    """What comes out of writing half a file, where `error` is raised then and `meanwhile` is called."""
    try:
        with atomic_write(target) as file:
            file.write(b"half")
            if meanwhile:
                meanwhile(file)
            if error:
                raise error
    except Exception as caught:
        return caught


def hidden(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "a.bin"
    with atomic_write(target) as file:
        file.write(b"whole")
        assert not target.exists()
    assert fault_of(target, KeyError("half")).args == ("half",)
    assert target.read_bytes() == b"whole"
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "I/O error")])
def test_errors_of_writing_name_the_file(error, tmp_path):
    assert fault_of(tmp_path / "a.bin", error).filename == str(tmp_path / "a.bin")
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("error", [OSError("odd"), FileNotFoundError(errno.ENOENT, "none", "other.png")])
def test_errors_of_other_files_stay(error, tmp_path):
    assert fault_of(tmp_path / "a.bin", error) is error


def test_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "a.bin" / "full").mkdir(parents=True)
    fault = fault_of(tmp_path / "a.bin")
    assert (fault.errno, fault.filename, fault.filename2) == (errno.EISDIR, str(tmp_path / "a.bin"), None)


def test_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = "there is no folder gone to write a.bin into; create it first"
    assert str(fault_of("gone/a.bin")) == message


def test_a_folder_that_goes_meanwhile(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    fault = fault_of(folder / "a.bin", meanwhile=lambda file: shutil.rmtree(folder))
    assert (fault.errno, fault.filename) == (errno.ENOENT, str(folder / "a.bin"))


def test_a_name_that_is_too_long(tmp_path):
    target = tmp_path / ("x" * 300)
    fault = fault_of(target)
    assert (fault.errno, fault.filename) == (errno.ENAMETOOLONG, str(target))
    assert hidden(tmp_path) == []


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "link").symlink_to("real")
    with atomic_write(tmp_path / "link") as file:
        file.write(b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"x"


def test_leftovers_of_the_killed_are_swept_and_those_of_the_living_stay(tmp_path):
    code = (
        "import os, sys\nfrom artnet.image.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as file:\n  file.write(b'half'); file.flush(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "a.bin"])
    assert len(hidden(tmp_path)) == 1
    others = [".artnet-results.jsonl", ".artnet-1.tmp", ".hidden"]
    for name in others:
        (tmp_path / name).touch()
    with atomic_write(tmp_path / "b.bin") as file:
        sweep(tmp_path)
        assert sorted(hidden(tmp_path)) == sorted([*others, os.path.basename(file.name)])
    assert sorted(hidden(tmp_path)) == sorted(others)
    assert (tmp_path / "b.bin").exists()


def test_the_next_process_that_writes_there_sweeps(tmp_path):
    code = "import os, sys\nfrom artnet.image.files import atomic_write\nwith atomic_write(sys.argv[1]):\n  {}"
    for last in ("os.kill(os.getpid(), 9)", "pass"):
        subprocess.run([sys.executable, "-c", code.format(last), tmp_path / "a.bin"])
        assert len(hidden(tmp_path)) == (last != "pass")


def test_what_is_about_to_be_renamed_is_not_swept(tmp_path, monkeypatch):
    """Another thread or process may write there for the first time between the last byte and the final name."""
    rename = os.replace

    def swept_before(temporary, target):
        sweep(tmp_path)
        rename(temporary, target)

    monkeypatch.setattr(os, "replace", swept_before)
    with atomic_write(tmp_path / "a.png") as file:
        file.write(b"whole")
    assert (tmp_path / "a.png").read_bytes() == b"whole"


def test_nothing_to_sweep(tmp_path):
    sweep(tmp_path / "none")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_devices_and_pipes_are_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "link"):
        with pytest.raises(ValueError, match=f"{name} is a device or a pipe"), atomic_write(tmp_path / name):
            pass
    assert (tmp_path / "pipe").is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]
