"""From any mode that Pillow decodes to 8 bits with alpha apart, and EXIF that may go into another file."""

from typing import Any

import numpy as np
from PIL import ExifTags, Image

# What a TIFF file says about how its own pixels are stored, which is wrong in any other file.
_TIFF_LAYOUT = {*range(254, 267), 273, *range(277, 282), 284, 317, *range(320, 326), 330, 338, 339, 347}
_TIFF_LAYOUT |= {*range(529, 533), 700, 33723, 34377, 34675}
_PIXEL_SIZE = (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)
_BITS_PER_SAMPLE, _PHOTOMETRIC, _WHITE_IS_ZERO = 258, 262, 0


def portable_exif(own: Image.Exif) -> bytes | None:
    """The EXIF block of a picture as it may be written beside upright and resized pixels, or None if there is none.

    Orientation becomes 1; the pixel size, and in a TIFF the layout of its pixels, are left out.

    Raises:
        Exception: of nearly any kind, where the block is broken.
    """
    exif = Image.Exif()
    exif.load(own.tobytes())  # a copy: the picture belongs to the caller
    for tag in _TIFF_LAYOUT.intersection(exif):
        del exif[tag]
    details = exif.get_ifd(ExifTags.IFD.Exif)
    for tag in _PIXEL_SIZE:
        details.pop(tag, None)
    if not exif:
        return None
    exif[ExifTags.Base.Orientation] = 1
    return exif.tobytes()


def is_deep(image: Image.Image) -> bool:
    """Whether the image is grey of more than 8 bits, which Pillow's own conversion would clip at 255."""
    return image.mode == "F" or image.mode.startswith("I")


def deep_grey_to_8bit(image: Image.Image, tags: Any) -> Image.Image:
    """Scale grey of 12, 16 or 32 bits, or of floating point, to mode L.

    Args:
        image: mode I;16 (or its variants), I or F.
        tags: the TIFF tags of the file that the image came from, empty for other formats.
    """
    values = np.asarray(image).astype(np.float32)
    values = np.where(np.isfinite(values), values, 0)
    low, high = _grey_range(image.mode, values, tags)
    scaled = np.clip((values - low) / (high - low), 0, 1)
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:  # Pillow inverts these for 8 bits only
        scaled = 1 - scaled
    return Image.fromarray(np.rint(scaled * 255).astype(np.uint8))


def split_alpha(image: Image.Image) -> tuple[Image.Image, np.ndarray]:
    """(the image without transparency, its alpha as (H, W) uint8), for an image with transparency of any kind."""
    if image.mode == "La":
        image = image.convert("LA")
    rgba = image.convert("RGBA")
    # Grey stays grey, so that a grey ICC profile still fits it.
    opaque = image.getchannel("L") if image.mode == "LA" else rgba.convert("RGB")
    return opaque, np.array(rgba.getchannel("A"))


def _grey_range(mode: str, values: np.ndarray, tags: Any) -> tuple[float, float]:
    """The values that stand for black and white: those of the usual depths where all values fit, else the extremes."""
    if mode.startswith("I;16"):
        return 0, 2 ** tags.get(_BITS_PER_SAMPLE, (16,))[0] - 1
    low, high = float(values.min()), float(values.max())
    for white in (1.0, 255.0, 65535.0) if mode == "F" else (65535.0,):
        if low >= 0 and high <= white:
            return 0, white
    return low, max(high, low + 1)
