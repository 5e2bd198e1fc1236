"""What a picture's file says about it that may travel into another file: EXIF, XMP and resolution.

Tags are let through by name, so that nothing else of the original goes along: its layers and thumbnails (which show
the photo itself), how its pixels were stored, and maker notes, whose offsets point into the old file.
"""

from contextlib import suppress
from typing import Any
from xml.etree import ElementTree

from PIL import ExifTags, Image
from PIL.ExifTags import Base

from artnet.image.xmp_names import NAMESPACES, is_portable

_RESOLUTION = (Base.XResolution, Base.YResolution, Base.ResolutionUnit)
_INCH, _CM = 2, 3  # resolution units
_HIGHEST_DPI = 65_535  # what JPEG holds

_ABOUT: set[int] = {
    Base.DocumentName, Base.ImageDescription, Base.Make, Base.Model, Base.Software, Base.DateTime, Base.Artist,
    Base.HostComputer, Base.Copyright, Base.Rating, Base.RatingPercent, Base.XPTitle, Base.XPComment, Base.XPAuthor,
    Base.XPKeywords, Base.XPSubject,
}  # fmt: skip
_PHOTO: set[int] = {
    Base.ExposureTime, Base.FNumber, Base.ExposureProgram, Base.SpectralSensitivity, Base.ISOSpeedRatings,
    *range(Base.SensitivityType, Base.ISOSpeedLatitudezzz + 1), Base.ExifVersion, Base.DateTimeOriginal,
    Base.DateTimeDigitized, Base.OffsetTime, Base.OffsetTimeOriginal, Base.OffsetTimeDigitized,
    *range(Base.ShutterSpeedValue, Base.FocalLength + 1), Base.UserComment, Base.SubsecTime, Base.SubsecTimeOriginal,
    Base.SubsecTimeDigitized, *range(Base.AmbientTemperature, Base.CameraElevationAngle + 1), Base.SensingMethod,
    Base.FileSource, Base.SceneType, *range(Base.CustomRendered, Base.Sharpness + 1), Base.SubjectDistanceRange,
    Base.ImageUniqueID, *range(Base.CameraOwnerName, Base.LensSerialNumber + 1),
}  # fmt: skip
_PLACE = set(range(32))  # all GPS tags
_XMP_START, _XMP_END = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>', '<?xpacket end="w"?>'
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"

for _prefix, _uri in NAMESPACES.items():
    ElementTree.register_namespace(_prefix, _uri)


def metadata_of(image: Image.Image) -> dict[str, Any]:
    """The fields `exif`, `xmp` and `dpi` of a `Picture`, for an opened image; what is broken is left out."""
    exif, dpi = Image.Exif(), image.info.get("dpi")
    with suppress(Exception):  # broken metadata is common, and never a reason to lose the picture
        exif = image.getexif()
    if image.format in ("JPEG", "MPO") and image.info.get("jfif_unit") not in (1, 2):
        dpi = None  # Pillow's guess
    if image.format == "TIFF" and Base.XResolution not in getattr(image, "tag_v2", ()):
        dpi = None  # likewise
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp", "").encode()  # of a PNG that says it elsewhere
    return metadata(exif, xmp, dpi)


def metadata(exif: Image.Exif, xmp: bytes | None, dpi: tuple[float, float] | None) -> dict[str, Any]:
    """The fields `exif`, `xmp` and `dpi` of a `Picture`, of what its file says; what is broken is left out."""
    found: dict[str, Any] = {"exif": None, "xmp": None, "dpi": None}
    with suppress(Exception):
        found["exif"] = portable_exif(exif)
    with suppress(Exception):
        found["xmp"] = portable_xmp(xmp)
    with suppress(Exception):
        found["dpi"] = _upright_dpi(dpi or _dpi_of(exif), orientation_of(exif))
    return found


def orientation_of(exif: Image.Exif) -> int:
    """EXIF's orientation, 1 (upright) to 8; 1 where there is none, or a broken one."""
    orientation = exif.get(Base.Orientation, 1)
    return orientation if orientation in range(1, 9) else 1


def portable_exif(own: Image.Exif) -> bytes | None:
    """The EXIF block as it may be written beside upright and resized pixels, or None if nothing of it may.

    Resolution is left out, since formats have their own places for it; see `with_resolution`.

    Raises:
        Exception: of nearly any kind, where the block is broken.
    """
    exif = _writable(_ABOUT, own)
    for ifd, allowed in ((ExifTags.IFD.Exif, _PHOTO), (ExifTags.IFD.GPSInfo, _PLACE)):
        with suppress(Exception):
            if part := dict(_writable(allowed, own.get_ifd(ifd))):
                exif[ifd] = part
    if not exif:
        return None
    exif[Base.Orientation] = 1
    return exif.tobytes()


def with_resolution(exif: bytes | None, dpi: tuple[float, float] | None) -> bytes | None:
    """An EXIF block that also says how many pixels an inch has."""
    if dpi is None:
        return exif
    block = Image.Exif()
    block.load(exif or b"")
    for tag, value in zip(_RESOLUTION, (*dpi, _INCH), strict=True):
        block[tag] = value
    return block.tobytes()


def portable_xmp(packet: bytes | None) -> bytes | None:
    """The XMP packet with those of its properties that may travel, or None if there is none.

    Raises:
        Exception: of several kinds, where the packet is broken.
    """
    text = (packet or b"").decode("utf-8").strip("\0 \ufeff")
    if not text or "<!DOCTYPE" in text or "<!ENTITY" in text:  # which XMP has no use for, but attackers have
        return None
    root = ElementTree.fromstring(text)
    for description in root.iter(f"{_RDF}Description"):
        for name in [name for name in description.attrib if not is_portable(name)]:
            del description.attrib[name]
        for child in [child for child in description if not is_portable(child.tag)]:
            description.remove(child)
    if not any(len(part) or set(part.attrib) - {f"{_RDF}about"} for part in root.iter(f"{_RDF}Description")):
        return None
    return f"{_XMP_START}{ElementTree.tostring(root, 'unicode')}{_XMP_END}".encode()


def _writable(allowed: set[int], tags: Any) -> Image.Exif:
    """Those of the tags that are allowed, and of a type that can be written."""
    kept = Image.Exif()
    for tag in sorted(allowed.intersection(tags)):
        alone = Image.Exif()
        with suppress(Exception):
            alone[tag] = tags[tag]
            alone.tobytes()
            kept[tag] = tags[tag]
    return kept


def _dpi_of(exif: Image.Exif) -> tuple[float, float] | None:
    across, down, unit = (exif.get(tag) for tag in _RESOLUTION)
    if not across or not down or unit not in (_INCH, _CM):
        return None
    scale = 2.54 if unit == _CM else 1.0
    return float(across) * scale, float(down) * scale


def _upright_dpi(dpi: tuple[float, float] | None, orientation: int) -> tuple[float, float] | None:
    if dpi is None or not all(0 < value <= _HIGHEST_DPI for value in dpi):
        return None
    across, down = map(float, dpi)
    return (down, across) if orientation > 4 else (across, down)
