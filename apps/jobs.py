"""What is read and what is written: from CONTENT and OUT to a checked list of jobs, before any work starts."""

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from artnet.pictures import READ_SUFFIXES, WRITE_FORMATS, format_of

FIELDS = ("content", "style", "n")
"""Fields of name patterns: the stems of the content and of the style, and the number of the picture from 1."""

STDIO = Path("-")
"""Stands for standard input as content and for standard output as output."""


Mix = tuple[tuple[Path, float], ...]
"""Styles with their weights."""


@dataclass(frozen=True)
class Job:
    """One picture to make: `content` is read, `output` is written; each a path or STDIO."""

    content: Path
    output: Path
    style: Mix


@dataclass(frozen=True)
class Naming:
    """How contents meet styles, and what results are called.

    Attributes:
        combine: "blend" (all styles in every picture), "each" (every content in every style) or "pairs" (the first
            content in the first style, and so on).
        pattern: the name of a result without suffix, with the fields FIELDS; None: the content's own name, except
            for "each", where the style's is appended.
    """

    combine: str = "blend"
    pattern: str | None = None

    def __post_init__(self) -> None:
        try:
            fields = [field for _, field, _, _ in Formatter().parse(self.pattern or "") if field is not None]
        except ValueError as error:
            raise ValueError(f"the name {self.pattern!r} is no pattern ({error})") from error
        wrong = [field for field in fields if field not in FIELDS]
        if wrong:
            known = ", ".join(f"{{{field}}}" for field in FIELDS)
            raise ValueError(f"the name {self.pattern!r} has the unknown field {{{wrong[0]}}}; use {known}")

    def name(self, item: "_Found", style: Mix, number: int) -> Path:
        """The path of a result inside the output folder, without its suffix."""
        pattern = self.pattern or ("{content}-{style}" if self.combine == "each" else "{content}")
        names = "+".join(path.stem for path, _ in style)
        return item.relative.parent / pattern.format(content=item.relative.stem, style=names, n=number)


@dataclass(frozen=True)
class _Found:
    """A content file, its path inside the output folder, and whether it was named itself or found in a folder."""

    path: Path
    relative: Path
    named: bool


def plan_jobs(
    contents: list[str],
    styles: list[tuple[Path, float]],
    output: str,
    *,
    recursive: bool,
    naming: Naming = Naming(),
    inputs: Iterable[Path] = (),
) -> list[Job]:
    """The list of jobs for the command line's CONTENT..., --style and OUT: by style, then by content as given.

    Args:
        contents: files, folders, patterns, or only '-'.
        styles: files; unless they are blended, also folders and patterns.
        output: a file name, a folder, or '-'.
        recursive: enter sub-folders.
        inputs: further files that are read (mask, weights), which no output may replace.

    Raises:
        ValueError: no pictures, an output that cannot be written, would replace an input, or is claimed twice.
    """
    if "" in (*contents, output):  # a variable that a script left unset; as a path it would mean the current folder
        raise ValueError("a file name is empty; give a name for each CONTENT and for OUT")
    if "-" in contents and len(contents) > 1:
        raise ValueError("'-' (standard input) must be the only CONTENT; give either '-' or files")
    found = list(dict.fromkeys(item for text in contents for item in _expand(text, recursive, Path(output))))
    met = _meet(found, styles, naming, recursive)
    jobs = _unique(
        [
            Job(item.path, _output_of(item, output, naming.name(item, style, n), len(met)), style)
            for n, (item, style) in enumerate(met, 1)
        ]
    )
    if output != "-":
        _check_folders(jobs)
        _check_inputs_stay(jobs, (*inputs, *{path for job in jobs for path, _ in job.style}))
    return jobs


def _meet(found: list[_Found], styles: list[tuple[Path, float]], naming: Naming, recursive: bool) -> list:
    """Every (content, mix of styles) that is wanted."""
    if naming.combine == "blend":
        return [(item, tuple(styles)) for item in found]
    paths = [item.path for path, _ in styles for item in _expand(str(path), recursive, Path(os.devnull))]
    if naming.combine == "each":
        return [(item, ((path, 1.0),)) for path in dict.fromkeys(paths) for item in found]
    if len(paths) != len(found):
        raise ValueError(f"--pairs needs as many styles as contents, got {len(found)} contents and {len(paths)} styles")
    return [(item, ((path, 1.0),)) for item, path in zip(found, paths, strict=True)]


