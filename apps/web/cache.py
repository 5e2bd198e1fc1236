"""The folder of a running server; those of servers that were killed are deleted by the next one."""

import multiprocessing
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import IO

PREFIX = "artnet-web-"
_LOCK = ".lock"
_LONGEST = 85  # bytes of the folder's path: systems allow sockets 103, of which multiprocessing's name needs 18


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
        with _helpers_in(folder):
            yield folder


@contextmanager
def _helpers_in(folder: str) -> Iterator[None]:
    """Let multiprocessing keep its sockets there, in place of a folder beside it that nobody would know to delete.

    By its own setting, as a folder that it makes itself (`tempfile.tempdir` says where) it deletes at the end, and
    complains where that is done.
    """
    config = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    before = config.get("tempdir")
    if len(os.fsencode(folder)) <= _LONGEST:
        config["tempdir"] = folder
    try:
        yield
    finally:
        config["tempdir"] = before


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
