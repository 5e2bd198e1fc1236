"""Known values of every schedule function."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pruning import schedules
from pruning.schedules import SCHEDULES, constant, decaying, exponential, polynomial


def test_exponential():
    assert exponential(0, 80) == 0
    assert exponential(10, 80) == pytest.approx(0.75)
    assert exponential(20, 80) == pytest.approx(1 - 1 / 16)
    assert exponential(75, 80) == pytest.approx(1 - 4**-7.5)
    assert exponential(76, 80) == 1


def test_polynomial():
    assert polynomial(0, 10) == pytest.approx(1 - 0.9**3)
    assert polynomial(4, 10) == pytest.approx(0.875)
    assert polynomial(9, 10) == 1
    assert polynomial(94, 100) == pytest.approx(1 - 0.05**3)
    assert polynomial(95, 100) == 1


def test_decaying():
    rate = math.log((0.5 + 1e-7) / 1e-5)
    assert decaying(0.5)(0, 40) == 0.5
    assert decaying(0.5)(20, 40) == pytest.approx(0.5 * math.exp(-rate / 2))
    assert decaying(1.0)(35, 40) == pytest.approx(math.exp(-35 / 40 * math.log((1 + 1e-7) / 1e-5)))
    assert decaying(0.5)(36, 40) == 0


@pytest.mark.parametrize("start", [0.0, 1.1])
def test_factor_out_of_range(start):
    with pytest.raises(ValueError, match=f"must be in \\(0, 1\\], got {start}"):
        decaying(start)


@given(st.integers(1, 300), st.sampled_from(sorted(SCHEDULES)))
def test_every_schedule_ends_with_the_goal_pruned(epochs, name):
    schedule = SCHEDULES[name]
    shares = [schedule.share(e, epochs) for e in range(epochs)]
    factors = [schedule.factor(e, epochs) for e in range(epochs)]
    hardness = [schedule.hardness(e, epochs) for e in range(epochs)]
    assert shares == sorted(shares)
    assert hardness == sorted(hardness)
    assert factors == sorted(factors, reverse=True)
    assert (shares[-1], factors[-1]) == (1, 0)
    assert all(0 <= value <= 1 for value in shares + factors + hardness)


def test_what_each_schedule_is():
    def at(name, epoch):
        s = SCHEDULES[name]
        return [round(curve(epoch, 40), 3) for curve in (s.share, s.factor, s.hardness)]

    half = round(0.5 * math.exp(-0.125 * math.log((0.5 + 1e-7) / 1e-5)), 3)
    cubic = round(1 - (34 / 40) ** 3, 3)
    assert at("hfp", 5) == [1, 0, 1]
    assert at("sfp", 5) == [1, 0, 0]
    assert at("asfp", 5) == [0.75, 0, 0]
    assert at("srfp", 5) == [1, half, 0]
    assert at("asrfp", 5) == [0.75, half, 0]
    assert at("ghfp", 5) == [0.75, 0, cubic]
    assert at("ghfp-asrfp", 5) == [0.75, half, cubic]
    assert [name for name, s in SCHEDULES.items() if s.thin_gradients] == ["pgmpf"]


def test_names():
    assert schedules.get("ghfp") is SCHEDULES["ghfp"]
    assert constant(0.3)(7, 9) == 0.3
    with pytest.raises(ValueError, match="unknown schedule 'ghpf'; valid: hfp, sfp"):
        schedules.get("ghpf")
