"""ICC colour profiles: into sRGB for the network, and back into the photographer's own colours for the file."""

from contextlib import suppress
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_CLASSES = ("scnr", "mntr", "prtr", "spac")
"""Profiles that say what a picture's colours are; the others link devices, name colours or make effects."""
_FARTHEST_GREY = 16
"""Levels by which a grey may come back changed from a profile; a way back that leads elsewhere is no way back."""

BROKEN = "its colour profile is broken or fits other pictures, and is passed over: colours may look a little different"
ONE_WAY = "its colour profile cannot be written into, so that the result is in sRGB"


def to_srgb(image: Image.Image, icc: bytes | None) -> tuple[Image.Image, bytes | None, str | None]:
    """Convert a picture without alpha to RGB mode in sRGB.

    A profile that is broken or that does not fit the picture's mode is passed over, as viewers do. Colours outside
    sRGB are clipped to it.

    Returns:
        The RGB image; the profile if `from_srgb` can go back into it (an RGB profile that has the way back), else
        None: CMYK and grey profiles cannot hold a stylized picture; and what people should know of it, or None.
    """
    if image.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _transform(lab, _SRGB, "LAB").apply(image), None, None
    if not icc:
        return image.convert("RGB"), None, None
    profile, mode = _parse(icc)
    convertible = (mode == "RGB" and image.mode != "CMYK") or (mode == "L" and image.mode == "1")
    fitted = image.convert(mode) if convertible else image
    if profile is None or fitted.mode != mode:
        return image.convert("RGB"), None, BROKEN
    # On broken profiles Pillow and lcms2 fail with nearly any exception, and a picture is worth more than its profile.
    try:
        converted = _transform(profile, _SRGB, mode).apply(fitted)
    except Exception:
        return image.convert("RGB"), None, BROKEN
    if mode != "RGB":
        return converted, None, None
    return (converted, icc, None) if _leads_back(profile) else (converted, None, ONE_WAY)


def fits(icc: bytes, mode: str) -> bool:
    """Whether a profile can be read, and is one of pictures of that mode: 'RGB', 'L' or 'CMYK'."""
    profile, found = _parse(icc)
    with suppress(Exception):
        return profile is not None and found == mode and bool(_transform(profile, _SRGB, mode))
    return False


def from_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Convert an RGB image from sRGB into the colours of an RGB profile, one that `to_srgb` returned."""
    return _transform(_SRGB, ImageCms.ImageCmsProfile(BytesIO(icc)), "RGB").apply(image)


def _parse(icc: bytes) -> tuple[ImageCms.ImageCmsProfile | None, str | None]:
    """(profile, mode of the pictures that it is for), both None where it is none of pictures."""
    with suppress(Exception):
        profile = ImageCms.ImageCmsProfile(BytesIO(icc))
        if profile.profile.device_class.strip() in _CLASSES:
            return profile, _MODE_OF_SPACE.get(profile.profile.xcolor_space.strip())
    return None, None


def _leads_back(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether greys that go into the profile and out again are what they were."""
    greys = Image.fromarray(np.arange(0, 256, 5, dtype=np.uint8)[None, :, None].repeat(3, 2))
    with suppress(Exception):
        there = _transform(_SRGB, profile, "RGB").apply(greys)
        back = np.asarray(_transform(profile, _SRGB, "RGB").apply(there)).astype(int)
        return bool(np.abs(back - np.asarray(greys)).max() <= _FARTHEST_GREY)
    return False


def _transform(
    source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile, mode: str
) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(source, target, mode, "RGB", _INTENT, _FLAGS)
