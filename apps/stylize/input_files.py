"""Input files: each is read once, so that what is painted and what is noted of it are the same bytes."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from PIL import Image

from apps.stylize.job_list import STDIO, Mix
from apps.stylize.manifest import Fingerprint
from artnet.image import WRITE_FORMATS, Picture, flatten, read_picture

IN_MEMORY = 256 * 2**20
"""Larger files, in bytes, are read from where they lie, and their hash is dropped if they change meanwhile."""
PIPE_LIMIT = 2**30
_CHUNK = 2**20
T = TypeVar("T")
_SUFFIXES = {name: suffix for suffix, name in reversed(WRITE_FORMATS.items())}

StyleSource = tuple[list[tuple[np.ndarray, float]], str]
"""The pictures of a mix, on white, with their weights; and the hash of all that, '' where it is not known."""


class Sources:
    """Reads pictures by name. What is no ordinary file (a pipe, a device, standard input) is read once, and kept.

    Args:
        kept: bytes of files that were read before.

    Attributes:
        warnings: path -> what was odd about a style or the mask, for the report.
    """

    def __init__(self, kept: Mapping[Path, bytes] | None = None) -> None:
        self.warnings: dict[Path, tuple[str, ...]] = {}
        self._kept: dict[Path, bytes] = dict(kept or {})
        self.style = lru_cache(maxsize=4)(self._read_style)
        self._style_hash = lru_cache(maxsize=4096)(self.hash)  # styles are shared by many results

    def keep(self, paths: Iterable[Path]) -> None:
        """Read now those that are no ordinary files: their writer waits, and Ctrl-C works only in the main thread."""
        for path in paths:
            if path not in self._kept and _is_pipe(path):
                self._kept[path] = _all_of(path)

    def suffix(self, path: Path) -> str:
        """That of the name, or of the format that comes out of a pipe; .png where it cannot be written."""
        self.keep([path])
        if path not in self._kept or path.suffix:
            return path.suffix
        with suppress(Exception), Image.open(BytesIO(self._kept[path]), formats=list(_SUFFIXES)) as image:
            return _SUFFIXES[image.format or ""]
        return ".png"

    def bytes_of(self, paths: Iterable[Path]) -> dict[Path, bytes]:
        """What the files hold. Raises OSError where one cannot be read."""
        return {path: self._kept.get(path) or path.read_bytes() for path in paths}

    def is_pipe(self, path: Path) -> bool:
        """Whether it was kept."""
        return path in self._kept

    def read(self, path: Path) -> tuple[Picture, str]:
        """A picture, and the hash of the bytes that it was read from ('' where they changed meanwhile).

        Raises:
            PictureError: it cannot be read.
        """
        name = "standard input" if path == STDIO else str(path)
        data = self._kept.get(path)
        try:
            if data is None and path.stat().st_size <= IN_MEMORY:
                data = path.read_bytes()
        except OSError:
            return read_picture(path), ""  # which says best why not
        if data is None:
            return unchanged(path, lambda: read_picture(path))
        return read_picture(BytesIO(data), name=name), Fingerprint.of(data).sha256

    def read_mask(self, path: Path) -> tuple[np.ndarray, str]:
        """(H, W) uint8 of any picture: its brightness, and 0 where it is transparent; and its hash."""
        picture, digest = self.read(path)
        self.warnings[path] = picture.warnings
        grey = np.array(Image.fromarray(picture.rgb).convert("L"))
        if picture.alpha is not None:
            grey = np.rint(grey * (picture.alpha / 255)).astype(np.uint8)
        return grey, digest

    def hash(self, path: Path) -> str:
        """Of a file's bytes; '' where they cannot be read, which painting will report."""
        if path in self._kept:
            return Fingerprint.of(self._kept[path]).sha256
        with suppress(OSError):
            return Fingerprint.of_file(path).sha256
        return ""

    def style_hash(self, mix: Mix) -> str:
        """Of the files of a mix as they are now, without reading them as pictures."""
        return _hash_of_mix([(self._style_hash(path), weight) for path, weight in mix])

    def _read_style(self, mix: Mix) -> StyleSource:
        pictures, hashes = [], []
        for path, weight in mix:
            picture, digest = self.read(path)
            self.warnings[path] = picture.warnings
            pictures.append((flatten(picture), weight))
            hashes.append((digest, weight))
        return pictures, _hash_of_mix(hashes)


def unchanged(path: Path, read: Callable[[], T]) -> tuple[T, str]:
    """What `read` returns, and the hash of the file that it read; '' where the file changed meanwhile."""
    before, digest = _state(path), ""
    with suppress(OSError):
        digest = Fingerprint.of_file(path).sha256
    value = read()
    return value, digest if before == _state(path) else ""


def _state(path: Path) -> tuple[int, ...]:
    with suppress(OSError):
        status = os.stat(path)
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    return ()


def _hash_of_mix(hashes: list[tuple[str, float]]) -> str:
    return " ".join(f"{digest} {weight}" for digest, weight in hashes) if all(digest for digest, _ in hashes) else ""


def _is_pipe(path: Path) -> bool:
    if path == STDIO:
        return True
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _all_of(path: Path) -> bytes:
    if path != STDIO:
        with open(path, "rb") as file:
            return _read(file, str(path))
    if sys.stdin is None:
        raise ValueError("standard input is closed; name a file instead of '-'")
    try:
        return _read(sys.stdin.buffer, "standard input")
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard input") from error


def _read(file: BinaryIO, name: str) -> bytes:
    """All of a stream, which may have no end."""
    data = bytearray()
    while chunk := file.read(_CHUNK):
        data += chunk
        if len(data) > PIPE_LIMIT:
            raise ValueError(f"{name} holds more than {PIPE_LIMIT // 2**20} MB; save it as a file and name that")
    return bytes(data)
