"""Colours that a file names by code points (ITU-T H.273) or by a gamma instead of an ICC profile: HDR and wide gamuts.

PNG says them in its chunks cICP and gAMA, AVIF and HEIC in a box 'nclx'. Without this PQ and HLG look washed out.
"""

import struct
from contextlib import suppress
from typing import BinaryIO, NamedTuple

import numpy as np

from artnet.image.strips import in_strips

_LINEAR, _PQ, _HLG = 8, 16, 18  # transfer characteristics
_SRGB_GAMMA, _SAME_GAMMA = 1 / 2.2, 0.05
_HEAD = 65_536  # bytes, in which the boxes of AVIF and HEIC stand

# Linear light of some primaries -> of BT.709.
_FROM_BT2020 = ((1.660491, -0.587641, -0.072850), (-0.124550, 1.132900, -0.008349), (-0.018151, -0.100579, 1.118730))
_FROM_P3 = ((1.224940, -0.224940, 0.0), (-0.042057, 1.042057, 0.0), (-0.019638, -0.078636, 1.098274))
_MATRICES = {9: _FROM_BT2020, 11: _FROM_P3, 12: _FROM_P3}
_WHITE, _PEAK, _HLG_GAMMA = 203.0, 1000.0, 1.2  # cd/m2 of diffuse white and of the HLG reference display (BT.2408)


class CodePoints(NamedTuple):
    """Colour primaries and transfer characteristics as H.273 numbers them, or a gamma instead of the latter."""

    primaries: int
    transfer: int
    gamma: float | None = None

    @property
    def is_srgb(self) -> bool:
        """Whether nothing need be done."""
        return self.primaries not in _MATRICES and self.gamma is None and self.transfer not in (_LINEAR, _PQ, _HLG)


def code_points(file: BinaryIO) -> CodePoints | None:
    """What the file says, where it is not sRGB and stands above an ICC profile that it may have too; else None.

    The file is left at its start.
    """
    file.seek(0)
    head, found = file.read(_HEAD), None
    with suppress(struct.error, IndexError):  # damaged: decoders will say it
        if head.startswith(b"\x89PNG"):
            found = _of_png(file)
        elif head[4:8] == b"ftyp" and b"colrprof" not in head and b"colrrICC" not in head:
            at = head.index(b"colrnclx") + 8 if b"colrnclx" in head else None
            found = CodePoints(*struct.unpack_from(">HH", head, at)) if at else None
    file.seek(0)
    return None if found is None or found.is_srgb else found


def to_sdr(rgb: np.ndarray, points: CodePoints) -> np.ndarray:
    """(H, W, 3) uint8 in sRGB of pixels in other code points; what is brighter than diffuse white is clipped."""
    lights = _light(np.arange(256) / 255, points).astype(np.float32)  # of each level
    matrix = np.array(_MATRICES.get(points.primaries, np.eye(3)), np.float32).T

    def converted(pixels: np.ndarray) -> np.ndarray:
        light = lights[pixels]
        if points.transfer == _HLG:  # the display's gamma, which brings scene light to what it shows (BT.2100)
            luminance = light @ np.array([0.2627, 0.6780, 0.0593], np.float32)
            light *= (np.maximum(luminance, 1e-6) ** (_HLG_GAMMA - 1) * (_PEAK / _WHITE))[..., None]
        light = np.clip(light @ matrix, 0, 1)
        return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** np.float32(1 / 2.4) - 0.055)

    return in_strips(converted, rgb)


def _light(level: np.ndarray, points: CodePoints) -> np.ndarray:
    """Light of each level 0..1, where 1 is diffuse white (for HLG, the scene's light at the display's peak)."""
    if points.gamma is not None:
        return level**points.gamma
    if points.transfer == _PQ:
        root = level ** (1 / 78.84375)
        fraction = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return fraction ** (1 / 0.1593017578125) * 10_000 / _WHITE
    if points.transfer == _HLG:
        return np.where(level <= 0.5, level**2 / 3, (np.exp((level - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    if points.transfer == _LINEAR:
        return level
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)


def _of_png(file: BinaryIO) -> CodePoints | None:
    """cICP, before all others; gAMA only where neither sRGB nor a profile is named."""
    gamma, named = None, False
    file.seek(8)
    while True:
        size, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"cICP":
            primaries, transfer = file.read(2)
            return CodePoints(primaries, transfer)
        if kind == b"gAMA":
            (stored,) = struct.unpack(">I", file.read(4))
            gamma, size = stored / 100_000, size - 4
        named = named or kind in (b"sRGB", b"iCCP")
        if kind in (b"IDAT", b"IEND"):
            break
        file.seek(size + 4, 1)
    if named or gamma is None or not 0.1 < gamma < 10 or abs(gamma - _SRGB_GAMMA) < _SAME_GAMMA:
        return None
    return CodePoints(1, 13, 1 / gamma)
