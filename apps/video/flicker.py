"""Less flicker: what was painted in the last frame moves along with the picture and is mixed into the new one.

The motion is the optical flow (DIS, Kroeger et al. 2016, arXiv 1603.03590) between the contents. Where the last
content, moved by it, does not look like the new one (uncovered background, cuts), the new painting stands alone.
"""

import cv2
import numpy as np

KEEP = 0.8
"""Share of the moved last frame where the motion is certain: 1 - KEEP of each new painting enters."""
_TOLERANCE = 14.0  # grey levels by which content may differ from the moved last one before it counts as uncovered
_CUT = 0.3  # mean certainty below which nothing goes on
_LEAST_SIDE, _MOST_ASPECT = 64, 4
_FLOW_SIDE = 480  # short side in pixels at which flow is estimated: more costs time and follows noise


class FlickerFilter:
    """Smooths a painted video along the motion of its content: for every frame in order, `follow`, then `smooth`.

    Args:
        keep: 0 (no smoothing) to below 1.
    """

    def __init__(self, keep: float = KEEP):
        if not 0 <= keep < 1:
            raise ValueError(f"keep must be from 0 to below 1, got {keep}")
        self.keep = keep
        self.flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self.content: np.ndarray | None = None
        self.painted: np.ndarray | None = None
        self.moved: tuple[np.ndarray, np.ndarray] | None = None  # places in the last frame, and how certain they are

    def follow(self, content: np.ndarray) -> bool:
        """Take the next frame's content, (H, W, 3) uint8; whether it goes on from the last one (no start, no cut)."""
        last, self.content, self.moved = self.content, content, None
        if last is None or last.shape != content.shape:
            return False
        place = self.motion(content, last)
        certain = agreement(content, move(last, place))
        self.moved = place, certain
        return float(certain.mean()) > _CUT

    def smooth(self, painted: np.ndarray) -> np.ndarray:
        """The painting of the frame that `follow` took, (H, W, 3) uint8, steadied by the last one."""
        result = painted.astype(np.float32)
        if self.painted is not None and self.moved is not None:
            place, certain = self.moved
            result += self.keep * certain[..., None] * (move(self.painted, place) - result)
        # The float32 result is what moves on: rounding it every time would add up.
        self.painted = result
        return np.rint(np.clip(result, 0, 255)).astype(np.uint8)

    def motion(self, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        """(H, W, 2) float32: for every pixel of the new content, where it was in the old one, as x and y."""
        height, width = new.shape[:2]
        small = _flow_size(width, height)
        greys = [cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), small, interpolation=cv2.INTER_AREA)
                 for rgb in (new, old)]  # fmt: skip
        # OpenCV's annotations do not know that the flow to begin with, as the second map of `remap`, may be None.
        found = self.flow.calc(*greys, None)  # type: ignore[call-overload]
        flow = cv2.resize(found, (width, height))
        flow *= np.array([width / small[0], height / small[1]], np.float32)
        return flow + np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))


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
