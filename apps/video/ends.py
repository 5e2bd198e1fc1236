"""Whether a video was cut off: a download that stopped, a card that was full, a file that is still being written."""

import os
from typing import TYPE_CHECKING, BinaryIO

import av

if TYPE_CHECKING:
    from av.container import InputContainer

SHORT = 0.5
"""Seconds by which a video may end before the length that its header gives."""
TELLS_LENGTH = frozenset(["flv"])
"""Formats whose header gives the length of pictures and sound; other formats' may be that of subtitles, or a guess."""
TELLS_PARTS = frozenset(["mpegts", "mpeg"])
"""Formats whose packets come in parts, so that the last one may be incomplete."""
_PACKETS = (188, 192, 204)  # of MPEG-TS, in bytes
_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")  # an object of ASF
_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067


def missing(container: "InputContainer", end: float, incomplete: bool = False) -> str | None:
    """What is missing from a file that was read to its end; None for nothing.

    Args:
        end: seconds after its beginning. incomplete: the last packet of a stream is, as the demuxer says.
    """
    names = set(container.format.name.split(","))
    file: BinaryIO = container.file.file
    size = file.seek(0, os.SEEK_END)
    if names & {"matroska", "webm"} and (wanted := segment_end(file) or 0) > size:
        return f"{wanted - size:,} of {wanted:,} bytes are missing"
    if "avi" in names and (wanted := riff_end(file)) > size:
        return f"{wanted - size:,} of at least {wanted:,} bytes are missing"
    if "asf" in names and (wanted := asf_end(file)) > size:
        return f"{wanted - size:,} of {wanted:,} bytes are missing"
    if "mpegts" in names and size and all(size % length for length in _PACKETS):
        incomplete = True
    if names & TELLS_PARTS and incomplete:
        return "it ends within a packet"
    if names & {"mov", "mp4"}:
        wanted = max((entry.pos + entry.size for s in container.streams for entry in s.index_entries), default=0)
        if wanted > size:
            return f"{wanted - size:,} of at least {wanted:,} bytes are missing"
    whole = (container.duration or 0) / av.time_base
    if names & TELLS_LENGTH and end < whole - SHORT:
        return f"it ends after {end:.1f} of {whole:.1f} s"
    return None


def riff_end(file: BinaryIO) -> int:
    """Where the first part of an AVI should end, in bytes."""
    file.seek(4)
    return 8 + int.from_bytes(file.read(4), "little")


def asf_end(file: BinaryIO) -> int:
    """Where an ASF (WMV) should end, in bytes, by its file properties; 0 where it does not say (it was a broadcast)."""
    file.seek(0)
    header = file.read(1 << 16)
    at = header.find(_FILE_PROPERTIES)
    if at < 0 or len(header) < at + 92 or header[at + 88] & 1:
        return 0
    return int.from_bytes(header[at + 40 : at + 48], "little")


def segment_end(file: BinaryIO) -> int | None:
    """Where the segment of a Matroska file should end, in bytes; None where the file does not say."""
    file.seek(0)
    if int.from_bytes(file.read(4), "big") != _EBML:
        return None
    length = _element_size(file)
    if length is None:
        return None
    file.seek(length, os.SEEK_CUR)
    if int.from_bytes(file.read(4), "big") != _SEGMENT:
        return None
    length = _element_size(file)
    return None if length is None else file.tell() + length


def _element_size(file: BinaryIO) -> int | None:
    """A size of EBML (RFC 8794): the first byte's leading zeros count the bytes; all ones mean unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    value = int.from_bytes(bytes([first[0] & (0x7F >> more)]) + file.read(more), "big")
    return None if value == (1 << 7 * (more + 1)) - 1 else value
