"""A recording: joint tracks of one video, whatever file they came from."""

from dataclasses import dataclass

import numpy as np

from apps.movement.skeletons import COMMON, Skeleton


@dataclass(frozen=True)
class Recording:
    """Joint tracks in the common joint set.

    Attributes:
        source: the file or folder, for messages.
        positions: (T, 14, D) float32 in the file's units, D = 2 or 3; NaN where a joint was not found.
        confidence: (T, 14) float32, 0 where a joint was not found, else above 0 (1 where the format has none).
    """

    source: str
    positions: np.ndarray
    confidence: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def dimensions(self) -> int:
        return int(self.positions.shape[2])


FARTHEST = 1e9  # a coordinate in any unit: beyond it, float32 runs out of digits


def make_recording(source: str, positions: np.ndarray, confidence: np.ndarray, skeleton: Skeleton) -> Recording:
    """Bring tracks to the common joint set; a neck that the set lacks lies between the shoulders.

    Args:
        source: for messages.
        positions: (T, J, D).
        confidence: (T, J); 0 marks a joint that was not found, whose position is ignored.
        skeleton: the joint set, J joints.

    Raises:
        ValueError: fewer than two frames, values that are not finite, confidences below 0, or a joint never found.
    """
    if len(positions) < 2:
        raise ValueError(f"{source} has {len(positions)} frame(s); a movement needs at least 2")
    _check_values(source, positions, confidence, skeleton)
    columns = [_column(joint, positions, confidence, skeleton) for joint in COMMON.joints]
    points = np.stack([p for p, _ in columns], 1).astype(np.float32)
    sure = np.stack([c for _, c in columns], 1).astype(np.float32)
    never = [joint for joint, seen in zip(COMMON.joints, np.any(sure > 0, axis=0).tolist(), strict=True) if not seen]
    if never:
        raise ValueError(f"{source}: {', '.join(never)} found in no frame")
    points[sure == 0] = np.nan
    return Recording(source, points, sure)


def _column(
    joint: str, positions: np.ndarray, confidence: np.ndarray, skeleton: Skeleton
) -> tuple[np.ndarray, np.ndarray]:
    if joint in skeleton.joints:
        index = skeleton.joints.index(joint)
        return positions[:, index], confidence[:, index]
    shoulders = [skeleton.joints.index(f"{side} shoulder") for side in ("left", "right")]
    return positions[:, shoulders].mean(1), confidence[:, shoulders].min(1)


def _check_values(source: str, positions: np.ndarray, confidence: np.ndarray, skeleton: Skeleton) -> None:
    bad_sure = ~np.isfinite(confidence) | (confidence < 0)
    bad_place = ~(np.abs(positions) < FARTHEST).all(2) & (confidence > 0)
    for bad, what in ((bad_sure, "confidence"), (bad_place, "position")):
        if bad.any():
            frame, joint = np.argwhere(bad)[0]
            values = confidence[frame, joint] if what == "confidence" else positions[frame, joint].tolist()
            raise ValueError(f"{source}: frame {frame}, {skeleton.joints[joint]}: the {what} {values} is no valid one")
