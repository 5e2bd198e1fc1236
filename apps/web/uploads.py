"""What the page accepts from visitors, and how it tells them of what it does not."""

import functools
import inspect
import logging
import os
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import gradio as gr
import numpy as np
from PIL import Image

from apps import samples
from apps.common.errors import describe
from apps.web import confined, reading
from apps.web.clients import GoneError, address
from apps.web.places import Places
from artnet.image import Picture, flatten, read_picture
from artnet.settings import StyleSettings

MAX_UPLOAD = 200_000_000
"""Bytes of one file."""
STROKES = (16, 1024)
MAX_STYLES = 4
PICTURE = confined.Bounds(memory=1_200_000_000, seconds=15)
"""Of one picture: the largest photo with transparency and profile takes 900 MB and six seconds."""
Function = TypeVar("Function", bound=Callable)
Check = Callable[[], None] | None
_READERS = Places(2, 1)
# A path of this machine in a message: two or more parts, not after a word (16/24) or a colon (http://).
_PATH = re.compile(r"(?<![\w/:.])(?:/[^\s/'\"():,;]+){2,}/?")
_KNOWN = (ValueError, OSError, MemoryError, RuntimeError)  # RuntimeError: how torch reports that memory ran out


def path_input(component: gr.components.Component) -> gr.components.Component:
    """The component as an input that hands on the path of the visitor's file, whatever it holds.

    Gradio itself would open it here, or give it to ffmpeg, and fail without a message on what it cannot read. (Not a
    subclass: for those, Gradio writes a stub file beside the module.)
    """
    vars(component)["preprocess"] = lambda payload: None if payload is None else payload.path
    return component


def picture_input(**options: Any) -> gr.components.Component:
    """An input for pictures of any kind, as `path_input`: `read_upload` judges them."""
    return path_input(gr.Image(type="filepath", image_mode=None, **options))


def read_upload(path: str | None, what: str = "photo", check: Check = None) -> Picture:
    """Read an uploaded picture.

    Raises:
        ValueError: none was given, it has too many pixels (known before it is decoded), or it cannot be read.
    """
    return _read(reading.photo, path, what=what, check=check)


def read_small(path: str, side: int, check: Check = None) -> tuple[Picture, tuple[int, int]]:
    """A photo whose longer side has at most `side` pixels, and its whole (height, width). Raises as `read_upload`."""
    return _read(reading.small, path, side, what="photo", check=check)


def read_style(path: str, size: int, check: Check = None) -> np.ndarray:
    """(H, W, 3) uint8: a style, at most `size` pixels on its shorter side. Raises as `read_upload`."""
    if path in map(str, samples.styles().values()):
        return flatten(read_picture(path))
    return _read(reading.style, path, size, what="style", check=check)


def thumbnail(path: str, side: int, what: str) -> Image.Image:
    """A picture, its longer side at most so many pixels. Raises as `read_upload`."""
    return _read(reading.thumbnail, path, side, what=what)


def read_mask(paths: list[str], height: int, width: int, check: Check = None) -> np.ndarray | None:
    """(H, W) uint8 of the given size: 255 where something was painted on one of the layers; None where nothing was."""
    return _read(reading.mask, paths, height, width, what="mask", check=check) if paths else None


def _read(function: Callable, path: Any, *args: Any, what: str, check: Check = None) -> Any:
    if path is None:
        raise ValueError(f"no {what} yet: add one first")
    if isinstance(path, str) and not os.path.isfile(path):
        raise ValueError(f"this {what} is deleted by now, as everything is after an hour: add it again")
    with _READERS.taken(address(), check):
        return confined.run(function, path, *args, bounds=PICTURE, what=what, check=check)


def number(name: str, value: Any, low: float, high: float, unit: str = "") -> float:
    """A number that a client has sent. ValueError unless it is one, from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{name} must be between {low:g} and {high:g}{unit}, got {value!r:.40}")
    return value


def settings_from(strength: Any, stroke_size: Any, keep: Any) -> StyleSettings:
    """The settings that a client has sent. ValueError where one is out of range."""
    size = int(number("stroke size", stroke_size, *STROKES, " pixels"))
    return StyleSettings(float(number("strength", strength, 0, 1)), stroke_size=size, preserve_color=bool(keep))


def told(function: Function) -> Function:
    """The handler, with everything that goes wrong shown to the visitor in one line."""

    @functools.wraps(function)
    def handler(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise gr.Error(sentence(error), print_exception=False) from error

    @functools.wraps(function)
    def steps(*args: Any, **kwargs: Any) -> Iterator[Any]:
        try:
            yield from function(*args, **kwargs)
        except Exception as error:
            raise gr.Error(sentence(error), print_exception=False) from error

    return cast(Function, steps if inspect.isgeneratorfunction(function) else handler)


def sentence(error: Exception) -> str:
    """An exception as one line for visitors, without paths of this machine."""
    if isinstance(error, GoneError):
        return "nobody waits for this any more"
    if not isinstance(error, _KNOWN):
        logging.getLogger(__name__).warning("a request failed", exc_info=error)
        return f"this request cannot be understood ({type(error).__name__}); see the API's description"
    return _PATH.sub("a file of the server", describe(error))
