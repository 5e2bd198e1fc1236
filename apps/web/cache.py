"""The folder of a running server; those of servers that were killed are deleted by the next one."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import IO

PREFIX = "artnet-web-"
_LOCK = ".lock"
_LONGEST = 70  # bytes of the folder's path: systems allow sockets 103, of which multiprocessing's names need 32


@contextmanager
def cache_folder() -> Iterator[str]:
    """A new folder for uploads and results, gone in the end; leftovers of killed servers go at once."""
    sweep_leftovers()
    with (
        TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as folder,
        open(Path(folder) / (_LOCK + ".new"), "w") as lock,
    ):
        _held(lock)
        os.rename(lock.name, Path(folder) / _LOCK)  # never there without being held
        with _all_temporary_in(folder):
            yield folder


@contextmanager
def _all_temporary_in(folder: str) -> Iterator[None]:
    """Let all that the server makes for a time lie there, as sockets of helpers: beside it, nobody would delete it."""
    before = tempfile.tempdir
    if len(os.fsencode(folder)) <= _LONGEST:
        tempfile.tempdir = folder
    try:
        yield
    finally:
        tempfile.tempdir = before


def sweep_leftovers() -> None:
    """Delete folders of this user whose server no longer runs: it would hold their lock."""
    for folder in Path(gettempdir()).glob(PREFIX + "*"):
        with suppress(OSError):
            if folder.is_symlink() or (hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid()):
                continue
            with open(folder / _LOCK, "r+") as lock:  # one without a lock is being made just now, or not ours
                if _held(lock):
                    shutil.rmtree(folder, ignore_errors=True)


def _held(lock: IO[str]) -> bool:
    """Take the lock, for as long as the file is open; whether it was free. The system frees it when a process dies."""
    try:
        import fcntl
    except ImportError:  # Windows refuses to delete what is open
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
