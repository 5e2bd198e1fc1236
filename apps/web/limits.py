"""What the page accepts from visitors, and how it tells them of what it does not."""

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import gradio as gr
from PIL import Image

from apps.cli import describe
from artnet.pictures import Picture, read_picture

MAX_UPLOAD = "200mb"
MAX_PHOTO_PIXELS = 16_000_000
MAX_VIDEO_SECONDS = 600
MAX_STYLES = 4
Function = TypeVar("Function", bound=Callable)
# RuntimeError too: that is how torch reports that memory ran out.
_ERRORS = (ValueError, OSError, MemoryError, RuntimeError)


def picture_input(**options: Any) -> gr.Image:
    """An input that hands on the path of the visitor's file, whatever it holds: `read_upload` judges it.

    Gradio itself would fail without a message on files that it cannot read. (Not a subclass: for those, Gradio writes
    a stub file beside the module.)
    """
    image = gr.Image(type="filepath", image_mode=None, **options)
    image.preprocess = lambda payload: None if payload is None else payload.path
    return image


def read_upload(path: str | None, what: str = "photo") -> Picture:
    """Read an uploaded picture.

    Raises:
        ValueError: none was given, it has too many pixels (known before it is decoded), or it cannot be read.
    """
    if path is None:
        raise ValueError(f"no {what} yet: add one first")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                width, height = image.size
    except Exception:  # read_picture knows best what is wrong
        width = height = 0
    if width * height > MAX_PHOTO_PIXELS:
        limit = f"{MAX_PHOTO_PIXELS / 1e6:.0f} megapixels"
        raise ValueError(f"this {what} has {width} x {height} pixels; the page takes up to {limit}: make it smaller")
    try:
        return read_picture(path)
    except ValueError as error:  # the visitor did not choose the path
        raise ValueError(str(error).replace(path, f"this {what}")) from error


def told(function: Function) -> Function:
    """The handler, with errors that a visitor can do something about shown to them in one line."""

    def fail(error: BaseException) -> None:
        raise gr.Error(describe(error), print_exception=False) from error

    @functools.wraps(function)
    def handler(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except _ERRORS as error:
            fail(error)

    @functools.wraps(function)
    def steps(*args, **kwargs):
        try:
            yield from function(*args, **kwargs)
        except _ERRORS as error:
            fail(error)

    return steps if inspect.isgeneratorfunction(function) else handler
