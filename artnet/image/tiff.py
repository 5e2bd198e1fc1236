"""TIFFs that Pillow alone cannot do justice: depths that it lacks, and raw camera files in a TIFF's clothes."""

from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any, BinaryIO

import numpy as np
from PIL import Image, TiffImagePlugin

from artnet.image.formats import RAW
from artnet.image.libvips import has_vips, load_vips, strips, to_srgb, vips_errors
from artnet.image.metadata import metadata
from artnet.image.pixels import Picture, PictureError, check_pixels

_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the latter two are BigTIFF
_SUBFILE_TYPE, _REDUCED, _SUB_IFDS, _DNG_VERSION = 254, 1, 330, 50_706
_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT, _XMP = 258, 262, 339, 700
_SENSOR = (32_803, 34_892)  # photometric interpretations: a sensor's own values
_BIG = 43  # BigTIFF's version
_TYPES = {1: "unsigned integer", 2: "signed integer", 3: "floating point"}


def is_tiff(file: BinaryIO) -> bool:
    """Whether the file, which stands at its start and stays there, begins as a TIFF does."""
    start = file.read(4)
    file.seek(0)
    return start in _STARTS


def tiff_tags(file: BinaryIO) -> Image.Exif:
    """The tags of a TIFF's first picture; empty for other and for damaged files. The file stays at its start."""
    tags = Image.Exif()
    if is_tiff(file):
        with suppress(Exception):
            tags.load_from_fp(file)
        file.seek(0)
    return tags


def refuse_preview(name: str, image: Image.Image) -> None:
    """Raise PictureError for a raw camera file, of which Pillow would read the preview; other formats pass."""
    raw = False
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        with suppress(Exception):  # on damaged tags, which decoding will complain of
            raw = _is_raw(image)
    if raw:
        raise PictureError(f"{name} is {RAW}")


def read_tiff(name: str, file: BinaryIO) -> Picture:
    """Read a TIFF that Pillow does not know, with libvips.

    Raises:
        PictureError: libvips is not installed, or does not know it either; more than `MAX_PIXELS`.
    """
    tags = tiff_tags(file)
    if is_sensor(tags):
        raise PictureError(f"{name} is {RAW}")
    if not has_vips():
        raise PictureError(f"{name} is {_described(tags)}: pip install 'artnet[huge]', or save it with 8 or 16 bits")
    content = file.read()
    opened = lambda: load_vips().Image.new_from_buffer(content, "")  # noqa: E731
    with vips_errors(name, f"is {_described(tags)}, which cannot be read; save it with 8 or 16 bits"):
        image = opened()
        check_pixels(name, image.width, image.height)
        colors, opacity, warnings = to_srgb(opened, tags)
        rgb = np.concatenate([strip for _, strip in strips(colors)])
        alpha = None if opacity is None else np.concatenate([strip[..., 0] for _, strip in strips(opacity)])
    return Picture(rgb, alpha, warnings=warnings, **metadata(tags, tags.get(_XMP), None))


def is_sensor(tags: Mapping[int, Any]) -> bool:
    """Whether a TIFF's tags are those of a raw camera file's own picture."""
    return _DNG_VERSION in tags or tags.get(_PHOTOMETRIC) in _SENSOR


def _is_raw(image: TiffImagePlugin.TiffImageFile) -> bool:
    tags = image.tag_v2
    if is_sensor(tags):
        return True
    found = tags.get(_SUB_IFDS, ())
    offsets = [offset for offset in ((found,) if isinstance(found, int) else found) if offset]
    if not offsets or image.fp is None:
        return False
    return bool(tags.get(_SUBFILE_TYPE, 0) & _REDUCED) or any(_is_sensor_at(image.fp, offset) for offset in offsets)


def _is_sensor_at(file: IO[bytes], offset: int) -> bool:
    """Whether the directory of tags at an offset of a TIFF is that of a sensor's values."""
    file.seek(0)
    head = file.read(16)
    directory = TiffImagePlugin.ImageFileDirectory_v2(head if head[2] + head[3] == _BIG else head[:8])
    file.seek(offset)
    directory.load(file)
    return is_sensor(directory)


def _described(tags: Mapping[int, Any]) -> str:
    """Such as 'a TIFF of 3 x 64-bit floating point'."""
    bits, sample = (tags.get(tag, 1) for tag in (_BITS, _SAMPLE_FORMAT))
    bits = (bits,) if isinstance(bits, int) else bits
    kind = _TYPES.get(sample if isinstance(sample, int) else sample[0], "unknown values")
    return f"a TIFF of {len(bits)} x {bits[0]}-bit {kind}"
