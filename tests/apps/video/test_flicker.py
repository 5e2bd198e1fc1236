import itertools

import cv2
import numpy as np
import pytest

from apps.video.flicker import FlickerFilter, MotionTracker


def shifted(scene, n):
    return np.ascontiguousarray(scene[20:116, 10 + 3 * n : 138 + 3 * n])


@pytest.fixture
def scene():
    return cv2.resize(np.random.default_rng(0).integers(0, 256, (34, 50, 3), dtype=np.uint8), (200, 136))


def test_flicker_falls_where_the_picture_moves(scene):
    random, tracker, steady = np.random.default_rng(1), MotionTracker(), FlickerFilter()
    raw, smooth = [], []
    for n in range(12):
        content = shifted(scene, n)
        painted = np.clip(content + random.normal(0, 20, (*content.shape[:2], 1)), 0, 255).astype(np.uint8)
        raw.append(painted)
        motion = tracker.follow(content)
        assert (motion is not None and motion.goes_on) == (n > 0)
        smooth.append(steady.smooth(painted, motion))

    def error(video):
        pairs = itertools.pairwise(video[4:])
        return np.mean([np.abs(new[:, :-3].astype(float) - old[:, 3:]).mean() for old, new in pairs])

    assert error(smooth) < 0.5 * error(raw)


def test_flow_is_the_motion(scene):
    tracker = MotionTracker()
    assert tracker.follow(shifted(scene, 0)) is None
    columns = np.arange(128)
    motion = tracker.follow(shifted(scene, 1))
    assert motion.certain.mean() > 0.8
    place, _ = motion.at(96, 128)
    assert np.abs(place[40, 20:100, 0] - columns[20:100] - 3).max() < 0.6


def test_cut_is_not_smoothed(scene):
    tracker, steady = MotionTracker(), FlickerFilter()
    steady.smooth(shifted(scene, 0), tracker.follow(shifted(scene, 0)))
    other = 255 - shifted(scene[::-1], 5)
    motion = tracker.follow(other)
    assert not motion.goes_on
    assert np.abs(steady.smooth(other, motion).astype(int) - other).mean() < 6


def test_a_size_that_changes_starts_anew(scene):
    tracker, steady = MotionTracker(), FlickerFilter()
    for content in (scene, shifted(scene, 0)):
        motion = tracker.follow(content)
        assert motion is None
        assert np.array_equal(steady.smooth(content, motion), content)


def test_large_frames_are_followed_at_a_smaller_size(scene):
    """Places are in pixels of the frames as they are."""
    tracker = MotionTracker()
    for n in range(2):
        motion = tracker.follow(cv2.resize(shifted(scene, n), (1280, 960)))
    columns = np.arange(200, 1000)
    place, certain = motion.at(960, 1280)
    assert place.shape == (960, 1280, 2)
    assert certain.shape == (960, 1280)
    assert np.abs(place[400, 200:1000, 0] - columns - 30).max() < 6


@pytest.mark.parametrize("keep", [-0.1, 1.0])
def test_bad_shares(keep):
    with pytest.raises(ValueError, match="keep must be from 0 to below 1"):
        FlickerFilter(keep)
