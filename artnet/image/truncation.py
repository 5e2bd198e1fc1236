"""Files that cannot hold what their header promises, pictures that break off, and JPEGs that lack their end."""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from artnet.image.pixels import PictureError

_GREY, _TOLERANCE = 128, 2
"""Level of what a JPEG's decoder makes up for missing rows."""
_MOST_MISSING = 0.1
"""Share of the rows that may be missing where a picture is still painted."""
_EXPANSION: dict[int | str | None, float] = {
    "PNG": 1100, "JPEG": 128, "MPO": 128, "GIF": 350, 1: 1.1, 5: 2800, 8: 1100, 32_773: 70, 32_946: 1100,
}  # fmt: skip
"""Format, or compression tag of a TIFF (none, LZW, deflate, PackBits) -> bytes of pixels that a byte of the file may
stand for at most, generously; where bits of a pixel are not counted, eight pixels are a byte."""
_BLANK_PIXELS, _BLANK_EXPANSION = 16_000_000, 20_000
"""In all other formats a blank picture takes a few bytes, whatever its size: beyond so many pixels, and so many of them
in a byte, it is a trap or damage, for decoders need gigabytes."""
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Colour type -> samples of a pixel."""
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Passes of an interlaced PNG: first column and row, and the distances of the next ones."""
_BLOCK = 1 << 20

GREY_END = "its last {} of {} rows are all grey, as where data is missing; get a fresh copy if that is wrong"
MISSING_END = "end marker missing, the rest may be grey; get a fresh copy if you can"


def check_promise(name: str, width: int, height: int, size: int, compression: int | str | None, bits: int = 1) -> None:
    """Refuse a header that promises more pixels than its file can hold: decoding would ask for memory in vain.

    Args:
        size: of the file, in bytes.
        compression: a TIFF's tag, or a format.
        bits: of a pixel, at least.

    Raises:
        PictureError: so many pixels cannot come out of so few bytes, or only blank ones.
    """
    expansion, pixels = _EXPANSION.get(compression), width * height
    blank = pixels > _BLANK_PIXELS and pixels > _BLANK_EXPANSION * size
    if pixels * bits > 8 * expansion * size if expansion else blank:
        promise = f"its {size:,} bytes cannot hold the {width} x {height} pixels of its header"
        raise PictureError(f"{name} is damaged or cannot be read ({promise}); get a fresh copy")


def png_bits(file: BinaryIO) -> int:
    """Of a pixel of the PNG that the file holds; the file is left at its start."""
    file.seek(24)
    depth, kind = file.read(2)
    file.seek(0)
    return depth * _PNG_CHANNELS.get(kind, 1)


def check_png(name: str, file: BinaryIO, last_rows: np.ndarray) -> None:
    """Refuse a PNG whose compressed pixels end too early, which its decoder leaves black or clear without a word.

    Args:
        last_rows: the last two rows as they were decoded: only where one is empty it need be looked for.

    Raises:
        PictureError: pixels are missing.
    """
    if last_rows.reshape(len(last_rows), -1).any(1).all():
        return
    file.seek(16)
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", file.read(13))
    bits, passes = depth * _PNG_CHANNELS[kind], _ADAM7 if interlaced else ((0, 0, 1, 1),)
    wanted = sum(_pass_bytes(-(-(width - x) // dx), -(-(height - y) // dy), bits) for x, y, dx, dy in passes)
    found = sum(_inflated(_png_data(file)))
    if found < wanted:
        raise PictureError(
            f"{name} is damaged (it breaks off after {found / wanted:.0%} of its pixels); get a fresh copy"
        )


def _pass_bytes(columns: int, rows: int, bits: int) -> int:
    """Of the rows of a pass, each with the byte that names its filter."""
    return rows * (1 + -(-columns * bits // 8)) if columns > 0 and rows > 0 else 0


def _png_data(file: BinaryIO) -> Iterator[bytes]:
    """The compressed pixels, block by block."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return
        if kind != b"IDAT":
            file.seek(size + 4, 1)
            continue
        while size and (block := file.read(min(size, _BLOCK))):
            size -= len(block)
            yield block
        file.seek(4, 1)


def _inflated(data: Iterator[bytes]) -> Iterator[int]:
    """Bytes that come out of a zlib stream, some at a time, so that they need no memory; until it ends or breaks."""
    stream = zlib.decompressobj()
    for block in data:
        while block and not stream.eof:
            try:
                yield len(stream.decompress(block, _BLOCK))
            except zlib.error:
                return
            block = stream.unconsumed_tail


def with_end(content: bytes) -> bytes | None:
    """The bytes of a JPEG with a further end marker, or None where this is no JPEG."""
    return content + b"\xff\xd9" if content.startswith(b"\xff\xd8\xff") else None


def check_rows(name: str, pixels: np.ndarray, orientation: int = 1) -> None:
    """Refuse a picture of a JPEG without end where too many of its rows are missing.

    Args:
        pixels, orientation: as of `grey_rows`.

    Raises:
        PictureError: more than a tenth of the rows.
    """
    if missing := grey_rows(pixels, orientation):
        count = pixels.shape[1 if orientation > 4 else 0]
        raise PictureError(f"{name} is damaged (the last {missing} of its {count} rows are missing); get a fresh copy")


def grey_rows(pixels: np.ndarray, orientation: int = 1) -> int:
    """How many of a JPEG's last rows are as its decoder makes up missing ones; 0 where that is less than a tenth.

    Args:
        pixels: (H, W) or (H, W, C) uint8.
        orientation: EXIF's, of the file, where the picture has been turned upright; missing rows may be columns then.
    """
    if orientation > 4:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 6, 7):
        pixels = pixels[::-1]
    count, missing = len(pixels), 0
    while missing < count and (np.abs(pixels[count - 1 - missing].astype(np.int16) - _GREY) <= _TOLERANCE).all():
        missing += 1
    return missing if missing > _MOST_MISSING * count else 0
