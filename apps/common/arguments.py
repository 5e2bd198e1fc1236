"""Types of command-line values, shared by the commands: each returns the value or says what it should have been."""

import argparse
import difflib
import math
import os
from collections.abc import Callable
from pathlib import Path

from apps import samples


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """An argparse type for whole numbers from `low` to `high`, both included."""

    def parse(text: str) -> int:
        if not text.strip().lstrip("-+").isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


def fraction(text: str) -> float:
    """An argparse type for numbers from 0 to 1, both included."""
    value = _number(text)
    if value is None or not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def file_path(text: str) -> Path:
    """The path of a file; './-' is a file of that name, which a Path alone would take for '-', standard input."""
    path = Path(text)
    return Path.cwd() / path if str(path) == "-" != text else path


def named_style(text: str) -> Path:
    """An argparse type for a style: a file, or the name of a bundled one where there is no file of that name."""
    if not text:  # a variable that a script left unset; as a path it would mean the current folder
        raise argparse.ArgumentTypeError("a style is empty; give a picture, or the name of a bundled style")
    bundled = samples.styles()
    if os.path.lexists(text):
        return file_path(text)
    if text in bundled:
        return bundled[text]
    if text != "-" and not set(text) & set("./\\:*?[") and os.sep not in text:
        near = difflib.get_close_matches(text, bundled, 1)
        hint = f"did you mean {near[0]}?" if near else "`artnet styles` lists them"
        raise argparse.ArgumentTypeError(f"{text} is neither a file nor the name of a bundled style; {hint}")
    return file_path(text)


def weighted_style(text: str) -> tuple[Path, float]:
    r"""An argparse type for STYLE[:WEIGHT], the weight finite and above 0, 1 where it is left out.

    A colon belongs to the name where a file of the whole name exists (`ratio 4:3.jpg`), or where neither the part
    before it is a style nor the part after it a number (`C:\art.jpg`).
    """
    path, colon, tail = text.rpartition(":")
    weight = _number(tail)
    is_style = os.path.lexists(path) or path in samples.styles()
    if not colon or os.path.lexists(text) or (weight is None and not is_style):
        return named_style(text), 1.0
    if weight is None or not math.isfinite(weight) or weight <= 0:
        raise argparse.ArgumentTypeError(f"the weight {tail!r} of {path} is not a number above 0 (as in {path}:0.5)")
    return named_style(path), weight


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
