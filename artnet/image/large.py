"""Pictures of more than 64 megapixels, from file to file without holding them in memory (extra `huge`: libvips).

libvips decodes and encodes in strips; between them the pixels lie in files (`artnet.image.memmap`) of six bytes for
every pixel. What is smaller goes through Pillow (`artnet.image`).
"""

import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from artnet.image.code_points import CodePoints, code_points, to_sdr
from artnet.image.files import atomic_write
from artnet.image.formats import format_of
from artnet.image.libvips import has_vips, load_vips, strips, to_srgb, vips_errors
from artnet.image.memmap import scratch_array
from artnet.image.metadata import metadata, orientation_of, with_resolution
from artnet.image.pixels import MAX_PIXELS, Picture, PictureError
from artnet.image.tiff import RAW, is_sensor, tiff_tags
from artnet.image.truncation import MISSING_END, check_promise, check_rows
from artnet.image.writing import check_sides

HUGE_PIXELS = 64_000_000
_COMPRESSION, _XMP = 259, 700  # tags of a TIFF
_MM = 25.4  # of an inch


def is_large(path: str | Path) -> bool:
    """Whether a file's header says so; what cannot be opened is not. Without libvips, only what Pillow refuses is."""
    pixels = 0
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as image:
                pixels = image.width * image.height
        except Image.DecompressionBombError:
            pixels = MAX_PIXELS + 1
        except UnidentifiedImageError:  # a TIFF of a depth that only libvips knows
            return has_vips() and _vips_pixels(path) > HUGE_PIXELS
    if not has_vips() or pixels <= HUGE_PIXELS:
        return pixels > MAX_PIXELS
    return pixels > MAX_PIXELS or _vips_pixels(path) > 0


def read_large(path: str | Path, folder: str | Path, *, short_side: int | None = None) -> Picture:
    """Read a picture into a scratch file; it is turned upright, in sRGB, and on white where it is transparent.

    Args:
        path: whatever libvips reads.
        folder: where the scratch file goes.
        short_side: in pixels; scales the picture while it is read.

    Returns:
        `rgb` is a scratch array. The ICC profile is left behind: the result is plain sRGB.

    Raises:
        PictureError: libvips is not installed, or the file is damaged.
        OSError: the folder has too little room.
    """
    name = str(path)
    if not has_vips():
        raise PictureError(f"{name} is too large for memory: pip install 'artnet[huge]', or make it smaller first")
    with vips_errors(name):
        tags, about, orientation = _about(name)
        with open(path, "rb") as file:
            points = code_points(file)
        try:
            colors, notes = _decoded(lambda: _open(name, "truncated"), tags, short_side)
            rgb = _stored(colors, points, folder)
        except load_vips().Error:
            if _open(name, "none").get("vips-loader") != "jpegload_source":
                raise
            colors, notes = _decoded(lambda: _open(name, "none"), tags, short_side)
            rgb = _stored(colors, points, folder)
            check_rows(name, rgb, orientation)
            notes = (*notes, MISSING_END)
    return Picture(rgb, warnings=notes, **about)


def write_large(
    target: Path | BinaryIO,
    rgb: np.ndarray,
    *,
    like: Picture,
    strip_metadata: bool = False,
    quality: int = 95,
    format: str = "PNG",
) -> None:
    """Write a picture in strips; a file appears whole or not at all. Arguments as of `artnet.image.write_picture`.

    Args:
        target: a path, or an open file with a descriptor.

    Raises:
        PictureError: unknown suffix, or a side that is too long for the format.
        OSError: the file cannot be written.
    """
    kind = format_of(target) if isinstance(target, Path) else format
    check_sides(kind, rgb)
    if not isinstance(target, Path):
        _encode(target, rgb, like, kind, strip_metadata, quality)
        return
    with atomic_write(target) as file:
        try:
            _encode(file, rgb, like, kind, strip_metadata, quality)
        except OSError as error:
            raise OSError(str(error).replace(file.name, str(target))) from error


