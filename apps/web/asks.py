"""What the page's scripts ask for, taken apart: which photo, which look, which part."""

import re
from dataclasses import dataclass
from typing import Any

from apps import samples
from apps.web.panel import keep_alive, upload_of, wish
from apps.web.shared_stylizer import Wish
from apps.web.uploads import number

WHERE = ("everywhere", "inside", "outside", "both")
"""Parts of a photo that are painted: all, inside a mask, outside it, or inside in one style and outside in another."""
SIDES = (320, 1600)
"""Pixels of the longer side of a preview."""
MAX_PHOTOS = 20
MAX_STEM = 200
"""Bytes of a file's name without its suffix; of the 255 that there are, some are needed while it is written."""


@dataclass(frozen=True)
class Ask:
    """A photo as a page wants to see it.

    Attributes:
        photo: the path of a sample or an upload.
        place: one of WHERE.
        mask: the path of an uploaded picture whose alpha says where; None without one.
        side: pixels of the longer side of a preview.
        page, number: who asks, and how often it has asked before.
    """

    photo: str
    wished: Wish
    place: str = WHERE[0]
    mask: str | None = None
    side: int = 1280
    page: str = ""
    number: int = 0


def ask_of(value: Any) -> Ask:
    """An `Ask` from a request's JSON object. ValueError on what no page sends."""
    value = object_of(value)
    mask = value.get("mask") or None
    place = value.get("place", WHERE[0])
    if place not in WHERE:
        raise ValueError(f"place must be one of {', '.join(WHERE)}, got {place!r:.40}")
    return Ask(
        photo_of(value.get("photo")), wish(value.get("panel")), place, upload_of(mask) if mask else None,
        int(number("side", value.get("side", 1280), *SIDES)), *sender_of(value),
    )  # fmt: skip


def sender_of(value: Any) -> tuple[str, int]:
    """Which page asks, and the number of its wish. ValueError on what no page sends."""
    page = object_of(value).get("page", "")
    if not isinstance(page, str) or len(page) > 64:
        raise ValueError("page must be a word of up to 64 letters")
    return page, int(number("number", value.get("number", 0), 0, 2**40))


def photo_of(value: Any) -> str:
    """The path of {"sample": name} or of an upload, which then lives on. ValueError where it is neither."""
    if value is None:
        raise ValueError("no photo yet: add one first")
    if isinstance(value, dict) and value.get("sample") is not None:
        return str(samples.photo(str(value["sample"])))
    path = upload_of(value)
    keep_alive([path])
    return path


def photos_of(value: Any) -> list[tuple[str, str]]:
    """(path, name) of every photo of a request. ValueError where there are none, or too many."""
    photos, names = object_of(value).get("photos"), value.get("names")
    if not isinstance(photos, list) or not 0 < len(photos) <= MAX_PHOTOS:
        raise ValueError(f"this takes 1 to {MAX_PHOTOS} photos")
    if not isinstance(names, list) or len(names) != len(photos):
        raise ValueError("every photo needs a name")
    return [(photo_of(photo), stem(name)) for photo, name in zip(photos, names, strict=True)]


def stem(name: Any) -> str:
    """What a visitor calls a picture, as the name of a file that every system takes."""
    plain = re.sub(r"[^\w .()+-]", "_", str(name or ""))[:80]
    short = plain.encode()[:MAX_STEM].decode(errors="ignore")  # of systems that count bytes, not letters
    return short.strip(" .") or "artnet"


def object_of(value: Any) -> dict:
    """A request's JSON value, which must be an object. ValueError where it is not."""
    if not isinstance(value, dict):
        raise ValueError("this request must be a JSON object")
    return value
