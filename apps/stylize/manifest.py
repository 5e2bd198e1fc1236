"""What the results in a folder were made of, so that a later run knows which of them it can leave alone.

Every line states a fact about bytes: these, under this name, were made of those. Such a fact stays true whatever
happens to the files, and a result counts only where its bytes are the noted ones; so a run that is killed between
writing and noting, a result that was cut off or replaced, and several runs into one folder can cost work, but never
pass off a wrong result as done. For the same reason nothing need be forced to the disk.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from artnet.image.files import atomic_write, lock

NAME = ".artnet-results.jsonl"
_ROOM = 65_536
"""Bytes that a manifest may have before it is looked at whether half of it is out of date."""


@dataclass(frozen=True)
class Fingerprint:
    """Tells the bytes of a file from all others."""

    size: int
    sha256: str

    @classmethod
    def of(cls, data: bytes | memoryview) -> "Fingerprint":
        return cls(len(data), hashlib.sha256(data).hexdigest())

    @classmethod
    def of_file(cls, path: Path) -> "Fingerprint":
        """Raises OSError where the file cannot be read."""
        with open(path, "rb") as file:
            return cls(os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest())


@dataclass(frozen=True)
class Note:
    """A result's bytes, and the hash of all that went into it."""

    holds: Fingerprint
    made_of: str


class Manifest:
    """A file in the output folder with one line for every result.

    Args:
        folder: the output folder; it need not exist yet.
    """

    def __init__(self, folder: Path):
        self.folder, self.path = folder, folder / NAME

    def made_of(self, output: Path) -> str | None:
        """What a result was made of; None where it lacks or is not whole, or where nothing is known of it."""
        note = self._notes.get(self._place(output))
        return note.made_of if note and _holds(output, note.holds) else None

    def is_result(self, path: Path) -> bool:
        """Whether a file is a result that this manifest knows, as it was written."""
        path, folder = Path(os.path.abspath(path)), Path(os.path.abspath(self.folder))
        if not path.is_relative_to(folder):
            return False
        return self.made_of(self.folder / path.relative_to(folder)) is not None

    def note(self, output: Path, holds: Fingerprint, made_of: str) -> None:
        """Remember a result that was just written. Raises OSError where that cannot be."""
        line = _line(self._place(output), Note(holds, made_of))
        # One write at the end, so that runs beside this one do not meet in a line. The break before it ends a line
        # that a crash cut off.
        with self._opened(shared=True) as file:
            file.write(b"\n" + line)

    def compact(self) -> None:
        """Drop what is out of date, where that is more than half; OSError where that cannot be."""
        with suppress(FileNotFoundError):
            if self.path.stat().st_size <= _ROOM:
                return
            with self._opened(shared=False):
                lines = list(_lines(self.path))
                notes = {place: note for place, note in _parse(lines).items() if (self.folder / place).exists()}
                if len(lines) > 2 * len(notes):
                    self._replace(notes)

    @cached_property
    def _notes(self) -> dict[str, Note]:
        """Of the folder as it was when this was first asked for."""
        try:
            return _parse(_lines(self.path))
        except OSError:
            return {}

    def _place(self, output: Path) -> str:
        return output.relative_to(self.folder).as_posix()

    @contextmanager
    def _opened(self, *, shared: bool) -> Iterator[BinaryIO]:
        """The manifest for one append, or alone for a whole change, of which nobody then misses a line."""
        while True:
            with open(self.path, "ab", buffering=0) as file:
                lock(file, shared=shared)
                if _is_at(file, self.path):  # else it was replaced before it was locked
                    yield file
                    return

    def _replace(self, notes: dict[str, Note]) -> None:
        with atomic_write(self.path) as file:
            file.writelines(_line(place, note) for place, note in notes.items())


def _holds(path: Path, fingerprint: Fingerprint) -> bool:
    try:
        return path.stat().st_size == fingerprint.size and Fingerprint.of_file(path) == fingerprint
    except OSError:
        return False


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _line(place: str, note: Note) -> bytes:
    entry = {"result": place, "size": note.holds.size, "sha256": note.holds.sha256, "made_of": note.made_of}
    return json.dumps(entry).encode() + b"\n"


def _lines(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        for line in file:
            if line.strip():
                yield line


def _parse(lines: Iterable[bytes]) -> dict[str, Note]:
    """The last line about a result counts; lines that were cut off, or are of something else, are passed over."""
    notes = {}
    for line in lines:
        with suppress(ValueError, TypeError, KeyError, OverflowError, RecursionError):
            entry = json.loads(line)
            holds = Fingerprint(int(entry["size"]), str(entry["sha256"]))
            notes[str(entry["result"])] = Note(holds, str(entry["made_of"]))
    return notes
