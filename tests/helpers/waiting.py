"""Waiting for what another thread or process does."""

import time

LONGEST = 120
"""Seconds; a busy machine needs many, and what never comes is a failure all the same."""


def wait_until(condition):
    """Look again and again; an AssertionError where it does not come about."""
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)
