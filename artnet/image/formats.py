"""Which picture formats are read and written, and what to say of those that cannot be read here."""

from importlib.util import find_spec
from pathlib import Path

from artnet.image.pixels import PictureError

_AVIF, _HEIC = bool(find_spec("PIL._avif")), bool(find_spec("pillow_heif"))  # Pillow may be built without AVIF
_HEIC_SUFFIXES = (".heic", ".heif")
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")

_ALWAYS_READ = ".apng .bmp .gif .jfif .jpe .jpeg .jpg .mpo .pbm .pgm .png .pnm .ppm .tif .tiff .webp"
READ_SUFFIXES = frozenset([*_ALWAYS_READ.split(), *([".avif"] if _AVIF else []), *(_HEIC_SUFFIXES if _HEIC else [])])
"""Suffixes, in lower case, by which pictures are found in a folder; a file named outright may have any name."""

WRITE_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
"""Suffix, in lower case -> the format written under it."""

# Named one by one: Pillow would also try formats that start other programs (EPS runs Ghostscript).
READ_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP", *(["AVIF"] if _AVIF else []))
READABLE = f"BMP, GIF, JPEG, PNG, PPM, TIFF, WebP{', AVIF' if _AVIF else ''}{', HEIC' if _HEIC else ''}"

RAW = "a raw camera file: export it as JPEG or TIFF first"
HEIC = "HEIC: pip install 'artnet[heic]', or save it as JPEG first"
_VIDEO = "a video: `artnet video` paints it"
_CONVERT = "save it as PNG or JPEG first"
_RAW_SUFFIXES = "3fr arw cr2 cr3 crw dcr dng erf iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f"
_OTHERS = {
    "ai": "Illustrator", "dds": "DDS", "eps": "EPS", "exr": "OpenEXR", "hdr": "Radiance HDR", "ico": "an icon",
    "j2k": "JPEG 2000", "jp2": "JPEG 2000", "jxl": "JPEG XL", "jxr": "JPEG XR", "psb": "Photoshop", "psd": "Photoshop",
    "svg": "SVG", "svgz": "SVG", "tga": "TGA", "xcf": "GIMP",
}  # fmt: skip

# (offset, bytes there, what it is). Raw files of a TIFF's shape are told from their tags: see `artnet.image.metadata`.
_SIGNATURES = (
    (8, b"CR", RAW), (4, b"ftypcrx", RAW), (0, b"FUJIFILMCCD-RAW", RAW), (0, b"IIU\0", RAW), (0, b"IIRO", RAW),
    (0, b"IIRS", RAW), (0, b"MMOR", RAW), (0, b"FOVb", RAW), (0, b"\0MRM", RAW), (6, b"HEAPCCDR", RAW),
    *((4, b"ftyp" + brand, HEIC) for brand in _HEIC_BRANDS if not _HEIC),
    *((4, b"ftyp" + brand, f"AVIF: {_CONVERT}") for brand in (b"avif", b"avis") if not _AVIF),
    (0, b"8BPS", f"Photoshop: {_CONVERT}"), (0, b"gimp xcf", f"GIMP: {_CONVERT}"),
    (0, b"\xff\x0a", f"JPEG XL: {_CONVERT}"), (4, b"JXL \r\n", f"JPEG XL: {_CONVERT}"),
    (4, b"jP  \r\n", f"JPEG 2000: {_CONVERT}"), (0, b"\xff\x4f\xff\x51", f"JPEG 2000: {_CONVERT}"),
    (0, b"II\xbc", f"JPEG XR: {_CONVERT}"), (0, b"v/1\x01", f"OpenEXR: {_CONVERT}"), (0, b"#?R", f"HDR: {_CONVERT}"),
    (0, b"%!PS", f"EPS: {_CONVERT}"), (0, b"\xc5\xd0\xd3\xc6", f"EPS: {_CONVERT}"), (0, b"%PDF", f"PDF: {_CONVERT}"),
    (0, b"<svg", f"SVG: {_CONVERT}"), (0, b"\x1a\x45\xdf\xa3", _VIDEO),
    *((4, b"ftyp" + brand, _VIDEO) for brand in (b"isom", b"iso", b"mp4", b"qt  ", b"M4V", b"avc1", b"3gp")),
    (8, b"AVI LIST", _VIDEO),
)  # fmt: skip


def unread_suffixes() -> dict[str, str]:
    """Suffixes, in lower case, of pictures that are known but cannot be read here -> what it is, and what to do."""
    raw = {f".{suffix}": RAW for suffix in _RAW_SUFFIXES.split()}
    others = {f".{suffix}": f"{name}: {_CONVERT}" for suffix, name in _OTHERS.items()}
    optional = {} if _HEIC else dict.fromkeys(_HEIC_SUFFIXES, HEIC)
    return raw | others | optional | ({} if _AVIF else {".avif": f"AVIF: {_CONVERT}"})


def known_unread(head: bytes) -> str | None:
    """What a file is whose first bytes (32 or more) Pillow cannot read, and what to do; None where nobody knows."""
    for offset, mark, what in _SIGNATURES:
        if head[offset:].startswith(mark):
            return what
    return f"SVG: {_CONVERT}" if head.startswith(b"<?xml") and b"<svg" in head else None


def is_heic(head: bytes) -> bool:
    """Whether the first bytes are those of a HEIC file, and pillow-heif is here to read it."""
    return _HEIC and head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS


def format_of(path: str | Path) -> str:
    """The format that a file name stands for; PictureError with the known suffixes for any other name."""
    suffix = Path(path).suffix.lower()
    if suffix not in WRITE_FORMATS:
        raise PictureError(f"{path}: cannot write pictures named '*{suffix}'; use one of {', '.join(WRITE_FORMATS)}")
    return WRITE_FORMATS[suffix]
