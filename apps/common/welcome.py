"""What `artnet` alone says: three things to try that work as they are typed."""

import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

from apps import samples
from apps.common.terminal import BOLD, CYAN, DIM, colored

TRY = (
    ("artnet serve", "a page in the browser for photos, videos and the camera", "gradio", "web"),
    ("artnet webcam", "yourself, painted live; the arrow keys change the style", "pygame", "webcam"),
)
"""(what to type, what it is, a package that it needs, the extra that brings it)."""
PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".heic")
_MANY = 1000  # files of a folder that are looked at


def welcome() -> str:
    """The whole text, with colours where standard output shows them."""
    rows = [(command, what, "" if _is_there(package) else extra) for command, what, package, extra in TRY]
    photo = shlex.quote(str(photo_nearby() or samples.photo()))
    rows.append((f"artnet stylize {photo} --style great-wave", "a photo as Hokusai's Great Wave", ""))
    text = [colored("ArtNet paints photos, videos and the camera in the style of any picture. Try:", BOLD, sys.stdout)]
    for command, what, extra in rows:
        text += ["", f"  {colored(command, CYAN, sys.stdout)}", f"      {what}"]
        if extra:
            text.append(colored(f"      first: pip install 'artnet[{extra}]'", DIM, sys.stdout))
    return "\n".join([*text, "", "artnet styles lists the bundled styles, artnet --help all commands."])


def photo_nearby() -> Path | None:
    """A photo in the current folder, by name the first of those that are looked at."""
    try:
        with os.scandir() as entries:
            names = [entry.name for entry, _ in zip(entries, range(_MANY), strict=False)]
    except OSError:
        return None
    found = (name for name in sorted(names) if name.lower().endswith(PHOTOS) and not name.startswith((".", "-")))
    return next(map(Path, found), None)


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # a module without a specification is no package that was installed
        return False
