"""Files that cannot hold what their header promises, and JPEGs that lack their end."""

import numpy as np

from artnet.image.pixels import PictureError

_GREY, _TOLERANCE = 128, 2
"""Level of what a JPEG's decoder makes up for missing rows."""
_MOST_MISSING = 0.1
"""Share of the rows that may be missing where a picture is still painted."""
_EXPANSION: dict[int | str | None, float] = {"PNG": 1100, 1: 1.1, 5: 2800, 8: 1100, 32_773: 70, 32_946: 1100}
"""PNG, or compression tag of a TIFF (none, LZW, deflate, PackBits) -> bytes of pixels that a byte of the file may stand
for at most, generously."""

MISSING_END = "end marker missing, the rest may be grey; get a fresh copy if you can"


def check_promise(name: str, width: int, height: int, size: int, compression: int | str | None) -> None:
    """Refuse a header that promises more pixels than its file can hold: decoding would ask for memory in vain.

    Args:
        size: of the file, in bytes.
        compression: a TIFF's tag, or "PNG"; others pass.

    Raises:
        PictureError: so many pixels, be they of one bit each, cannot come out of so few bytes.
    """
    expansion = _EXPANSION.get(compression)
    if expansion and width * height > 8 * expansion * size:
        promise = f"its {size:,} bytes cannot hold the {width} x {height} pixels of its header"
        raise PictureError(f"{name} is damaged or cannot be read ({promise}); get a fresh copy")


def with_end(content: bytes) -> bytes | None:
    """The bytes of a JPEG with a further end marker, or None where this is no JPEG."""
    return content + b"\xff\xd9" if content.startswith(b"\xff\xd8\xff") else None


def check_rows(name: str, pixels: np.ndarray, orientation: int = 1) -> None:
    """Refuse a picture of a JPEG without end where too many of its rows are missing.

    Args:
        pixels: (H, W) or (H, W, C) uint8.
        orientation: EXIF's, of the file, where the picture has been turned upright; missing rows may be columns then.

    Raises:
        PictureError: more than a tenth of the rows.
    """
    if orientation > 4:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 6, 7):
        pixels = pixels[::-1]
    count, missing = len(pixels), 0
    while missing < count and (np.abs(pixels[count - 1 - missing].astype(np.int16) - _GREY) <= _TOLERANCE).all():
        missing += 1
    if missing > _MOST_MISSING * count:
        raise PictureError(f"{name} is damaged (the last {missing} of its {count} rows are missing); get a fresh copy")