def _encode(file: BinaryIO, rgb: np.ndarray, like: Picture, kind: str, strip_metadata: bool, quality: int) -> None:
    height, width = rgb.shape[:2]
    vips = load_vips()
    image = vips.Image.new_from_memory(np.ascontiguousarray(rgb).data.cast("B"), width, height, 3, "uchar")
    image = image.copy(interpretation="srgb")
    if not strip_metadata:
        image = _with_metadata(image, like)
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"Q": quality, "subsample_mode": "off"},
        "WEBP": {"Q": quality},
        "TIFF": {"bigtiff": height * width > 2**30, "compression": "deflate", "predictor": "horizontal"},
        "PNG": {},
    }
    try:
        keep = "none" if strip_metadata else "exif|xmp"
        out = vips.Target.new_to_descriptor(file.fileno())
        image.write_to_target(out, f".{kind.lower()}", keep=keep, **options[kind])
    except vips.Error as error:
        raise OSError(f"{file.name} cannot be written ({' '.join(str(error).split())})") from None


def _open(path: str | Path, fail_on: str) -> Any:
    # By descriptor: libvips takes names only in UTF-8, and brackets in them for options.
    with open(path, "rb") as file:
        source = load_vips().Source.new_from_descriptor(file.fileno())
    return load_vips().Image.new_from_source(source, "", access="sequential", fail_on=fail_on)


def _vips_pixels(path: str | Path) -> int:
    """Of a picture that libvips can open, else 0."""
    with suppress(load_vips().Error, UnicodeDecodeError):
        image = _open(path, "truncated")
        return image.width * image.height
    return 0


def _about(name: str) -> tuple[Image.Exif, dict[str, Any], int]:
    """(tags of a TIFF, metadata as fields of a `Picture`, orientation); PictureError for what need not be decoded."""
    image, path = _open(name, "none"), Path(name)
    with open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata
        tags = tiff_tags(file)
        if is_sensor(tags):
            raise PictureError(f"{name} is {RAW}")
        kind = tags.get(_COMPRESSION, image.get("vips-loader").removesuffix("load_source").upper())
        check_promise(name, image.width, image.height, path.stat().st_size, kind)
        exif, xmp = tags, tags.get(_XMP)
        if not tags:
            exif, xmp = Image.Exif(), _field(image, "xmp-data")
            with suppress(Exception):
                exif.load(_field(image, "exif-data") or b"")
        # libvips says 1 a millimetre of a picture that says nothing.
        dpi = None if image.xres == image.yres == 1 else (image.xres * _MM, image.yres * _MM)
        return tags, metadata(exif, xmp, dpi), orientation_of(exif)


def _field(image: Any, name: str) -> Any:
    return image.get(name) if image.get_typeof(name) else None


def _decoded(open_image: Callable[[], Any], tags: Image.Exif, short_side: int | None) -> tuple[Any, tuple[str, ...]]:
    """(3 bands of uint8 on white, warnings)."""
    image, alpha, notes = to_srgb(open_image, tags)
    if alpha is not None:
        image = image.bandjoin(alpha).flatten(background=255)
    if short_side:
        image = image.resize(short_side / min(image.width, image.height))
    return image.cast("uchar"), notes


def _stored(image: Any, points: CodePoints | None, folder: str | Path) -> np.ndarray:
    """The image as an (H, W, 3) scratch array in sRGB."""
    rgb = scratch_array((image.height, image.width, 3), folder)
    for top, strip in strips(image):
        rgb[top : top + len(strip)] = to_sdr(strip, points) if points else strip
    return rgb


def _with_metadata(image: Any, like: Picture) -> Any:
    """The image with EXIF, XMP and resolution; in a TIFF, libvips writes no EXIF."""
    image = image.copy(xres=like.dpi[0] / _MM, yres=like.dpi[1] / _MM) if like.dpi else image.copy()
    blob = load_vips().GValue.blob_type
    for name, content in (("exif-data", with_resolution(like.exif, like.dpi)), ("xmp-data", like.xmp)):
        if content:
            image.set_type(blob, name, content)
    return image
