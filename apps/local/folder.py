"""Putting the page where it is wanted: whole or not at all."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from apps.local.building import build
from artnet.image.files import temporary_name


def write_page(folder: str | Path, weights: str | Path = "artnet", styles: Sequence[Path] = ()) -> None:
    """Build the page beside `folder` and then put it there, in place of an earlier page.

    Args:
        weights, styles: see `apps.local.building.build`.

    Raises:
        ValueError: the folder holds anything but such a page; and as `build`.
        FileNotFoundError: there is no folder to put it into; and as `build`.
        OSError: that folder cannot be written; names `folder`.
    """
    target = Path(folder).resolve()
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}; create it first")
    if not is_replaceable(target):
        raise ValueError(f"{folder} holds other things; give a folder that is new, empty or an earlier page")
    made, earlier = (target.parent / temporary_name(suffix) for suffix in (".page", ".earlier"))
    try:
        made.mkdir()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
    try:
        build(made, weights, styles)
        if target.exists():
            target.rename(earlier)
        made.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
        shutil.rmtree(earlier, ignore_errors=True)


def is_replaceable(folder: Path) -> bool:
    """Whether nothing is there, an empty folder, or a page as `build` writes it and nothing else."""
    if not folder.exists():
        return True
    if not folder.is_dir():
        return False
    held = (path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    return {path.relative_to(folder).as_posix() for path in held} <= _listed(folder)


def _listed(folder: Path) -> set[str]:
    """The files of the page that a folder says it holds; none where it is no page."""
    try:
        said = (folder / "files.js").read_text("utf-8").strip().removeprefix("self.PAGE =").removesuffix(";")
        return {*map(str, json.loads(said)["files"]), "files.js", "sw.js"}
    except (OSError, ValueError, TypeError, KeyError):
        return set()
