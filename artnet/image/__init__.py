"""Images: reading, writing, resizing, and what of an image file travels into the next. Nothing here needs torch."""

from artnet.image.formats import READ_SUFFIXES, WRITE_FORMATS, format_of, unread_suffixes
from artnet.image.pixels import MAX_PIXELS, Picture, PictureError, check_pixels, fit_short_side, flatten, resize
from artnet.image.reading import picture_from_image, read_picture, square
from artnet.image.writing import check_sides, write_picture

__all__ = [
    "MAX_PIXELS",
    "READ_SUFFIXES",
    "WRITE_FORMATS",
    "Picture",
    "PictureError",
    "check_pixels",
    "check_sides",
    "fit_short_side",
    "flatten",
    "format_of",
    "picture_from_image",
    "read_picture",
    "resize",
    "square",
    "unread_suffixes",
    "write_picture",
]
