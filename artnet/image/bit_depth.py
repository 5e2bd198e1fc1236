"""From any mode that Pillow decodes to 8 bits, upright, with alpha apart."""

from typing import Any

import numpy as np
from PIL import Image

_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
_WHITE_IS_ZERO, _SIGNED = 0, 2
_WHITES = {
    "float": (1.0, 255.0, 65_535.0), "char": (127.0,), "short": (32_767.0,), "ushort": (65_535.0,),
    "int": (65_535.0, 2.0**31 - 1), "uint": (65_535.0, 2.0**32 - 1),
}  # fmt: skip
"""Type of the values, as libvips calls it -> what may stand for white; 32-bit files often hold 16-bit pictures."""
_OVERSHOOT = 0.1
"""Share of the range that floats may lie outside, as sharpened edges and highlights do, and are then clipped."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """The image upright, of EXIF's orientation 1..8."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def is_deep(image: Image.Image) -> bool:
    """Whether the image is grey of more than 8 bits, which Pillow's own conversion would clip at 255."""
    return image.mode == "F" or image.mode.startswith("I")


def deep_grey_to_8bit(image: Image.Image, tags: Any) -> Image.Image:
    """Scale grey of 12, 16 or 32 bits, or of floating point, to mode L.

    Args:
        image: mode I;16 (or its variants), I or F.
        tags: the TIFF tags of the file that the image came from, empty for other formats.
    """
    values, kind = np.asarray(image), _type_of(image, tags)
    if kind == "uint":
        values = values.view(np.uint32)  # Pillow holds them as if they had a sign
    values = values.astype(np.float32)
    values = np.where(np.isfinite(values), values, 0)
    if kind == "ushort":
        black, white = 0.0, 2.0 ** tags.get(_BITS_PER_SAMPLE, (16,))[0] - 1
    else:
        black, white = value_range(float(values.min()), float(values.max()), kind)
    scaled = np.clip((values - black) / (white - black), 0, 1)
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:  # Pillow inverts these for 8 bits only
        scaled = 1 - scaled
    return Image.fromarray(np.rint(scaled * 255).astype(np.uint8))


def value_range(low: float, high: float, kind: str) -> tuple[float, float]:
    """The values that stand for black and white in a picture whose values go from `low` to `high`.

    They are those of the usual ranges (0..1 of floats, 0..255, 0..65535, ...) where one is filled and hardly exceeded,
    else the extremes: a picture is then as bright as it can be.

    Args:
        kind: type of the values, a key of `_WHITES`.
    """
    outside, whites = _OVERSHOOT if kind == "float" else 0.0, _WHITES[kind]
    for white in whites:
        least = 0.0 if white == whites[0] else _OVERSHOOT * white
        if low >= -outside * white and least <= high <= white * (1 + outside):
            return 0.0, white
    return low, high if high > low else low + 1


def _type_of(image: Image.Image, tags: Any) -> str:
    """The type of the values of a deep grey image, a key of `_WHITES`."""
    if image.mode == "F":
        return "float"
    if image.mode.startswith("I;16"):
        return "ushort"
    signed = tags.get(_SAMPLE_FORMAT, (_SIGNED if not tags else 1,))[0] == _SIGNED
    if tags.get(_BITS_PER_SAMPLE, (32,))[0] == 16:
        return "short"  # unsigned ones have a mode of their own
    return "int" if signed else "uint"


def split_alpha(image: Image.Image) -> tuple[Image.Image, np.ndarray]:
    """(the image without transparency, its alpha as (H, W) uint8), for an image with transparency of any kind."""
    if image.mode == "La":
        image = image.convert("LA")
    rgba = image.convert("RGBA")
    # Grey stays grey, so that a grey ICC profile still fits it.
    opaque = image.getchannel("L") if image.mode == "LA" else rgba.convert("RGB")
    return opaque, np.array(rgba.getchannel("A"))
