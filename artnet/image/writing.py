"""Writing pictures, with the metadata of the picture that they were made from."""

import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from artnet.image.files import atomic_write
from artnet.image.formats import format_of
from artnet.image.icc import from_srgb
from artnet.image.metadata import with_resolution
from artnet.image.pixels import Picture, PictureError, flatten

_LONGEST_SIDE = {"JPEG": 65_500, "WEBP": 16_383}
_JPEG_EXIF_LIMIT, _JPEG_XMP_LIMIT = 65_533, 65_504  # bytes, of one JPEG segment
_TIFF_XMP = 700  # its tag
_PIXEL_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"subsampling": 0},  # colours at full resolution: halved, the edges of saturated brush strokes blur
    # What is painted repeats little: a fifth of the time, 2 % larger.
    "PNG": {"compress_level": 1, "compress_type": zlib.Z_RLE},
}


def write_picture(
    target: str | Path | BinaryIO,
    rgb: np.ndarray,
    *,
    like: Picture | None = None,
    strip_metadata: bool = False,
    quality: int = 95,
    format: str = "PNG",
) -> None:
    """Write a picture; a file appears whole or not at all, and an old one stays if writing fails.

    Args:
        target: a path, whose suffix (one of `WRITE_FORMATS`) sets the format, or a binary stream.
        rgb: (H, W, 3) uint8, sRGB.
        like: the picture this one was made from, of the same size: its alpha, EXIF, XMP, resolution and ICC
            profile are kept. JPEG has no alpha: there the picture is laid on white.
        strip_metadata: keep alpha, but no metadata and no ICC profile (the file is then plain sRGB).
        quality: 1..100, of JPEG and WebP.
        format: the format written to a stream; ignored for a path.

    Raises:
        PictureError: unknown suffix, sizes that differ, or a side that is too long for the format.
        OSError: the file cannot be written.
    """
    kind = format_of(target) if isinstance(target, (str, Path)) else format
    image, options = _prepare(rgb, like or Picture(rgb), kind, strip_metadata)
    encoded = BytesIO()  # first to memory: a pipe cannot seek back as TIFF must, and gets nothing if encoding fails
    image.save(encoded, kind, quality=quality, **options)  # formats without a quality pass it over
    if isinstance(target, (str, Path)):
        with atomic_write(target) as file:
            file.write(encoded.getbuffer())
    else:
        target.write(encoded.getbuffer())


def check_sides(kind: str, rgb: np.ndarray) -> None:
    """Raise PictureError where the format cannot hold so long a side."""
    longest = max(rgb.shape)
    if longest > _LONGEST_SIDE.get(kind, longest):
        raise PictureError(f"{kind} holds at most {_LONGEST_SIDE[kind]} pixels a side, not {longest}; use .png")


def _prepare(rgb: np.ndarray, like: Picture, kind: str, strip_metadata: bool) -> tuple[Image.Image, dict[str, Any]]:
    """(PIL image, options of its save method) for writing `rgb` with the alpha and the metadata of `like`."""
    if rgb.shape != like.rgb.shape:
        raise PictureError(f"the pixels have shape {rgb.shape}, but the picture they belong to {like.rgb.shape}")
    check_sides(kind, rgb)
    options = dict(_PIXEL_OPTIONS.get(kind, {}))
    image = Image.fromarray(flatten(replace(like, rgb=rgb)) if kind == "JPEG" else rgb)
    if not strip_metadata:
        if like.icc_profile:
            image, options["icc_profile"] = from_srgb(image, like.icc_profile), like.icc_profile
        options |= _metadata_options(like, kind)
    if like.alpha is not None and kind != "JPEG":
        image.putalpha(Image.fromarray(like.alpha))
    return image, options


def _metadata_options(like: Picture, kind: str) -> dict[str, Any]:
    """Options of Pillow's save method for EXIF, XMP and resolution; what the format cannot hold is left out."""
    options: dict[str, Any] = {"dpi": like.dpi} if like.dpi and kind != "WEBP" else {}
    exif = with_resolution(like.exif, like.dpi) if like.exif or kind == "WEBP" else None
    if exif and not (kind == "JPEG" and len(exif) > _JPEG_EXIF_LIMIT):
        options["exif"] = exif
    if not like.xmp or (kind == "JPEG" and len(like.xmp) > _JPEG_XMP_LIMIT):
        return options
    if kind == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", like.xmp.decode())
    elif kind == "TIFF":
        tags = Image.Exif()
        tags.load(exif or b"")
        tags[_TIFF_XMP] = like.xmp
        options["exif"] = tags
    else:
        options["xmp"] = like.xmp
    return options
