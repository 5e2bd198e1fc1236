"""Pictures of more than 64 megapixels, from file to file without holding them in memory (extra `huge`: libvips).

libvips decodes and encodes in strips; between them the pixels lie in scratch files (`artnet.scratch`) of six bytes for
every pixel of the picture. What is smaller goes through Pillow (`artnet.pictures`).
"""

import logging
import warnings
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from artnet.decoding import portable_exif
from artnet.files import atomic_write
from artnet.pictures import MAX_PIXELS, Picture, PictureError, check_sides, format_of
from artnet.scratch import scratch_array

if TYPE_CHECKING:
    import pyvips

HUGE_PIXELS = 64_000_000
STRIP = 256
"""Rows that are decoded at a time."""


def is_huge(path: str | Path) -> bool:
    """Whether a file's header says so; what cannot be opened is not. Without libvips, only what Pillow refuses is."""
    limit = HUGE_PIXELS if find_spec("pyvips") else MAX_PIXELS
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as image:
                return image.width * image.height > limit
        except Image.DecompressionBombError:
            return True
    return False


def read_huge(path: str | Path, folder: str | Path, *, short_side: int | None = None) -> Picture:
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
    vips = _vips(path)
    try:
        image = vips.Image.new_from_file(str(path), access="sequential", revalidate=True, fail_on="truncated")
        exif = _exif(image)
        image = image.autorot()
        if image.get_typeof("icc-profile-data"):
            image = image.icc_transform("srgb", embedded=True, intent="relative", black_point_compensation=True)
        image = image.colourspace("srgb")
        if image.hasalpha():
            image = image.flatten(background=255)
        if short_side:
            image = image.resize(short_side / min(image.width, image.height))
        image = image.cast("uchar")
        rgb = scratch_array((image.height, image.width, 3), folder)
        region = vips.Region.new(image)
        for top in range(0, image.height, STRIP):
            rows = min(STRIP, image.height - top)
            strip = np.frombuffer(region.fetch(0, top, image.width, rows), np.uint8)
            rgb[top : top + rows] = strip.reshape(rows, image.width, 3)
    except vips.Error as error:
        reason = " ".join(str(error).split())
        raise PictureError(f"{path} is damaged or cannot be read ({reason}); get a fresh copy") from None
    return Picture(rgb, exif=exif)


def write_huge(
    target: Path, rgb: np.ndarray, *, like: Picture, strip_metadata: bool = False, quality: int = 95
) -> None:
    """Write a picture in strips; the file appears whole or not at all. Arguments as of `artnet.pictures.write_picture`.

    Raises:
        PictureError: unknown suffix, or a side that is too long for the format.
        OSError: the file cannot be written.
    """
    vips, kind = _vips(target), format_of(target)
    height, width = rgb.shape[:2]
    check_sides(kind, rgb)
    image = vips.Image.new_from_memory(np.ascontiguousarray(rgb).data.cast("B"), width, height, 3, "uchar")
    image = image.copy(interpretation="srgb")
    exif = None if strip_metadata else like.exif
    if exif:
        image.set_type(vips.GValue.blob_type, "exif-data", exif)
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"Q": quality, "subsample_mode": "off"},
        "WEBP": {"Q": quality},
        "TIFF": {"bigtiff": height * width > 2**30, "compression": "deflate", "predictor": "horizontal"},
        "PNG": {},
    }
    savers = {"JPEG": image.jpegsave, "WEBP": image.webpsave, "TIFF": image.tiffsave, "PNG": image.pngsave}
    with atomic_write(target) as file:
        try:
            savers[kind](file.name, keep="exif" if exif else "none", **options[kind])
        except vips.Error as error:
            raise OSError(f"{target} cannot be written ({' '.join(str(error).split())})") from None


def _vips(path: str | Path) -> "Any":
    if not find_spec("pyvips"):
        raise PictureError(f"{path} is too large for memory: pip install 'artnet[huge]', or make it smaller first")
    import pyvips

    logging.getLogger("pyvips").setLevel(logging.ERROR)  # its warnings come as errors too, and then in one line
    return pyvips


def _exif(image: "pyvips.Image") -> bytes | None:
    """As in `artnet.pictures`; a broken block is no reason to lose the picture."""
    with suppress(Exception):
        exif = Image.Exif()
        exif.load(image.get("exif-data"))
        return portable_exif(exif)
    return None
