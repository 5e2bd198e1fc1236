"""artnet.image.postprocess against formulas written out, and what it must leave alone."""

import tracemalloc
from dataclasses import astuple

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artnet.image.postprocess import (
    BAND,
    MOST_GRAIN,
    ROWS,
    Finish,
    apply_finish,
    finish_of,
    grain_pattern,
    mixed,
)

GREY = 120


def noise(height: int, width: int, deviation: float = 60.0, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(128, deviation, (height, width, 3))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def finished(content: np.ndarray, finish: Finish) -> np.ndarray:
    painted = np.full_like(content, GREY)
    apply_finish(painted, content, finish)
    return painted


def laplacian(content: np.ndarray) -> np.ndarray:
    luma = cv2.cvtColor(content, cv2.COLOR_RGB2GRAY).astype(int)
    around = np.pad(luma, 1, mode="edge")
    weights = np.outer([1, 2, 1], [1, 2, 1]) / 16
    rows, columns = luma.shape
    return luma - sum(weights[i, j] * around[i : i + rows, j : j + columns] for i in range(3) for j in range(3))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (40, 31), (ROWS, 20), (ROWS + 1, 5), (2 * BAND + 3, 7)])
@pytest.mark.parametrize("share", [1.0, 0.4])
def test_detail_is_the_finest_laplacian_band_in_every_row(shape: tuple[int, int], share: float) -> None:
    content = noise(*shape)
    painted = finished(content, Finish(share, 0.0)).astype(int)
    wanted = np.clip(GREY + share * laplacian(content), 0, 255)
    assert np.abs(painted - wanted[..., None]).max() <= 0.5 + 1e-6


def test_nothing_changes_without_detail_and_grain() -> None:
    assert (finished(noise(30, 40), Finish(0.0, 0.0)) == GREY).all()


def test_flat_content_has_no_detail() -> None:
    assert (finished(np.full((20, 30, 3), 77, np.uint8), Finish(1.0, 0.0)) == GREY).all()


@pytest.mark.parametrize("deviation", [1.0, 3.0, 7.0])
def test_grain_has_its_deviation_is_grey_and_does_not_shift_brightness(deviation: float) -> None:
    content = np.full((700, 900, 3), 77, np.uint8)
    change = finished(content, Finish(0.0, deviation)).astype(float) - GREY
    assert (change == change[..., :1]).all()
    assert change.std() == pytest.approx(np.hypot(deviation, 12**-0.5), rel=0.02)  # rounding has its own deviation
    assert abs(change.mean()) < 0.02


def test_grain_stands_still_when_the_picture_grows() -> None:
    finish = Finish(0.0, 4.0)
    small, large = (finished(np.full((side, side, 3), 77, np.uint8), finish) for side in (300, BAND + 300))
    assert (large[:300, :300] == small).all()
    assert (large[BAND:, BAND:] == small).all()


@pytest.mark.parametrize("level", [0, 255])
def test_the_ends_of_the_scale_are_not_crossed(level: int) -> None:
    painted = np.full((64, 64, 3), level, np.uint8)
    apply_finish(painted, noise(64, 64), Finish(1.0, 7.0))
    assert (np.abs(painted.astype(int) - level) <= 128 + 40).all()


@pytest.mark.parametrize("deviation", [2.0, 5.0])
def test_grain_of_noise_is_its_deviation(deviation: float) -> None:
    assert finish_of(noise(256, 256, deviation)).grain == pytest.approx(deviation, rel=0.08)


def test_edges_are_no_grain_but_detail() -> None:
    stripes = np.zeros((128, 128, 3), np.uint8)
    for left in range(0, 128, 16):
        stripes[left : left + 8, left : left + 8] = 255
    found = finish_of(stripes)
    assert found.grain == 0
    assert found.detail > 0.1


def test_what_is_measured_stays_in_range() -> None:
    assert finish_of(np.full((3, 3, 3), 9, np.uint8)) == Finish(0.0, 0.0)
    assert finish_of(noise(64, 64)) == Finish(1.0, MOST_GRAIN)


def test_a_mix_is_weighted_and_starts_at_the_content() -> None:
    first, second = Finish(1.0, 2.0), Finish(0.2, 6.0)
    assert astuple(mixed([first, second], [1, 3], 1.0, 1.0)) == pytest.approx((0.4, 5.0))
    assert astuple(mixed([first, second], [1, 3], 0.5, 0.5)) == pytest.approx((0.7, 1.25))
    assert mixed([first, second], [1, 3], 0.0, 1.0) == Finish(1.0, 0.0)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, MOST_GRAIN))
def test_a_mix_lies_between_its_ends(strength: float, grain: float, detail: float, noisy: float) -> None:
    found = mixed([Finish(detail, noisy)], [2.0], strength, grain)
    assert min(detail, 1) - 1e-9 <= found.detail <= 1 + 1e-9
    assert -1e-9 <= found.grain <= noisy + 1e-9


def test_grain_repeats_across_wide_pictures_beside_their_detail() -> None:
    content = noise(3, 4 * BAND + 5)
    painted = finished(content, Finish(0.8, 3.0)).astype(int)
    grain = np.tile(grain_pattern(3.0), (1, 5))[:3, : content.shape[1]]
    wanted = np.clip(GREY + 0.8 * laplacian(content) + grain, 0, 255)
    assert np.abs(painted - wanted[..., None]).max() <= 0.5 + 1e-4


def test_a_long_picture_takes_no_more_memory_than_its_pixels_do() -> None:
    content = noise(1, 300_000)
    tracemalloc.start()
    finished(content, Finish(0.6, 3.0))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 * content.nbytes
