"""ICC colour profiles: into sRGB for the network, and back into the photographer's own colours for the file."""

from io import BytesIO

from PIL import Image, ImageCms

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_MODE_OF_SPACE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}


def to_srgb(image: Image.Image, icc: bytes | None) -> tuple[Image.Image, bytes | None]:
    """Convert a picture without alpha to RGB mode in sRGB.

    A profile that is broken or that does not fit the picture's mode is ignored, as viewers do. Colours outside sRGB
    are clipped to it.

    Returns:
        The RGB image, and the profile if `from_srgb` can go back into it (an RGB profile that has the way back),
        else None: CMYK and grey profiles cannot hold a stylized picture.
    """
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")) if image.mode == "LAB" else _parse(icc)
    if profile is None:
        return image.convert("RGB"), None
    mode = _MODE_OF_SPACE.get(profile.profile.xcolor_space.strip())
    if mode == "RGB" and image.mode not in ("CMYK", "LAB"):
        image = image.convert("RGB")
    if image.mode != mode:
        return image.convert("RGB"), None
    try:
        converted = _convert(image, profile, _SRGB)
        returns = mode == "RGB" and ImageCms.isIntentSupported(profile, _INTENT, ImageCms.Direction.OUTPUT) == 1
    except ImageCms.PyCMSError:
        return image.convert("RGB"), None
    return converted, icc if returns else None


def from_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Convert an RGB image from sRGB into the colours of an RGB profile, one that `to_srgb` returned."""
    return _convert(image, _SRGB, ImageCms.ImageCmsProfile(BytesIO(icc)))


def _parse(icc: bytes | None) -> ImageCms.ImageCmsProfile | None:
    if not icc:
        return None
    try:
        return ImageCms.ImageCmsProfile(BytesIO(icc))
    except (OSError, ImageCms.PyCMSError):
        return None


def _convert(image: Image.Image, source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile) -> Image.Image:
    return ImageCms.buildTransform(source, target, image.mode, "RGB", _INTENT, _FLAGS).apply(image)
