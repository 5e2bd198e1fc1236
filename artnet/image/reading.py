"""Reading pictures of any format, mode and depth."""

import logging
import os
import warnings
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from artnet.image.bit_depth import deep_grey_to_8bit, is_deep, split_alpha, turned
from artnet.image.code_points import code_points, to_sdr
from artnet.image.formats import READ_FORMATS, READABLE, is_heic, known_unread
from artnet.image.icc import to_srgb
from artnet.image.metadata import metadata_of, orientation_of
from artnet.image.pixels import MAX_PIXELS, Picture, PictureError, check_pixels, flatten
from artnet.image.tiff import is_tiff, read_tiff, refuse_preview
from artnet.image.truncation import (
    GREY_END,
    MISSING_END,
    check_png,
    check_promise,
    check_rows,
    grey_rows,
    png_bits,
    with_end,
)

logging.getLogger("PIL.TiffImagePlugin").setLevel(logging.CRITICAL)  # its errors are raised as well
_HEAD = 1024  # bytes, enough to tell any format
_BITS_PER_SAMPLE, _COMPRESSION = 258, 259  # tags of a TIFF
_FRAMES = "first of {} frames; `artnet video` paints all of them"
_SEVERAL = {"TIFF": "first of {} pages", "HEIF": "first of {} pictures"}
"""Formats whose files may hold several pictures that are no animation -> what is said of it."""


def read_picture(source: str | Path | BinaryIO, *, name: str | None = None) -> Picture:
    """Read BMP, GIF, JPEG, PNG, PPM, TIFF, WebP, AVIF or HEIC, of any mode and depth; of several pictures, the first.

    AVIF needs a Pillow that was built with it, HEIC the extra `heic`.

    Args:
        source: a path, or a binary stream, which is read to its end.
        name: what messages call it; the path, or the stream's own name, where not given.

    Raises:
        PictureError: missing, empty, truncated, not a picture, or more than `MAX_PIXELS` (known from the header,
            before anything is decoded).
    """
    name, file = _open_source(source, name)
    try:
        with file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, or sizes that check_pixels judges
            return _read(name, file)
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise PictureError(f"{name} has more than {MAX_PIXELS:,} pixels, the limit; make it smaller first") from None
    except UnidentifiedImageError:
        hint = f"({READABLE}); convert it to one of these"
        raise PictureError(f"{name} is not a picture that can be read {hint}") from None
    except MemoryError:
        raise PictureError(f"{name} does not fit into memory; make it smaller first") from None
    except Exception as error:  # on damaged files decoders fail with nearly any exception
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{name} is damaged ({reason}); get a fresh copy") from error


def square(path: str | Path, size: int) -> np.ndarray:
    """A picture's centre as a (size, size, 3) uint8 square. Raises PictureError as `read_picture`."""
    image = Image.fromarray(flatten(read_picture(path)))
    return np.asarray(ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS))


def picture_from_image(image: Image.Image) -> Picture:
    """Take a PIL image of any mode: turned upright as its EXIF says, in sRGB, with alpha apart. The image stays."""
    upright, alpha = image, None
    with suppress(Exception):  # broken EXIF is common, and never a reason to lose the picture
        upright = turned(image, orientation_of(image.getexif()))
    if is_deep(upright):
        upright = deep_grey_to_8bit(upright, getattr(image, "tag_v2", {}))
    elif upright.has_transparency_data:
        upright, alpha = split_alpha(upright)
    rgb, icc, warning = to_srgb(upright, image.info.get("icc_profile"))
    notes = (*_several(image), *([warning] if warning else []))
    return Picture(np.array(rgb), alpha, icc_profile=icc, warnings=notes, **metadata_of(image))


