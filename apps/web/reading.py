"""What confined processes do with uploads: read pictures, make them small, take videos apart and put them together."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from apps.video.convert import Clip, PaintFrame, VideoReader, convert
from artnet.engines.base import Statistics, padded_shape
from artnet.image import Picture, fit_short_side, flatten, picture_from_image, read_picture, resize
from artnet.stylizer import Memory

MAX_PHOTO_PIXELS = 52_000_000
MAX_SIDE = 16_384
MAX_STYLE_SHAPE = 3
"""Times that a style is longer than wide at most; longer ones are squeezed, as every style is squeezed somewhere."""
_STRIDE = 16  # whatever the network's is


def photo(path: str) -> Picture:
    """A photo, whole. ValueError where it is too large (known before it is decoded) or cannot be read."""
    _check_size(path, "{what}")
    try:
        return read_picture(path)
    except ValueError as error:  # the visitor did not choose the path
        raise ValueError(str(error).replace(path, "this {what}")) from error


def small(path: str, side: int) -> tuple[Picture, tuple[int, int]]:
    """A photo, its longer side at most `side` pixels, and its whole (height, width). Raises as `photo`."""
    _check_size(path, "{what}")
    picture, factor = _drafted(path, side) or (photo(path), 1)
    height, width = (round(length * factor) for length in picture.rgb.shape[:2])
    longer = max(picture.rgb.shape[:2])
    if longer > side:
        picture = fit_short_side(picture, max(1, round(min(picture.rgb.shape[:2]) * side / longer)))
    return picture, (height, width)


def _drafted(path: str, side: int) -> tuple[Picture, float] | None:
    """A JPEG decoded at the scale that is just large enough, and how much larger it is; None for all else.

    That takes a fifth of the time of a photo of 24 megapixels.
    """
    try:
        with Image.open(path, formats=("JPEG", "MPO")) as image:
            whole = max(image.size)
            width, height = (math.ceil(length * min(1, side / whole)) for length in image.size)
            image.draft(None, (width, height))
            return picture_from_image(image), whole / max(image.size)
    except Exception:  # the whole way knows how to read it, or what to say
        return None


def thumbnail(path: str, side: int) -> Image.Image:
    """A picture in colours, its longer side at most so many pixels. Raises as `photo`."""
    image = Image.fromarray(flatten(photo(path)))
    image.thumbnail((side, side))
    return image


def style(path: str, size: int) -> np.ndarray:
    """(H, W, 3) uint8: a style whose shorter side has at most `size` pixels. Raises as `photo`."""
    picture = photo(path)
    height, width = picture.rgb.shape[:2]
    short = min(height, width, size)
    if max(height, width) > MAX_STYLE_SHAPE * min(height, width):
        shape = (short, MAX_STYLE_SHAPE * short) if height < width else (MAX_STYLE_SHAPE * short, short)
        return resize(flatten(picture), *shape)
    return flatten(picture if short < size else fit_short_side(picture, size))


def mask(paths: list[str], height: int, width: int) -> np.ndarray | None:
    """(H, W) uint8 of the photo's size: 255 where a layer was painted on; None where none was."""
    layers = []
    for path in paths:
        _check_size(path, "{what}")
        with Image.open(path) as image:
            layers.append(np.array(image.convert("RGBA"))[..., 3])
    if not layers or not any(layer.any() for layer in layers):
        return None
    return resize(np.maximum.reduce(layers), height, width)


def _check_size(path: str, what: str) -> None:
    Image.MAX_IMAGE_PIXELS = None  # of this process only, whose own limit says more
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                width, height = image.size
    except Exception:  # read_picture knows best what is wrong
        return
    rows, columns = padded_shape(height, width, _STRIDE)  # what is really painted
    if rows * columns > MAX_PHOTO_PIXELS or max(height, width) > MAX_SIDE:
        limit = f"{MAX_PHOTO_PIXELS / 1e6:.0f} megapixels and {MAX_SIDE:,} pixels a side"
        raise ValueError(f"this {what} has {width} x {height} pixels; the page takes up to {limit}: make it smaller")


