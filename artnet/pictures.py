"""Pictures at the edge of the library: reading, writing, resizing, and the way to tensors and back."""

from artnet.formats import READ_SUFFIXES, WRITE_FORMATS, format_of, unread_suffixes
from artnet.pixels import MAX_PIXELS, Picture, PictureError, check_pixels, fit_short_side, flatten, resize
from artnet.reading import picture_from_image, read_picture
from artnet.tensors import to_rgb, to_tensor
from artnet.writing import check_sides, write_picture

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
    "to_rgb",
    "to_tensor",
    "unread_suffixes",
    "write_picture",
]
