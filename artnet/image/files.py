"""Files that are either written whole or not at all."""

import errno
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_TEMPORARY = re.compile(r"\.artnet-[0-9a-f]{32}\.\w+")
_WRITE_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


@contextmanager
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file to write into, which takes the place of `path` only when the block ends well.

    The bytes go to a temporary file in the same folder, so that the final rename never crosses a file system. When
    the block raises, the temporary file is removed and whatever was at `path` stays. A symbolic link is written
    through. What killed processes left in the folder is removed when this one first writes there.

    Raises:
        FileNotFoundError: the folder of `path` does not exist.
        ValueError: `path` is a device, a pipe or a socket, which would be lost.
        OSError: the folder cannot be written, or has no room; names `path`, never the temporary file.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        folder = target.parent if os.path.islink(path) else Path(path).parent
        raise FileNotFoundError(f"there is no folder {folder} to write {Path(path).name} into; create it first")
    if target.exists() and not (target.is_file() or target.is_dir()):  # the user root may replace even a device
        raise ValueError(f"{path} is a device or a pipe, not a file; choose another name")
    temporary = None
    _sweep_once(str(target.parent))
    try:
        with ExitStack() as held:
            with _create(target.parent) as file:
                temporary = file.name
                _stay_locked(file, held)
                yield file
            os.replace(temporary, target)
    except BaseException as error:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)
        if isinstance(error, OSError) and _is_of_writing(error, temporary):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def temporary_name(suffix: str = ".tmp") -> str:
    """A new name, of the kind that `sweep` knows."""
    return f".artnet-{uuid.uuid4().hex}{suffix}"


def sweep(folder: str | Path) -> None:
    """Remove the temporary files that killed processes left in a folder; those of living ones are locked, and stay."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _remove_unless_locked(entry.path)


_sweep_once = lru_cache(maxsize=1024)(sweep)


def reserve(descriptor: int, size: int) -> None:
    """Make an open file so large, with room on the disk where the system can promise it.

    Pages of a mapped file that find no room when they are written end the process (SIGBUS).

    Raises:
        OSError: there is too little room.
    """
    try:
        os.posix_fallocate(descriptor, 0, size)
    except (AttributeError, OSError) as error:  # other systems, and file systems that cannot
        if isinstance(error, OSError) and error.errno in _WRITE_FAULTS:
            raise
        os.truncate(descriptor, size)


def lock(file: BinaryIO, *, shared: bool = False, wait: bool = True) -> bool:
    """Lock an open file until it is closed; whether that was possible (others hold it, or the system has no locks)."""
    if fcntl is None:
        return False
    kind = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    try:
        fcntl.flock(file.fileno(), kind)
    except OSError:
        return False
    return True


def _create(folder: Path) -> BinaryIO:
    """A new temporary file, open and locked."""
    while True:
        # Opened by name, not through tempfile, whose files are private (mode 0600) and would stay so after renaming.
        name = folder / temporary_name()
        try:
            file = open(name, "xb")  # noqa: SIM115 - the caller closes it
        except OSError as error:
            error.filename = str(name)
            raise
        lock(file)
        if name.exists():  # else a sweep took it before it was locked
            return file
        file.close()


def _stay_locked(file: BinaryIO, held: ExitStack) -> None:
    """Keep an open file locked until `held` ends, so that no sweep takes it once it is closed and before it is renamed.

    A lock belongs to all descriptors of one opening. Systems without locks cannot rename what is open.
    """
    if fcntl is not None:
        held.callback(os.close, os.dup(file.fileno()))


def _is_of_writing(error: OSError, temporary: str | None) -> bool:
    """Whether an error is about the file that is written, and not about one that was read meanwhile."""
    if error.filename is None:
        return error.errno in _WRITE_FAULTS
    return temporary is None or error.filename == temporary


def _remove_unless_locked(path: str) -> None:
    with suppress(OSError):
        if fcntl is None:
            os.unlink(path)  # fails there while somebody writes
            return
        with open(path, "rb+") as file:
            if lock(file, wait=False):
                os.unlink(path)