def _read(name: str, file: BinaryIO) -> Picture:
    """A picture from a seekable file. Raises whatever decoders raise."""
    formats, size = formats_of(name, file), file.seek(0, os.SEEK_END)
    file.seek(0)
    points = code_points(file)
    try:
        with Image.open(file, formats=formats) as image:
            check_pixels(name, *image.size)
            check_promise(name, *image.size, size, *_packing(image, file))
            refuse_preview(name, image)
            image.load()
            notes = _check_end(name, image, file)
            if points:
                image.info.pop("icc_profile", None)  # which code points stand above
            picture = picture_from_image(image)
            rgb = to_sdr(picture.rgb, points) if points else picture.rgb
            return replace(picture, rgb=rgb, warnings=(*picture.warnings, *notes))
    except UnidentifiedImageError:
        file.seek(0)
        if is_tiff(file):
            return read_tiff(name, file)
        raise
    except OSError:
        file.seek(0)
        if content := with_end(file.read()):
            return _read_without_end(name, content)
        raise


def _packing(image: Image.Image, file: BinaryIO) -> tuple[int | str | None, int]:
    """(compression, bits of a pixel), for `check_promise`."""
    if image.format == "PNG":
        return "PNG", png_bits(file)
    tags = getattr(image, "tag_v2", {})
    return tags.get(_COMPRESSION, image.format), sum(tags.get(_BITS_PER_SAMPLE, (1,)))


def _check_end(name: str, image: Image.Image, file: BinaryIO) -> tuple[str, ...]:
    """Refuse, or say in a line, that a decoded picture breaks off, where its decoder said nothing."""
    if image.format == "PNG":
        check_png(name, file, np.asarray(image.crop((0, max(0, image.height - 2), *image.size))))
    elif image.format in ("JPEG", "MPO"):
        last = np.asarray(image.crop((0, image.height - 1, *image.size)))  # of most the only one that need be looked at
        if grey_rows(last) and (rows := grey_rows(np.asarray(image))):
            return (GREY_END.format(rows, image.height),)
    return ()


def _read_without_end(name: str, content: bytes) -> Picture:
    with Image.open(BytesIO(content), formats=("JPEG",)) as image:
        image.load()
        check_rows(name, np.asarray(image))
        picture = picture_from_image(image)
    return replace(picture, warnings=(*picture.warnings, MISSING_END))


def _several(image: Image.Image) -> tuple[str, ...]:
    """One line where the file holds more pictures than the one that is read."""
    count = 1
    if image.format != "MPO":  # a phone's: the others are previews, or the other eye's
        with suppress(Exception):
            count = getattr(image, "n_frames", 1)
    return (_SEVERAL.get(image.format or "", _FRAMES).format(count),) if count > 1 else ()


def formats_of(name: str, file: BinaryIO) -> tuple[str, ...]:
    """The formats that Pillow may try; PictureError for a file of a kind that is known but cannot be read."""
    head = file.read(_HEAD)
    file.seek(0)
    if what := known_unread(head):
        raise PictureError(f"{name} is {what}")
    if is_heic(head):
        import pillow_heif

        pillow_heif.register_heif_opener()
        return ("HEIF",)
    return READ_FORMATS


def _open_source(source: str | Path | BinaryIO, name: str | None) -> tuple[str, BinaryIO]:
    """(name for messages, seekable file); PictureError for what cannot be opened or holds nothing."""
    if not isinstance(source, (str, Path)):
        name, content = name or str(getattr(source, "name", "the stream")), source.read()
        if not content:
            raise PictureError(f"{name} is empty; give a picture")
        return name, BytesIO(content)
    name = name or str(source)
    if os.path.isdir(source):
        raise PictureError(f"{name} is a folder; give a picture file")
    try:
        file = open(source, "rb")  # noqa: SIM115 - the caller closes it
    except FileNotFoundError:
        raise PictureError(f"{name} does not exist; check the name") from None
    except OSError as error:
        raise PictureError(f"{name} cannot be opened ({error.strerror}); check its permissions") from error
    if os.fstat(file.fileno()).st_size == 0:
        file.close()
        raise PictureError(f"{name} is empty; get a fresh copy")
    return name, file
