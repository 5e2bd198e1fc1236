"""From CONTENT to pictures: files, folders and patterns."""

import glob
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from apps.common.arguments import file_path
from artnet.image import READ_SUFFIXES, unread_suffixes

NOWHERE = "no ordinary file, or a link that leads to none"
LINKED = "a linked folder, which is not entered: name it as CONTENT"
NOT_ENTERED = "a sub-folder, which --recursive enters"
OURS = "a result of an earlier run"


@dataclass(frozen=True)
class Found:
    """A content file, its path inside the output folder, and whether it was named itself or found in a folder."""

    path: Path
    relative: Path
    named: bool


@dataclass
class Finder:
    """Finds pictures, and remembers what it passed over.

    Attributes:
        recursive: enter sub-folders. Links to folders are not entered: they may lead in circles, or to a whole disk.
        output: the folder that results go to; where it lies inside a content folder, it is not entered.
        suffix: of a named file's result, from its path.
        is_result: whether a file is a known result of an earlier run.
        left_out: why -> the paths of that kind, in folders; hidden files and what is no picture are not counted.
        failed: (folder, why it cannot be opened).
    """

    recursive: bool = False
    output: Path | None = None
    suffix: Callable[[Path], str] = lambda path: path.suffix
    is_result: Callable[[Path], bool] = lambda path: False
    left_out: dict[str, list[Path]] = field(default_factory=dict)
    failed: list[tuple[Path, str]] = field(default_factory=list)

    def find(self, text: str) -> Iterator[Found]:
        """The pictures that a CONTENT stands for, in order of their names.

        Raises:
            ValueError: a folder without pictures, or a pattern that matches nothing.
        """
        if os.path.isdir(text):
            first = len(self.failed), sum(map(len, self.left_out.values()))
            pictures = self._in_folder(Path(text))
            if not pictures:
                raise ValueError(f"no pictures in the folder {text}{self._why_none(*first)}")
            yield from pictures
        elif text != "-" and glob.has_magic(text) and not os.path.lexists(text):
            matches = sorted(glob.glob(_pattern(text), recursive=True))
            if not matches:
                raise ValueError(f"no file matches {text!r}; check the pattern and the folder")
            for match in matches:
                yield from self._match(match)
        else:
            yield self._named(text)

    def _named(self, text: str) -> Found:
        path = file_path(text)
        relative = Path("stdin" if text == "-" else path.name)
        suffix = self.suffix(path)
        return Found(path, relative if relative.suffix == suffix else Path(relative.name + suffix), named=True)

    def _match(self, text: str) -> list[Found]:
        if os.path.isdir(text):
            return self._in_folder(Path(text))
        why = OURS if self.is_result(Path(text)) else None if os.path.isfile(text) else NOWHERE
        if why:
            self._leave_out(why, Path(text))
            return []
        return [self._named(text)]

    def _in_folder(self, folder: Path) -> list[Found]:
        return [Found(path, path.relative_to(folder), named=False) for path in sorted(self._pictures(folder))]

    def _why_none(self, failed: int, left_out: int) -> str:
        if self.failed[failed:]:
            path, why = self.failed[failed]
            return f" ({path}: {why})"
        if sum(map(len, self.left_out.values())) > left_out:
            return f" ({'; '.join(left_out_lines(self.left_out))})"
        return f" (looked for {' '.join(sorted(READ_SUFFIXES))})"

    def _pictures(self, top: Path) -> Iterator[Path]:
        unread, results, waiting = unread_suffixes(), self.output and identity(self.output), [top]
        if results == identity(top):
            results = None
        while waiting:
            folder = waiting.pop()
            for entry in self._entries(folder):
                path, suffix = folder / entry.name, os.path.splitext(entry.name)[1].lower()
                if entry.is_dir(follow_symlinks=False) or (entry.is_symlink() and os.path.isdir(path)):
                    if results is None or identity(path) != results:
                        waiting += self._entered(path)
                elif suffix in READ_SUFFIXES:
                    why = NOWHERE if not os.path.isfile(path) else OURS if self.is_result(path) else None
                    if why is None:
                        yield path
                    else:
                        self._leave_out(why, path)
                elif suffix in unread:
                    self._leave_out(unread[suffix], path)

    def _entered(self, folder: Path) -> list[Path]:
        """The folder, if it is to be entered."""
        why = LINKED if folder.is_symlink() else None if self.recursive else NOT_ENTERED
        if why:
            self._leave_out(why, folder)
        return [] if why else [folder]

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """Without hidden ones, among them the ._ files of macOS."""
        try:
            with os.scandir(folder) as entries:
                return [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            self.failed.append((folder, error.strerror or str(error)))
            return []

    def _leave_out(self, why: str, path: Path) -> None:
        self.left_out.setdefault(why, []).append(path)


def left_out_lines(left_out: dict[str, list[Path]]) -> list[str]:
    """One line for each reason, with the name where there is but one."""
    return [
        f"{len(paths)} left out: {why}" + (f" ({paths[0]})" if len(paths) == 1 else "")
        for why, paths in sorted(left_out.items())
    ]


def identity(path: Path) -> tuple[int, int] | None:
    """The same for every name of one file (links, upper and lower case where the system ignores it)."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _pattern(text: str) -> str:
    """The pattern, whose leading folders are taken as they are named where they exist: 'photos [2020]/*.jpg'."""
    head = text
    while head and not os.path.lexists(head):
        head = os.path.dirname(head)
    return glob.escape(head) + text[len(head) :]
