"""Timing by interleaved repetition, on a clock that only the jobs move."""

import pytest

from apps.benchmark import timing


class Clock:
    """Stands in for `time.perf_counter`; jobs move it by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timing.time, "perf_counter", clock)
    return clock


def test_every_job_has_a_time_for_every_round_but_those_of_the_warmup(clock: Clock) -> None:
    calls: list[str] = []

    def job(name: str, seconds: float) -> None:
        calls.append(name)
        clock.now += seconds

    jobs = {"quick": lambda: job("quick", 0.25), "slow": lambda: job("slow", 1.0)}
    times = timing.interleaved(jobs, rounds=3, warmup=2)
    assert times == {"quick": [250.0] * 3, "slow": [1000.0] * 3}
    assert calls == ["quick", "quick", "slow", "slow"] * 5


def test_threads_that_the_job_before_leaves_spinning_are_not_counted(clock: Clock) -> None:
    spinning_until = 0.0

    def spinner() -> None:
        nonlocal spinning_until
        clock.now += 0.080
        spinning_until = clock.now + 0.8 * timing.SETTLING

    def quick() -> None:
        clock.now += 0.015 if clock.now < spinning_until else 0.010

    times = timing.interleaved({"spinner": spinner, "quick": quick}, rounds=4, warmup=0)
    assert times["quick"] == pytest.approx([10.0] * 4)


def test_summary_is_the_median_and_the_middle_half() -> None:
    row = timing.summary([5.0, 1.0, 2.0, 4.0, 3.0])
    assert (row["q1_ms"], row["median_ms"], row["q3_ms"]) == (1.5, 3.0, 4.5)
