"""Colours of video: what tags mean, and the way from high dynamic range and wide gamuts to BT.709.

Transfer curves are those of ITU-R BT.2100 (PQ, HLG), BT.1886 and IEC 61966-2-1; diffuse white of PQ and HLG is at 203
cd/m2 (ITU-R BT.2408). Highlights above it are rolled off smoothly, by our own choice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import IO

import cv2
import numpy as np

UNSPECIFIED, BT709, BT601, BT2020 = 2, 1, 6, 9
MATRICES = (BT709, 4, 5, BT601, 7, BT2020)
"""The YCbCr matrices that can be converted, numbered as in ITU-T H.273."""
PQ, HLG, SRGB, GAMMA22, GAMMA28 = 16, 18, 13, 4, 5
WHITE = 203.0  # cd/m2 of diffuse white
KNEE = 0.9
"""Share of diffuse white above which highlights are compressed into what is left."""
_D65 = (0.3127, 0.3290)
_PRIMARIES = {  # x and y of red, green, blue, white
    BT709: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),
    BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),  # DCI-P3
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),  # Display P3
}
_LEVELS = 4096
CUBE = 65  # codes a side of the table; between them it is interpolated


@dataclass(frozen=True)
class Colors:
    """Colour tags as numbered in ITU-T H.273, 2 = unspecified; `matrix` is always one that can be converted."""

    matrix: int
    primaries: int
    transfer: int

    @property
    def is_plain(self) -> bool:
        """Whether pixels can be taken for BT.709 as they are: no high dynamic range and no wide gamut."""
        return self.transfer not in (PQ, HLG) and self.primaries not in (BT2020, 11, 12)


SDR = Colors(BT709, BT709, BT709)


def to_bt709(rgb: np.ndarray, colors: Colors) -> np.ndarray:
    """(H, W, 3) uint16 in the colours' own transfer and primaries -> (H, W, 3) uint8 of BT.709."""
    linear = _linear(colors.transfer)[rgb]
    if colors.primaries in _PRIMARIES and colors.primaries != BT709:
        linear = cv2.transform(linear, _conversion(colors.primaries))
    np.maximum(linear, 0, out=linear)
    if colors.transfer in (PQ, HLG):
        brightest = linear.max(axis=2, keepdims=True)
        linear *= _rolled_off(brightest) / np.maximum(brightest, 1e-6)
    places = np.sqrt(np.minimum(linear, 1, out=linear)) * np.float32(_LEVELS - 1)
    return _encoding()[np.rint(places).astype(np.uint16)]


def _rolled_off(light: np.ndarray) -> np.ndarray:
    """Unchanged up to the knee, then ever slower towards 1."""
    room = 1 - KNEE
    return np.where(light <= KNEE, light, KNEE + room * (1 - np.exp(-(light - KNEE) / room)))


@lru_cache(maxsize=4)
def _linear(transfer: int) -> np.ndarray:
    """(65536,) float32: light of every code, 1 at diffuse white."""
    code = np.linspace(0, 1, 65536)
    curves: dict[int, Callable[[np.ndarray], np.ndarray]] = {PQ: _pq, HLG: _hlg, SRGB: _srgb}
    exponents = {GAMMA22: 2.2, GAMMA28: 2.8}
    curve = curves.get(transfer, lambda x: x ** exponents.get(transfer, 2.4))
    return curve(code).astype(np.float32)


def _pq(code: np.ndarray) -> np.ndarray:
    root = code ** (1 / 78.84375)
    return 10_000 / WHITE * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)


def _hlg(code: np.ndarray) -> np.ndarray:
    """Each channel by itself with the system gamma of 1.2 of a display of 1,000 cd/m2."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return 1000 / WHITE * scene**1.2


def _srgb(code: np.ndarray) -> np.ndarray:
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


@lru_cache(maxsize=1)
def _encoding() -> np.ndarray:
    """(_LEVELS,) uint8: the code for the square of each place in 0..1, by BT.1886."""
    return np.rint(255 * np.linspace(0, 1, _LEVELS) ** (2 / 2.4)).astype(np.uint8)


@lru_cache(maxsize=4)
def _conversion(primaries: int) -> np.ndarray:
    """(3, 3) float32 from linear light in the primaries to that in BT.709's."""
    return (np.linalg.inv(_to_xyz(BT709)) @ _to_xyz(primaries)).astype(np.float32)


def _to_xyz(primaries: int) -> np.ndarray:
    xy = np.array(_PRIMARIES[primaries])
    xyz = np.c_[xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(1)) / xy[:, 1]].T
    if primaries == 11:  # its own white is meant to be seen as white
        xyz[:, 3] = np.array([_D65[0] / _D65[1], 1, (1 - sum(_D65)) / _D65[1]])
    return xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3])


def write_cube(file: IO[str], colors: Colors) -> None:
    """`to_bt709` as a table for FFmpeg's filter lut3d, which is nine times as fast."""
    codes = np.rint(np.linspace(0, 65535, CUBE)).astype(np.uint16)
    blue, green, red = np.meshgrid(codes, codes, codes, indexing="ij")
    table = to_bt709(np.stack([red, green, blue], -1).reshape(-1, CUBE, 3), colors)
    file.write(f"LUT_3D_SIZE {CUBE}\n")
    np.savetxt(file, table.reshape(-1, 3) / 255, fmt="%.4f")
    file.flush()
