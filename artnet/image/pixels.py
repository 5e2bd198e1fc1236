"""A decoded picture in memory: its limits, its size, and what of it can be seen."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from artnet.image.strips import in_strips

MAX_PIXELS = 178_956_970
"""The largest picture that is read or made, in pixels: the size beyond which Pillow suspects a decompression bomb."""


class PictureError(ValueError):
    """A picture that cannot be read, made or written; the message is one line that names it and says what to do."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture, upright and in sRGB, with what its file said about it.

    Attributes:
        rgb: (H, W, 3) uint8, sRGB.
        alpha: (H, W) uint8, 0 = transparent, or None for a picture without transparency.
        exif: EXIF block of what may go into another file (see `artnet.image.metadata`), or None.
        icc_profile: the RGB profile that the file was in, or None; `write_picture` goes back into it.
        xmp: XMP packet of what may go into another file, or None.
        dpi: (horizontal, vertical) pixels per inch, or None where the file says nothing.
        warnings: what people should know though the picture was read, one line each: "end marker missing, ...".
    """

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    exif: bytes | None = None
    icc_profile: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()


def check_pixels(name: str, width: int, height: int) -> None:
    """Raise PictureError where a picture of that size is empty, or larger than `MAX_PIXELS`."""
    if width < 1 or height < 1:
        raise PictureError(f"{name} has no pixels ({width} x {height}); get a fresh copy")
    if width * height > MAX_PIXELS:
        limit = f"more than {MAX_PIXELS:,} pixels, the limit"
        raise PictureError(f"{name} has {width} x {height} pixels, {limit}; make it smaller first")


def fit_short_side(picture: Picture, pixels: int) -> Picture:
    """Scale a picture, alpha included, up or down until its shorter side has that many pixels; the shape stays.

    Raises:
        PictureError: `pixels` is below 1, or the result would have more than `MAX_PIXELS`.
    """
    height, width = picture.rgb.shape[:2]
    if pixels < 1:
        raise PictureError(f"the short side must have at least 1 pixel, not {pixels}")
    scale = pixels / min(height, width)
    height, width = round(height * scale), round(width * scale)
    check_pixels("the resized picture", width, height)
    # Colour and alpha apart: resizing RGBA, Pillow would turn black what is transparent, and the network would see it.
    alpha = None if picture.alpha is None else resize(picture.alpha, height, width)
    return replace(picture, rgb=resize(picture.rgb, height, width), alpha=alpha)


def resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resample (H, W) or (H, W, 3) uint8 to the given size in pixels (Lanczos)."""
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def flatten(picture: Picture) -> np.ndarray:
    """The (H, W, 3) uint8 colours of a picture laid on white, which is how a transparent one looks on paper."""
    if picture.alpha is None:
        return picture.rgb

    def on_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        opaque = alpha[..., None].astype(np.float32) / 255
        return rgb * opaque + 255 * (1 - opaque)

    return in_strips(on_white, picture.rgb, picture.alpha)
