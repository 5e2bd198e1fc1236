"""Work in strips: every row once and in order, and sums that stay in a byte."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artnet.image.strips import for_strips, lit


@given(st.integers(1, 300), st.integers(1, 90))
def test_every_strip_is_made_once_and_in_order(height, rows):
    assert for_strips(lambda top: top, height, rows) == list(range(0, height, rows))


def test_what_a_strip_raises_comes_out():
    def work(top):
        raise ValueError(f"row {top}")

    with pytest.raises(ValueError, match="row 0"):
        for_strips(work, 8, 4)
    assert for_strips(lambda top: top, 8, 4) == [0, 4]


FORKED = """
import os, signal
from artnet.image.strips import for_strips
for_strips(int, 8, 4)
child = os.fork()
if not child:
    signal.alarm(60)  # the parent's threads are not there to wait for
    os._exit(for_strips(int, 8, 4) != [0, 4])
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_threads_of_its_own():
    subprocess.run([sys.executable, "-c", FORKED], check=True, timeout=120)


def test_work_goes_on_while_the_interpreter_ends():
    code = "import atexit\nfrom artnet.image.strips import for_strips\n"
    code += "atexit.register(lambda: print(for_strips(int, 8, 4)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=120, capture_output=True, text=True)
    assert done.stdout.strip() == "[0, 4]"


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), st.sampled_from([np.int8, np.float32]))
def test_light_goes_to_all_channels_and_is_cut_off(seed, height, width, dtype):
    random = np.random.default_rng(seed)
    rgb = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    change = (random.random((height, width)) * 254 - 127).astype(dtype)
    want = np.clip(rgb + np.rint(change.astype(float))[..., None], 0, 255)
    turned = rgb.transpose(1, 0, 2)
    assert np.array_equal(lit(rgb, change), want)
    assert np.array_equal(lit(turned, np.ascontiguousarray(change.T)), want.transpose(1, 0, 2))
