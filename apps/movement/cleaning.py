"""From raw tracks to comparable ones: gaps filled, outliers and noise removed, body-centred, upright, of one size.

Steps and defaults follow the published pipelines on this kind of data (gaps by confidence, a moving mean of 5 frames,
the trunk turned upright); the running-median test for outliers is ours.
"""

import math
from dataclasses import dataclass

import numpy as np

from apps.movement.recordings import Recording
from apps.movement.skeletons import HIPS, NECK


@dataclass(frozen=True)
class Cleaning:
    """What is cleaned.

    Attributes:
        margin: a sample whose confidence is this much below its joint's mean confidence is dropped.
        outliers: drop samples far from the running median of their joint.
        window: frames of the moving mean, odd; 1 for none.
    """

    margin: float = 0.07
    outliers: bool = True
    window: int = 5

    def __post_init__(self) -> None:
        if type(self.window) is not int or self.window < 1 or self.window % 2 == 0:
            raise ValueError(f"window must be an odd number of frames, got {self.window!r}")
        if not isinstance(self.margin, (int, float)) or not math.isfinite(self.margin):
            raise ValueError(f"margin must be a finite number, got {self.margin!r}")


MEDIAN_WINDOW = 15
"""frames; half a second at 30 frames a second"""
OUTLIER_SPREADS = 4.0
"""an outlier is this many standard deviations, estimated from the running median deviation, away"""
OUTLIER_FLOOR = 0.05
"""and further than this share of the trunk's length"""


def prepare(recording: Recording, cleaning: Cleaning | None = None) -> np.ndarray:
    """Clean and normalise a recording.

    Returns:
        (T, 14, D) float32: origin between the hips, neck on the positive y axis, the mean trunk 1 long.

    Raises:
        ValueError: nothing of a joint is left, or the trunk has no length.
    """
    cleaning = cleaning or Cleaning()
    return normalise(clean(recording, cleaning), recording.source)


def clean(recording: Recording, cleaning: Cleaning) -> np.ndarray:
    """(T, 14, D) float64 without gaps, in the units of the file."""
    points = recording.positions.astype(np.float64)
    unsure = recording.confidence < mean_seen(recording.confidence) - cleaning.margin
    points[unsure] = np.nan
    points = fill_gaps(points)
    if cleaning.outliers:
        points[outliers(points)] = np.nan
        points = fill_gaps(points)
    return smooth(points, cleaning.window)


def mean_seen(confidence: np.ndarray) -> np.ndarray:
    """(J,) mean confidence over the frames in which a joint was found."""
    return confidence.sum(0) / np.maximum((confidence > 0).sum(0), 1)


def fill_gaps(points: np.ndarray) -> np.ndarray:
    """Straight lines across the NaN frames of each joint; the nearest value before the first and after the last."""
    filled = points.copy()
    frames = np.arange(len(points))
    for joint in range(points.shape[1]):
        seen = np.isfinite(points[:, joint]).all(1)
        for axis in range(points.shape[2]):
            filled[~seen, joint, axis] = np.interp(frames[~seen], frames[seen], points[seen, joint, axis])
    return filled


def outliers(points: np.ndarray) -> np.ndarray:
    """(T, J) bool: samples far from the running median, measured in running median deviations and trunk lengths."""
    centre = _running_median(points)
    away = np.linalg.norm(points - centre, axis=2)
    spread = 1.4826 * _running_median(away)
    floor = OUTLIER_FLOOR * np.linalg.norm(_trunk(np.median(points, 0)))
    found = away > np.maximum(OUTLIER_SPREADS * spread, floor)
    return found & ~found.all(0)  # never all of a joint


def _running_median(values: np.ndarray) -> np.ndarray:
    half = MEDIAN_WINDOW // 2
    padded = np.pad(values, [(half, half), *[(0, 0)] * (values.ndim - 1)], mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, MEDIAN_WINDOW, axis=0), -1)


def smooth(points: np.ndarray, window: int) -> np.ndarray:
    """Moving mean over time; at the ends over the frames that there are.

    Raises:
        ValueError: a window that is even or below 1.
    """
    if window < 1 or window % 2 == 0:
        raise ValueError(f"the window must be an odd number of frames from 1 on, got {window}")
    kernel = np.ones(window)
    count = np.convolve(np.ones(len(points)), kernel, "same")[: len(points)] if len(points) >= window else None
    if count is None:
        return points
    total = np.apply_along_axis(np.convolve, 0, points, kernel, "same")
    return total / count[:, None, None]


def _trunk(points: np.ndarray) -> np.ndarray:
    """(..., J, D) -> (..., D) from between the hips to the neck."""
    return points[..., NECK, :] - points[..., HIPS, :].mean(-2)


def normalise(points: np.ndarray, source: str) -> np.ndarray:
    """Centre between the hips, turn the trunk onto +y in every frame, divide by the mean length of the trunk.

    In 3-D the hips are also turned into the plane z = 0, the left one to positive x.

    Raises:
        ValueError: a frame whose trunk (in 3-D: or hip line) has no length.
    """
    trunk = _trunk(points)
    length = np.linalg.norm(trunk, axis=1)
    _check_length(length, source, "the trunk (neck to hips)")
    up = trunk / length[:, None]
    if points.shape[2] == 2:
        axes = np.stack([np.stack([up[:, 1], -up[:, 0]], 1), up], 1)
    else:
        across = points[:, HIPS[1]] - points[:, HIPS[0]]
        across -= (across * up).sum(1, keepdims=True) * up
        width = np.linalg.norm(across, axis=1)
        _check_length(width, source, "the line between the hips")
        across /= width[:, None]
        axes = np.stack([across, up, np.cross(across, up)], 1)
    centred = points - points[:, HIPS].mean(1, keepdims=True)
    return (np.einsum("tad,tjd->tja", axes, centred) / length.mean()).astype(np.float32)


def _check_length(length: np.ndarray, source: str, what: str) -> None:
    if not (length > 1e-9).all():
        raise ValueError(f"{source}: {what} has no length in frame {int(np.argmin(length))}")
