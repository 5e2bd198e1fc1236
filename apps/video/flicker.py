"""Less flicker: what was painted in the last frame moves along with the picture and is mixed into the new one.

The motion is the optical flow (DIS, Kroeger et al. 2016, arXiv 1603.03590) between the contents. Where the last
content, moved by it, does not look like the new one (uncovered background, cuts), the new painting stands alone.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

KEEP = 0.8
"""Share of the moved last frame where the motion is certain: 1 - KEEP of each new painting enters."""
_TOLERANCE = 14.0  # grey levels by which content may differ from the moved last one before it counts as uncovered
_CUT = 0.3  # mean certainty below which nothing goes on
_LEAST_SIDE, _MOST_ASPECT = 64, 4
_FLOW_SIDE = 480  # short side in pixels at which contents are compared: more costs time and follows noise


@dataclass(frozen=True)
class Motion:
    """How a frame goes on from the last one, at the size (h, w) at which contents are compared.

    Attributes:
        flow: (h, w, 2) float32, where every pixel was in the last frame, as x and y from its own place.
        certain: (h, w) float32 from 0 to 1.
        goes_on: False at a cut.
    """

    flow: np.ndarray
    certain: np.ndarray
    goes_on: bool

    def at(self, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Of a frame of that size: (where every pixel was, as x and y from the corner; how certain that is)."""
        rows, columns = self.certain.shape
        place = cv2.resize(self.flow * np.array([width / columns, height / rows], np.float32), (width, height))
        place += _grid(width, height)
        return place, cv2.resize(self.certain, (width, height))


class MotionTracker:
    """Finds the motion of a video's contents, frame by frame in order."""

    def __init__(self) -> None:
        self.search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self.shape: tuple[int, ...] = ()
        self.last: np.ndarray | None = None

    def follow(self, content: np.ndarray) -> Motion | None:
        """The motion of the next frame's content, (H, W, 3) uint8; None of the first one and where the size changes."""
        size = _flow_size(content.shape[1], content.shape[0])
        small = cv2.resize(content, size, interpolation=cv2.INTER_AREA)
        last, self.last = self.last, small
        if self.shape != content.shape or last is None:
            self.shape = content.shape
            return None
        greys = [cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) for rgb in (small, last)]
        # OpenCV's annotations do not know that the flow to begin with, as the second map of `remap`, may be None.
        flow = self.search.calc(*greys, None)  # type: ignore[call-overload]
        certain = agreement(small, move(last, flow + _grid(*size)))
        return Motion(flow, certain, float(certain.mean()) > _CUT)


class FlickerFilter:
    """Smooths a painted video along its motion, frame by frame in order.

    Args:
        keep: 0 (no smoothing) to below 1.
    """

    def __init__(self, keep: float = KEEP):
        if not 0 <= keep < 1:
            raise ValueError(f"keep must be from 0 to below 1, got {keep}")
        self.keep = keep
        self.last: np.ndarray | None = None

    def smooth(self, painted: np.ndarray, motion: Motion | None) -> np.ndarray:
        """The painting of the next frame, (H, W, 3) uint8, steadied by the last one."""
        new = painted.astype(np.float32)
        last, self.last = self.last, new  # in float32: rounding what moves on every time would add up
        if last is not None and motion is not None:
            place, certain = motion.at(*new.shape[:2])
            share = self.keep * certain
            cv2.blendLinear(move(last, place), new, share, 1 - share, dst=new)
        return cv2.add(new, np.zeros(4), dtype=cv2.CV_8U)  # rounds and clips


@lru_cache(4)
def _grid(width: int, height: int) -> np.ndarray:
    """(H, W, 2) float32: every pixel's own place, as x and y."""
    return np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))


def _flow_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) at which flow is estimated: DIS crashes on frames of less than some patches, and on flat ones."""
    scale = min(1.0, _FLOW_SIDE / min(height, width))
    sides = [max(_LEAST_SIDE, round(side * scale)) for side in (width, height)]
    longest = _MOST_ASPECT * min(sides)
    return min(sides[0], longest), min(sides[1], longest)


def move(picture: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The picture's values at the places (H, W, 2); cubic, as repeated linear interpolation would blur."""
    return cv2.remap(picture, place, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]


def agreement(new: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """(H, W) float32 from 0 to 1: how far the moved old content looks like the new one."""
    difference = cv2.GaussianBlur(cv2.absdiff(new, moved).astype(np.float32).mean(axis=2), (0, 0), 2)
    return np.exp(-((difference / _TOLERANCE) ** 2))
