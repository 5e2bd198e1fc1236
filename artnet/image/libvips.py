"""Decoding with libvips (extra `huge`): pictures that are larger than memory, and TIFFs of depths that Pillow lacks.

What comes out is what Pillow's way (`artnet.image.reading`) would give: upright 8-bit sRGB, of the same brightness.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np

from artnet.image.bit_depth import value_range
from artnet.image.icc import BROKEN, fits
from artnet.image.pixels import PictureError

STRIP = 256
"""Rows that are decoded at a time."""
_LAB = ("lab", "labs", "lch", "xyz")
_FLOATS, _LARGEST = ("float", "double"), 3e38
_FIXED_WHITES = {"uchar": 255, "ushort": 65_535}
_PHOTOMETRIC, _EXTRA_SAMPLES, _WHITE_IS_ZERO, _ALPHA = 262, 338, 0, 2


def has_vips() -> bool:
    """Whether the extra `huge` is installed."""
    return bool(find_spec("pyvips"))


def load_vips() -> Any:
    """The module pyvips, which says nothing by itself."""
    import pyvips

    logging.getLogger("pyvips").setLevel(logging.ERROR)  # its warnings come as errors too, and then in one line
    return pyvips


@contextmanager
def vips_errors(name: str, meaning: str | None = None) -> Iterator[None]:
    """Errors of libvips as one line that names the picture, and says their meaning instead of the reason if given."""
    vips = load_vips()
    try:
        yield
    # Where libvips quotes a damaged file, its text may be no UTF-8.
    except (vips.Error, UnicodeDecodeError) as error:
        lines = str(getattr(error, "detail", "") or "it breaks off").strip().splitlines()
        reason = " ".join(lines[-1].removeprefix(f"{name}: ").split())  # of many, the last one sums up
        meaning = meaning or f"is damaged or cannot be read ({reason}); get a fresh copy"
        raise PictureError(f"{name} {meaning}") from None


def to_srgb(open_image: Callable[[], Any], tags: Mapping[int, Any]) -> tuple[Any, Any, tuple[str, ...]]:
    """(3 bands of uint8 sRGB, 1 band of uint8 alpha or None, warnings) for a picture of any kind.

    Args:
        open_image: the picture, to be read once from top to bottom; some kinds are read twice.
        tags: of a TIFF, else empty: what libvips does not tell.
    """
    image, alpha = _split(open_image().autorot(), tags)
    if image.interpretation in _LAB:
        return image.colourspace("srgb").cast("uchar"), alpha, ()
    if image.format != "uchar":
        inverted = image.format in _FLOATS and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO  # integers libvips inverts
        black, white = _range(lambda: _split(open_image(), tags)[0])
        image = _scaled(image, black, white)
        image = 255 - image if inverted else image
        alpha = None if alpha is None else _scaled(alpha, 0, white).rint().cast("uchar")
        image = image.rint().cast("uchar")
    kind = {1: "b-w", 3: "srgb", 4: "cmyk"}[image.bands]
    image, warnings = _in_srgb(image.copy(interpretation=kind))
    return image.cast("uchar"), alpha, warnings


def _split(image: Any, tags: Mapping[int, Any]) -> tuple[Any, Any]:
    """(colour bands, alpha band or None)."""
    if image.interpretation in _LAB:
        bands = 3
    elif image.interpretation == "cmyk":
        bands = 4
    else:
        bands = 1 if image.bands < 3 or image.interpretation in ("b-w", "grey16") else 3
    extra = tags.get(_EXTRA_SAMPLES, (_ALPHA,))
    unspecified = (extra if isinstance(extra, int) else extra[0]) == 0
    alpha = image[bands] if image.hasalpha() and image.bands > bands and not unspecified else None
    return image[0] if bands == 1 else image[:bands], alpha


def _range(open_image: Callable[[], Any]) -> tuple[float, float]:
    image = open_image()
    if image.format in _FIXED_WHITES:
        return 0, _FIXED_WHITES[image.format]
    if image.format not in (*_FLOATS, "short", "int", "uint", "char"):
        raise PictureError(f"holds values of the type {image.format}")
    (low, high, *_), *_ = _finite(image).stats().tolist()
    return value_range(low, high, "float" if image.format in _FLOATS else image.format)


def _finite(image: Any) -> Any:
    return (image.abs() < _LARGEST).ifthenelse(image, 0) if image.format in _FLOATS else image


def _scaled(image: Any, black: float, white: float) -> Any:
    scale = 255 / (white - black)
    return _finite(image).linear(scale, -black * scale)


def _in_srgb(image: Any) -> tuple[Any, tuple[str, ...]]:
    """(3 bands of sRGB, warnings) for 8-bit grey, RGB or CMYK, with or without an ICC profile."""
    warnings: tuple[str, ...] = ()
    if image.get_typeof("icc-profile-data"):
        icc, mode = image.get("icc-profile-data"), {1: "L", 3: "RGB", 4: "CMYK"}[image.bands]
        if mode == "L" and fits(icc, "RGB"):
            image, mode = image.bandjoin([image, image]).copy(interpretation="srgb"), "RGB"
        if fits(icc, mode):
            return image.icc_transform("srgb", embedded=True, intent="relative", black_point_compensation=True), ()
        warnings = (BROKEN,)
    if image.bands == 1:
        return image.bandjoin([image, image]), warnings
    if image.bands == 4:  # as Pillow does without a profile
        return ((255 - image[:3]) * (255 - image[3]) / 255).rint(), warnings
    return image, warnings


def strips(image: Any) -> Iterator[tuple[int, np.ndarray]]:
    """(top, (rows, W, bands) uint8) from top to bottom."""
    region = load_vips().Region.new(image)
    for top in range(0, image.height, STRIP):
        rows = min(STRIP, image.height - top)
        strip = np.frombuffer(region.fetch(0, top, image.width, rows), np.uint8)
        yield top, strip.reshape(rows, image.width, image.bands)
