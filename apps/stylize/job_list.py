"""What is read and what is written: from CONTENT and OUT to a checked list of jobs, before any work starts."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from glob import has_magic
from pathlib import Path
from string import Formatter
from typing import Any

from apps.common.arguments import file_path
from apps.common.file_names import check_name, numbered, painted_name, same_name, unused
from apps.stylize.find_images import Finder, Found, identity, left_out_lines
from artnet.image import WRITE_FORMATS, format_of

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

    def name(self, item: Found, style: Mix, number: int) -> Path:
        """The path of a result inside the output folder, without its suffix."""
        pattern = self.pattern or ("{content}-{style}" if self.combine == "each" else "{content}")
        names = "+".join(path.stem for path, _ in style)
        return item.relative.parent / pattern.format(content=item.relative.stem, style=names, n=number)


def default_output(contents: list[str], styles: list[tuple[Path, float]], naming: Naming, *, again: bool) -> str:
    """OUT where none was given: CONTENT-STYLE in the current folder, with a number where there is such a file.

    Args:
        again: it may be there from an earlier run, and is then the one that is meant.

    Raises:
        ValueError: there may be several contents, whose folder must be named, or it is no ordinary file.
    """
    content = file_path(contents[0])
    plain = content.is_file() or not (content.exists() or has_magic(contents[0]) or contents[0] == "-")
    if len(contents) > 1 or not plain or naming != Naming():
        raise ValueError("-o is needed, unless one picture is painted: -o painted/ for several, -o out.png for a pipe")
    suffix = content.suffix if content.suffix.lower() in WRITE_FORMATS else ".png"
    path = painted_name(content, styles, suffix)
    return str(path if again else unused(path))


def plan_jobs(
    contents: list[str],
    styles: list[tuple[Path, float]],
    output: str,
    finder: Finder,
    *,
    naming: Naming = Naming(),
    inputs: Iterable[Path] = (),
) -> list[Job]:
    """The list of jobs for the command line's CONTENT..., --style and OUT: by style, then by content as given.

    Args:
        contents: files, folders, patterns, or only '-'.
        styles: files; unless they are blended, also folders and patterns.
        output: a file name, a folder, or '-'.
        finder: of the contents; knows afterwards what was left out.
        inputs: further files that are read (mask, weights), which no output may replace.

    Raises:
        ValueError: no pictures, an output that cannot be written, would replace an input, or is claimed twice.
    """
    if "" in (*contents, output):  # a variable that a script left unset; as a path it would mean the current folder
        raise ValueError("a file name is empty; give a name for each CONTENT and for OUT")
    if "-" in contents and len(contents) > 1:
        raise ValueError("'-' (standard input) must be the only CONTENT; give either '-' or files")
    found = list(dict.fromkeys(item for text in contents for item in finder.find(text)))
    if not found:
        raise ValueError(f"nothing to paint: {'; '.join(left_out_lines(finder.left_out))}")
    met = _meet(found, styles, naming, finder.recursive)
    jobs = [
        Job(item.path, _output_of(item, output, naming.name(item, style, n), len(met)), style)
        for n, (item, style) in enumerate(met, 1)
    ]
    if output == "-":
        return jobs
    jobs = _unique(jobs, naming.pattern)
    _check_folders(jobs)
    _check_inputs_stay(jobs, (*inputs, *{path for job in jobs for path, _ in job.style}))
    return jobs


def _meet(found: list[Found], styles: list[tuple[Path, float]], naming: Naming, recursive: bool) -> list:
    """Every (content, mix of styles) that is wanted."""
    if naming.combine == "blend":
        return [(item, tuple(styles)) for item in found]
    finder = Finder(recursive)
    paths = [item.path for path, _ in styles for item in finder.find(str(path))]
    if naming.combine == "each":
        return [(item, ((path, 1.0),)) for path in dict.fromkeys(paths) for item in found]
    if len(paths) != len(found):
        raise ValueError(f"--pairs needs as many styles as contents, got {len(found)} contents and {len(paths)} styles")
    return [(item, ((path, 1.0),)) for item, path in zip(found, paths, strict=True)]


def _output_of(item: Found, output: str, name: Path, count: int) -> Path:
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


def _unique(jobs: list[Job], pattern: str | None) -> list[Job]:
    """The jobs without those that were named twice. Others that claim one output get numbers.

    Raises:
        ValueError: two contents or styles claim one output by the pattern, which could tell them apart.
    """
    seen: set[Any] = set()
    claims: dict[str, Job] = {}
    kept: dict[int, Job] = {}
    for n, job in sorted(enumerate(jobs), key=lambda item: _has_new_suffix(item[1])):  # who keeps its name comes first
        key = same_name(job.output)
        made_of = key, job.style, identity(job.content) or job.content
        if made_of in seen:
            continue
        seen.add(made_of)
        if key in claims:
            if pattern is not None:
                raise ValueError(_of_twins(claims[key], job))
            job = replace(job, output=numbered(job.output, claims))
        claims[same_name(job.output)] = kept[n] = job
    return [job for _, job in sorted(kept.items(), key=lambda item: item[0])]


def _has_new_suffix(job: Job) -> bool:
    return job.output.suffix.lower() != job.content.suffix.lower()


def _of_twins(first: Job, second: Job) -> str:
    if first.style != second.style:
        return f"{second.output} would be written in two styles; put {{style}} into --name"
    both = f"{first.content} and {second.content}"
    return f"{both} would both be written to {second.output}; put {{n}} or {{content}} into --name"


def _check_folders(jobs: list[Job]) -> None:
    """Folders are created when the first picture is written, so that an error leaves none; but it must be possible."""
    for folder in {job.output.parent for job in jobs}:
        existing = next((path for path in (folder, *folder.parents) if path.exists()), Path())
        if not existing.is_dir():
            raise ValueError(f"{existing} is a file, so nothing can be written below it; choose another OUT")
        if not os.access(existing, os.W_OK):
            raise ValueError(f"the folder {existing} cannot be written; check its permissions or choose another OUT")
    for job in jobs:
        check_name(job.output)
        if job.output.is_dir():
            raise ValueError(f"{job.output} is a folder, not a picture to write; choose another OUT")


def _check_inputs_stay(jobs: list[Job], inputs: Iterable[Path]) -> None:
    protected = {identity(path) for path in (*inputs, *(job.content for job in jobs))} - {None}
    for job in jobs:
        if identity(job.output) in protected:
            raise ValueError(f"{job.output} is one of the inputs and would be overwritten; choose another OUT")