@dataclass(frozen=True)
class VideoLimits:
    """What a video may have: pixels of a frame, frames, seconds; and the shorter side it is painted at, at most."""

    pixels: int = 4096 * 2304
    frames: int = 36_000
    seconds: float = 600
    side: int = 1080


def video(
    connection: Connection,
    source: str,
    target: str,
    clip: Clip,
    limits: VideoLimits,
    part: tuple[float, float | None] = (0.0, None),
) -> None:
    """Convert a video, or a part of it in seconds; its frames are painted by the other end.

    Sends ("paint", (frame, memory)), which wants (painted frame, statistics) as an answer, and ("progress", (seconds
    done, seconds in all)).

    Raises:
        ValueError: it cannot be read, or goes over the limits.
    """
    one_at_a_time = Lock()

    def tell(what: str, about: object) -> None:
        with one_at_a_time:  # frames and progress come from two threads
            connection.send(("value", (what, about)))

    def progress(done: float, whole: float | None) -> None:
        if done > limits.seconds:
            raise ValueError(f"this video is longer than {limits.seconds:.0f} s, which is what the page takes: cut it")
        tell("progress", (done, max(done, whole or 0.0)))

    try:
        with VideoReader(source, *part) as reader:
            clip = replace(clip, size=side_of(reader, clip, limits))
            convert(reader, target, _Remote(tell, connection.recv, limits), clip, progress)
    except ValueError as error:
        raise ValueError(str(error).replace(source, "this video").replace(target, "the result")) from error


def side_of(reader: VideoReader, clip: Clip, limits: VideoLimits) -> int:
    """The shorter side to paint at. ValueError where the file's own words go over the limits."""
    width, height = reader.size
    if width * height > limits.pixels:
        raise ValueError(f"{reader.path} has frames of {width} x {height}; the page takes up to 4096 x 2304: scale it")
    seconds = reader.seconds or 0.0
    if seconds > limits.seconds:
        most = f"the page takes up to {limits.seconds:.0f}: cut it first"
        raise ValueError(f"{reader.path} lasts {seconds:.0f} s; {most}")
    if max(width, height) > 16 * min(width, height):
        raise ValueError(f"{reader.path} has frames of {width} x {height}, too flat for the page; crop it")
    rate = reader.video.average_rate or reader.rate
    if seconds * rate > limits.frames:
        many = f"{float(rate):.0f} frames a second"
        raise ValueError(f"{reader.path} has {many}, more than {limits.frames:,} in all: lower the rate, or cut it")
    return min(clip.size or min(width, height), limits.side)


class _Remote:
    """Has each frame painted by the other end, which is told to and answers."""

    def __init__(self, tell: Callable[[str, object], None], answer: Callable[[], Any], limits: VideoLimits):
        self.tell, self.answer, self.limits, self.frames = tell, answer, limits, 0

    def __call__(self, rgb: np.ndarray, memory: Memory | None) -> np.ndarray:
        self.frames += 1
        if self.frames > self.limits.frames:
            raise ValueError(f"this video has more than {self.limits.frames:,} frames, which is what the page takes")
        if rgb.shape[0] * rgb.shape[1] > 2 * self.limits.side**2 * 16 / 9:
            raise ValueError(f"this video has frames of {rgb.shape[1]} x {rgb.shape[0]} midway; scale it first")
        self.tell("paint", (rgb, memory))
        painted, statistics = self.answer()
        if memory:
            memory.statistics = statistics
        return painted


def answers(paint: PaintFrame, rgb: np.ndarray, memory: Memory | None) -> tuple[np.ndarray, Statistics | None]:
    """What the other end of `video` sends back for a frame."""
    painted = paint(rgb, memory)
    return painted, memory.statistics if memory else None
