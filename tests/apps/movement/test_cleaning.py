"""Cleaning and normalising undo what was done to known tracks; clips and their variations."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.movement.cleaning import Cleaning, clean, fill_gaps, normalise, outliers, prepare, smooth
from apps.movement.clips import augment, clip_starts, cut_clips, mirror
from apps.movement.recordings import make_recording
from apps.movement.skeletons import COMMON, HIPS, NECK
from apps.movement.synthetic import make_subjects

TRACKS = make_subjects(4, 0, frames=60)[0].recording


def test_gaps_are_bridged_by_lines():
    points = np.arange(10.0)[:, None, None] * np.ones((1, 2, 2))
    holed = points.copy()
    holed[3:6, 0] = np.nan
    holed[:2, 1] = np.nan
    filled = fill_gaps(holed)
    np.testing.assert_allclose(filled[:, 0], points[:, 0])
    np.testing.assert_allclose(filled[:2, 1], 2)  # nothing to draw a line to: the nearest value


def test_outliers_are_found_and_motion_is_kept():
    points = TRACKS.positions.astype(float)
    broken = points.copy()
    broken[20, 4] += 60
    broken[40, 10] -= 45
    found = outliers(broken)
    assert found[20, 4]
    assert found[40, 10]
    assert found.sum() <= 0.01 * found.size
    assert outliers(points).sum() <= 0.01 * found.size
    cleaned = clean(make_recording("x", broken, np.ones(broken.shape[:2]), COMMON), Cleaning(window=1))
    assert np.abs(cleaned - points).max() < 15


def test_unsure_samples_are_dropped():
    confidence = np.full((60, 14), 0.9)
    confidence[30, 4] = 0.6
    broken = TRACKS.positions.astype(float)
    broken[30, 4] = 1e4
    cleaned = clean(make_recording("x", broken, confidence, COMMON), Cleaning(outliers=False, window=1))
    assert np.abs(cleaned[30, 4] - TRACKS.positions[30, 4]).max() < 15
    np.testing.assert_allclose(cleaned[29], TRACKS.positions[29])


def test_smoothing():
    points = np.random.default_rng(0).normal(size=(20, 3, 2))
    smoothed = smooth(points, 5)
    np.testing.assert_allclose(smoothed[7], points[5:10].mean(0))
    np.testing.assert_allclose(smoothed[0], points[:3].mean(0))
    np.testing.assert_array_equal(smooth(points, 1), points)
    with pytest.raises(ValueError, match="odd number of frames"):
        smooth(points, 4)


@settings(max_examples=25, deadline=None)
@given(st.floats(-math.pi, math.pi), st.floats(0.1, 50), st.floats(-1e3, 1e3), st.integers(2, 3))
def test_normalising_undoes_turn_scale_and_shift(angle, scale, shift, dimensions):
    points = np.concatenate([TRACKS.positions, TRACKS.positions[..., :1] * 0.3], 2)[..., :dimensions].astype(float)
    turn = np.eye(dimensions)
    turn[:2, :2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    if dimensions == 3:
        turn = turn @ turn[[2, 0, 1]][:, [2, 0, 1]]  # the same about another axis
    moved = scale * points @ turn.T + shift
    before, after = normalise(points, "a"), normalise(moved, "b")
    np.testing.assert_allclose(after, before, atol=2e-4)
    np.testing.assert_allclose(after[:, NECK, 0], 0, atol=1e-4)
    np.testing.assert_allclose(after[:, HIPS].mean(1), 0, atol=1e-4)
    assert after[:, NECK, 1].mean() == pytest.approx(1, abs=1e-4)


def test_a_trunk_without_length():
    points = TRACKS.positions.copy()
    points[7] = 5
    with pytest.raises(ValueError, match=r"baby: the trunk .* has no length in frame 7"):
        normalise(points, "baby")


def test_clips():
    tracks = np.arange(70.0)[:, None, None] * np.ones((1, 14, 2))
    clips = cut_clips(tracks, 20, "x")
    assert clip_starts(70, 20) == [0, 10, 20, 30, 40, 50]
    assert clips.shape == (6, 14, 2, 20)
    assert clips[:, 0, 0, 0].tolist() == [0, 10, 20, 30, 40, 50]
    assert clip_starts(75, 20)[-1] == 55
    assert len(cut_clips(tracks, 70, "x")) == 1
    with pytest.raises(ValueError, match="x has 70 frames; a clip needs 71"):
        cut_clips(tracks, 71, "x")


def test_mirror_swaps_sides():
    clips = torch.randn(3, 14, 2, 5)
    flipped = mirror(clips)
    left, right = COMMON.joints.index("left wrist"), COMMON.joints.index("right wrist")
    torch.testing.assert_close(flipped[:, left, 0], -clips[:, right, 0])
    torch.testing.assert_close(flipped[:, left, 1], clips[:, right, 1])
    torch.testing.assert_close(mirror(flipped), clips)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_augmentation_keeps_the_shape_of_the_body(dimensions):
    clips = torch.randn(8, 14, dimensions, 5)
    varied = augment(clips, torch.Generator().manual_seed(0))
    assert varied.shape == clips.shape
    sides = lambda x: (x[:, NECK] - x[:, 0]).norm(dim=1)  # noqa: E731
    ratio = sides(varied) / sides(clips)
    torch.testing.assert_close(ratio, ratio[:, :1].expand_as(ratio), rtol=1e-3, atol=1e-4)
    assert ((ratio > 0.89) & (ratio < 1.11)).all()
    assert ratio[:, 0].std() > 0.01


def test_prepare_is_in_trunk_lengths():
    tracks = prepare(TRACKS)
    assert tracks.shape == (60, 14, 2)
    assert tracks.dtype == np.float32
    assert np.abs(tracks).max() < 3