def _expand(text: str, recursive: bool, output: Path) -> Iterator[_Found]:
    if text == "-":
        yield _Found(STDIO, Path("stdin.png"), named=True)
    elif os.path.isdir(text):
        yield from _walk(Path(text), recursive, output)
    elif glob.has_magic(text) and not os.path.exists(text):
        matches = sorted(glob.glob(text, recursive=True))
        if not matches:
            raise ValueError(f"no file matches {text!r}; check the pattern and the folder")
        for match in matches:
            yield from _expand(match, recursive, output)
    else:
        yield _Found(Path(text), Path(Path(text).name), named=True)


def _walk(folder: Path, recursive: bool, output: Path) -> Iterator[_Found]:
    """The pictures in a folder by name; hidden files, and results of earlier runs inside the folder, are left out."""
    root, results = folder.resolve(), output.resolve()
    inside = results != root and results.is_relative_to(root)
    found = False
    for path in sorted(folder.rglob("*") if recursive else folder.iterdir()):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        ours = inside and path.resolve().is_relative_to(results)
        if path.suffix.lower() in READ_SUFFIXES and path.is_file() and not hidden and not ours:
            found = True
            yield _Found(path, relative, named=False)
    if not found:
        hint = "" if recursive else "; use --recursive to enter its sub-folders"
        raise ValueError(f"no pictures in the folder {folder} (looked for {' '.join(sorted(READ_SUFFIXES))}){hint}")


def _output_of(item: _Found, output: str, name: Path, count: int) -> Path:
    alone = count == 1 and item.named
    if output == "-":
        if not alone:
            raise ValueError("'-' (standard output) holds one picture; give one CONTENT file, or a folder as OUT")
        return STDIO
    names_file = Path(output).suffix != "" and not output.endswith(("/", os.sep)) and not os.path.isdir(output)
    if names_file and alone:
        format_of(output)
        return Path(output)
    if names_file and Path(output).suffix.lower() in WRITE_FORMATS:
        raise ValueError(f"{output} names one picture, but there are several contents; give a folder as OUT")
    suffix = item.relative.suffix if item.relative.suffix.lower() in WRITE_FORMATS else ".png"
    return Path(output) / name.with_name(name.name + suffix)


def _unique(jobs: list[Job]) -> list[Job]:
    """The jobs without those that were named twice; ValueError where two contents claim one output."""
    unique: dict[str, Job] = {}
    for job in jobs:
        first = unique.setdefault(os.path.normcase(job.output), job)
        if first.style != job.style:
            raise ValueError(f"{job.output} would be written in two styles; put {{style}} into --name")
        if first.content != job.content and _identity(first.content) != _identity(job.content):
            both = f"{first.content} and {job.content}"
            raise ValueError(f"{both} would both be written to {job.output}; rename one of them")
    return list(unique.values())


def _check_folders(jobs: list[Job]) -> None:
    """Folders are created when the first picture is written, so that an error leaves none; but it must be possible."""
    for folder in {job.output.parent for job in jobs}:
        existing = next((path for path in (folder, *folder.parents) if path.exists()), Path())
        if not existing.is_dir():
            raise ValueError(f"{existing} is a file, so nothing can be written below it; choose another OUT")
        if not os.access(existing, os.W_OK):
            raise ValueError(f"the folder {existing} cannot be written; check its permissions or choose another OUT")
    for job in jobs:
        if job.output.is_dir():
            raise ValueError(f"{job.output} is a folder, not a picture to write; choose another OUT")


def _check_inputs_stay(jobs: list[Job], inputs: Iterable[Path]) -> None:
    protected = {_identity(path) for path in (*inputs, *(job.content for job in jobs))} - {None}
    for job in jobs:
        if _identity(job.output) in protected:
            raise ValueError(f"{job.output} is one of the inputs and would be overwritten; choose another OUT")


def _identity(path: Path) -> tuple[int, int] | None:
    """The same for every name of one file (links, upper and lower case where the system ignores it)."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
