"""What the endurance scripts make of what they see."""

import pytest

pytest.importorskip("httpx", reason="HTTPX comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[webcam]")

from benchmarks.reliability.endured import heard, stop
from benchmarks.reliability.live import by_minute, flatness
from benchmarks.reliability.visitors import KINDS, parts


def test_latency_by_minute():
    assert by_minute([(1, 0.1), (2, 0.3), (59, 0.2), (61, 0.05), (200, 0.4)]) == [200, 50, 400]


def test_memory_is_compared_with_that_after_warm_up():
    looks = [{"seconds": 30 * n, "MB": megabytes} for n, megabytes in enumerate([10, 50, 100, 90, 104])]
    assert flatness(looks, 60) == {
        "after warm-up, MB": 100, "farthest, MB": 90, "farthest, %": -10, "at the end, MB": 104, "at the end, %": 4,
    }  # fmt: skip


def test_answers_that_came_slowly_or_not_at_all():
    assert parts(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\r\n\r\n") == (200, b"body\r\n\r\n")
    assert parts(b"") == (0, b"")


def test_there_are_fifty():
    assert sum(KINDS.values()) == 50


def test_words_of_the_report():
    phase = {"painted": 1234, "asked to come again": 5, "failed": 0, "wait, median, s": 1.5, "wait, p95, s": 2}
    assert heard(phase) == "1,234 painted, wait 1.5 s (95 %: 2 s), 5 asked to come again, 0 failed"
    end = {"seconds until it had ended": 3.0, "of them on a core": 1.0, "processes that go on": 0}
    assert stop(end) == "ended after 3.0 s, of them 1.0 s on a core; 0 processes go on"
