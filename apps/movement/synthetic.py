"""Made-up infants whose class is carried by chosen joints only: what an explanation has to find."""

import numpy as np

from apps.movement.dataset import Example
from apps.movement.recordings import make_recording
from apps.movement.skeletons import COMMON

PLANTED = ("right wrist", "left wrist", "right ankle", "left ankle")
DECOYS = ("nose", "right elbow", "left elbow", "right knee", "left knee")
"""tremble in both classes alike, so that trembling anywhere is no sign of the class"""

POSE = np.array(
    [[0, 1.35], [0, 1], [-0.3, 0.95], [-0.6, 0.7], [-0.7, 1.05], [0.3, 0.95], [0.6, 0.7], [0.7, 1.05],
     [-0.15, 0], [-0.45, -0.35], [-0.25, -0.75], [0.15, 0], [0.45, -0.35], [0.25, -0.75]]
)  # fmt: skip
"""(14, 2) a supine infant, the trunk 1 long"""
TRUNK_PX, RATE = 100.0, 30.0


def make_subjects(count: int, seed: int, *, frames: int = 300, strength: float = 0.05) -> list[Example]:
    """Subjects of both classes in turn.

    All joints move slowly and at random, the farther from the trunk the more. Every subject's decoy joints tremble at
    2.5 to 4 Hz with a random amplitude; in class 1 the planted joints tremble as well, in class 0 they never do.

    Args:
        count: subjects, at least 4.
        seed: of everything.
        frames: of each recording, at 30 a second.
        strength: amplitude of the trembling, in trunk lengths.
    """
    draw = np.random.default_rng(seed)
    return [_subject(f"s{index:02d}", index % 2, draw, frames, strength) for index in range(count)]


def _subject(name: str, label: int, draw: np.random.Generator, frames: int, strength: float) -> Example:
    joints = COMMON.joints
    time = np.arange(frames)[:, None, None] / RATE
    slow = sum(
        np.sin(2 * np.pi * (draw.uniform(0.1, 0.7, (14, 2)) * time + draw.uniform(0, 1, (14, 2)))) for _ in range(3)
    )
    reach = np.where([any(part in joint for part in ("wrist", "ankle", "elbow", "knee")) for joint in joints], 1, 0.15)
    tremble = np.zeros(14)
    tremble[[joints.index(joint) for joint in DECOYS]] = strength * draw.uniform(0, 2, len(DECOYS))
    if label:
        tremble[[joints.index(joint) for joint in PLANTED]] = strength * draw.uniform(0.8, 1.2, len(PLANTED))
    fast = np.sin(2 * np.pi * (draw.uniform(2.5, 4, (14, 2)) * time + draw.uniform(0, 1, (14, 2))))
    points = POSE + 0.05 * draw.normal(size=POSE.shape) + 0.06 * reach[:, None] * slow + tremble[:, None] * fast
    points = 320 + TRUNK_PX * points + draw.normal(size=points.shape) * 0.5
    return Example(name, label, name, make_recording(name, points, np.ones(points.shape[:2]), COMMON))
