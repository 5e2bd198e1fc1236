"""Pictures at the edge of the library: reading, writing, resizing, and the way to tensors and back."""

import os
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from artnet.decoding import deep_grey_to_8bit, is_deep, portable_exif, split_alpha
from artnet.files import atomic_write
from artnet.profiles import from_srgb, to_srgb
from artnet.strips import in_strips

if TYPE_CHECKING:
    import torch

MAX_PIXELS = 178_956_970
"""The largest picture that is read or made, in pixels: the size beyond which Pillow suspects a decompression bomb."""

READ_SUFFIXES = frozenset([".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"])
"""Suffixes, in lower case, by which pictures are found in a folder; a file named outright may have any name."""

WRITE_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
"""Suffix, in lower case -> the format written under it."""

# Named one by one: Pillow would also try formats that start other programs (EPS runs Ghostscript).
_READ_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_LONGEST_SIDE = {"JPEG": 65_500, "WEBP": 16_383}
_JPEG_EXIF_LIMIT = 65_533  # bytes, of one JPEG segment


class PictureError(ValueError):
    """A picture that cannot be read, made or written; the message is one line that names it and says what to do."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture, upright and in sRGB, with what its file said about it.

    Attributes:
        rgb: (H, W, 3) uint8, sRGB.
        alpha: (H, W) uint8, 0 = transparent, or None for a picture without transparency.
        exif: EXIF block without orientation and pixel size (the pixels are upright, and may be resized), or None.
        icc_profile: the RGB profile that the file was in, or None; `write_picture` goes back into it.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    exif: bytes | None = None
    icc_profile: bytes | None = None


def read_picture(source: str | Path | BinaryIO) -> Picture:
    """Read BMP, GIF, JPEG, PNG, PPM, TIFF or WebP, of any mode and depth; of an animated file, the first frame.

    Raises:
        PictureError: missing, empty, truncated, not a picture, or more than `MAX_PIXELS` (known from the header,
            before anything is decoded).
    """
    name, file = _open_source(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, or sizes that check_pixels judges
            with file, Image.open(file, formats=_READ_FORMATS) as image:
                check_pixels(name, *image.size)
                image.load()
                return picture_from_image(image)
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise PictureError(f"{name} has more than {MAX_PIXELS:,} pixels, the limit; make it smaller first") from None
    except UnidentifiedImageError:
        known = "BMP, GIF, JPEG, PNG, PPM, TIFF or WebP"
        raise PictureError(f"{name} is not a picture that can be read ({known}); convert it to one of these") from None
    except MemoryError:
        raise PictureError(f"{name} does not fit into memory; make it smaller first") from None
    except Exception as error:  # on damaged files decoders fail with nearly any exception
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{name} is damaged ({reason}); get a fresh copy") from error


def picture_from_image(image: Image.Image) -> Picture:
    """Take a PIL image of any mode: turned upright as its EXIF says, in sRGB, with alpha apart. The image stays."""
    upright, exif = image, None
    # Broken EXIF is common, and never a reason to lose the picture.
    with suppress(Exception):
        upright = ImageOps.exif_transpose(image)
    with suppress(Exception):
        exif = portable_exif(image.getexif())
    icc, alpha = image.info.get("icc_profile"), None
    if is_deep(upright):
        upright = deep_grey_to_8bit(upright, getattr(image, "tag_v2", {}))
    elif upright.has_transparency_data:
        upright, alpha = split_alpha(upright)
    rgb, icc = to_srgb(upright, icc)
    return Picture(np.array(rgb), alpha, exif, icc)


def write_picture(
    target: str | Path | BinaryIO,
    rgb: np.ndarray,
    *,
    like: Picture | None = None,
    strip_metadata: bool = False,
    quality: int = 95,
    format: str = "PNG",
) -> None:
    """Write a picture; a file appears whole or not at all, and an old one stays if writing fails.

    Args:
        target: a path, whose suffix (one of `WRITE_FORMATS`) sets the format, or a binary stream.
        rgb: (H, W, 3) uint8, sRGB.
        like: the picture this one was made from, of the same size: its alpha, EXIF and ICC profile are kept. JPEG has
            no alpha: there the picture is laid on white.
        strip_metadata: keep alpha, but neither EXIF nor ICC profile (the file is then plain sRGB).
        quality: 1..100, of JPEG and WebP.
        format: the format written to a stream; ignored for a path.

    Raises:
        PictureError: unknown suffix, sizes that differ, or a side that is too long for the format.
        OSError: the file cannot be written.
    """
    kind = format_of(target) if isinstance(target, (str, Path)) else format
    image, options = _prepare(rgb, like or Picture(rgb), kind, strip_metadata)
    encoded = BytesIO()  # first to memory: a pipe cannot seek back as TIFF must, and gets nothing if encoding fails
    image.save(encoded, kind, quality=quality, **options)  # formats without a quality pass it over
    if isinstance(target, (str, Path)):
        with atomic_write(target) as file:
            file.write(encoded.getbuffer())
    else:
        target.write(encoded.getbuffer())


def format_of(path: str | Path) -> str:
    """The format that a file name stands for; PictureError with the known suffixes for any other name."""
    suffix = Path(path).suffix.lower()
    if suffix not in WRITE_FORMATS:
        raise PictureError(f"{path}: cannot write pictures named '*{suffix}'; use one of {', '.join(WRITE_FORMATS)}")
    return WRITE_FORMATS[suffix]


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


def to_tensor(rgb: np.ndarray) -> "torch.Tensor":
    """(H, W, 3) uint8 -> (1, 3, H, W) float32 in [0, 1].

    Raises:
        PictureError: another shape or type.
    """
    import torch

    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise PictureError(f"a picture must be (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")
    chw = np.ascontiguousarray(rgb.transpose(2, 0, 1), dtype=np.float32)
    return torch.from_numpy(chw)[None] / 255


def to_rgb(tensor: "torch.Tensor") -> np.ndarray:
    """(1, 3, H, W) float in [0, 1] -> (H, W, 3) uint8, rounded; values outside are clamped.

    Raises:
        PictureError: another shape.
    """
    import torch

    if tensor.ndim != 4 or tensor.shape[:2] != (1, 3):
        raise PictureError(f"one picture as a tensor must be (1, 3, H, W), not {tuple(tensor.shape)}")
    levels = tensor.detach()[0].float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return levels.permute(1, 2, 0).contiguous().cpu().numpy()


def check_pixels(name: str, width: int, height: int) -> None:
    """Raise PictureError where a picture of that size is empty, or larger than `MAX_PIXELS`."""
    if width < 1 or height < 1:
        raise PictureError(f"{name} has no pixels ({width} x {height}); get a fresh copy")
    if width * height > MAX_PIXELS:
        limit = f"more than {MAX_PIXELS:,} pixels, the limit"
        raise PictureError(f"{name} has {width} x {height} pixels, {limit}; make it smaller first")


def check_sides(kind: str, rgb: np.ndarray) -> None:
    """Raise PictureError where the format cannot hold so long a side."""
    longest = max(rgb.shape)
    if longest > _LONGEST_SIDE.get(kind, longest):
        raise PictureError(f"{kind} holds at most {_LONGEST_SIDE[kind]} pixels a side, not {longest}; use .png")


def _prepare(rgb: np.ndarray, like: Picture, kind: str, strip_metadata: bool) -> tuple[Image.Image, dict[str, Any]]:
    """(PIL image, options of its save method) for writing `rgb` with the alpha and the metadata of `like`."""
    if rgb.shape != like.rgb.shape:
        raise PictureError(f"the pixels have shape {rgb.shape}, but the picture they belong to {like.rgb.shape}")
    check_sides(kind, rgb)
    # Full chroma resolution: halved, as is JPEG's default, it blurs the edges of saturated brush strokes.
    options: dict[str, Any] = {"subsampling": 0} if kind == "JPEG" else {}
    image = Image.fromarray(flatten(replace(like, rgb=rgb)) if kind == "JPEG" else rgb)
    if like.icc_profile and not strip_metadata:
        image, options["icc_profile"] = from_srgb(image, like.icc_profile), like.icc_profile
    if like.exif and not strip_metadata and not (kind == "JPEG" and len(like.exif) > _JPEG_EXIF_LIMIT):
        options["exif"] = like.exif
    if like.alpha is not None and kind != "JPEG":
        image.putalpha(Image.fromarray(like.alpha))
    return image, options


def _open_source(source: str | Path | BinaryIO) -> tuple[str, BinaryIO]:
    """(name for messages, seekable file); PictureError for what cannot be opened or holds nothing."""
    if not isinstance(source, (str, Path)):
        name, content = str(getattr(source, "name", "the stream")), source.read()
        if not content:
            raise PictureError(f"{name} is empty; give a picture")
        return name, BytesIO(content)
    if os.path.isdir(source):
        raise PictureError(f"{source} is a folder; give a picture file")
    try:
        file = open(source, "rb")  # noqa: SIM115 - the caller closes it
    except FileNotFoundError:
        raise PictureError(f"{source} does not exist; check the name") from None
    except OSError as error:
        raise PictureError(f"{source} cannot be opened ({error.strerror}); check its permissions") from error
    if os.fstat(file.fileno()).st_size == 0:
        file.close()
        raise PictureError(f"{source} is empty; get a fresh copy")
    return str(source), file
