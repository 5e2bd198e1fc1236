"""File names that results can have."""

import os
import unicodedata
from collections.abc import Container, Iterable
from pathlib import Path

LONGEST = 255
_DEVICES = {"con", "prn", "aux", "nul", *(f"{device}{n}" for device in ("com", "lpt") for n in "123456789¹²³")}


def same_name(path: Path) -> str:
    """Equal for paths that are one file on some systems: there, upper and lower case or composed letters are equal."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def numbered(path: Path, taken: Container[str]) -> Path:
    """The path with the first number from 2 that makes its `same_name` free."""
    n = 2
    while same_name(made := path.with_name(f"{path.stem}-{n}{path.suffix}")) in taken:
        n += 1
    return made


def unused(path: Path) -> Path:
    """The path, with a number where its folder has such a file."""
    taken = {same_name(path.with_name(name)) for name in os.listdir(path.parent)}
    return numbered(path, taken) if same_name(path) in taken else path


def painted_name(content: str | Path, styles: Iterable[tuple[Path, float]], suffix: str) -> Path:
    """What a result is called in the current folder where no name was given: CONTENT-STYLE."""
    return Path(f"{Path(content).stem}-{'+'.join(style.stem for style, _ in styles)}{suffix}")


def check_name(path: Path, *, windows: bool = os.name == "nt") -> None:
    """Raise ValueError where no file can be called so."""
    for name in path.parts[bool(path.anchor) :]:
        # Windows counts letters, the others bytes.
        if len(name if windows else os.fsencode(name)) > LONGEST:
            raise ValueError(f"the name {name[:40]}... of a result is too long; give a shorter one with --name")
        if windows and (why := _not_on_windows(name)):
            raise ValueError(f"Windows cannot have a file called {name!r} ({why}); give another name with --name")


def _not_on_windows(name: str) -> str | None:
    if name.split(".")[0].rstrip(" ").casefold() in _DEVICES:
        return "that is a device"
    odd = sorted({letter for letter in name if letter in '<>:"/\\|?*' or letter < " "})
    if odd:
        return f"it has {' '.join(map(ascii, odd))}"
    return "it ends with a dot or a space" if name[-1:] in (".", " ") and name not in (".", "..") else None
