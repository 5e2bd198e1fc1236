"""Colours, links and progress where a terminal shows them; plain text, or nothing, everywhere else.

Imports nothing heavy: every command says something.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"
_BAR = "{desc}{bar:32} {percentage:3.0f} %  {n_fmt} of {total_fmt} {unit}  {elapsed}, {remaining} left"


def is_colorful(stream: TextIO) -> bool:
    """Whether the stream is a terminal with colours, and the user has nothing against them (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "linux") or not stream.isatty()
    if not plain and sys.platform == "win32":
        import colorama  # comes with tqdm there

        colorama.just_fix_windows_console()
    return not plain


def colored(text: str, color: str, stream: TextIO) -> str:
    """The text in a color of this module, where the stream shows it."""
    return f"\033[{color}m{text}\033[0m" if is_colorful(stream) else text


def link(path: Path, stream: TextIO) -> str:
    """The path as it is given, which a click opens in terminals that can."""
    if not is_colorful(stream):
        return str(path)
    return f"\033]8;;{path.absolute().as_uri()}\033\\{colored(str(path), CYAN, stream)}\033]8;;\033\\"


def progress(total: float | None, unit: str, *, layout: str = _BAR, **options: Any) -> "tqdm":
    """A bar on standard error, which is gone when it is done; none where nobody watches.

    Args:
        total: of what it counts; None where that is not known.
        unit: what it counts, in the plural.
        layout, options: as tqdm has them.
    """
    from tqdm import tqdm

    color = "green" if is_colorful(sys.stderr) else None
    fine = (sys.stderr.encoding or "").lower().replace("-", "") == "utf8"
    return tqdm(
        total=total, unit=unit, bar_format=layout, colour=color, ascii="─╾━" if fine else True, disable=None,
        leave=False, **options,
    )  # fmt: skip
