"""Memory of the sandwich at the size of a 1024x1024 content, measured in a process of its own."""

import subprocess
import sys

import pytest

MEASURE = """
import torch
from s2transform import prepare_style, transfer

def peak():
    # Not resource.getrusage, whose peak a new process takes over from the one that started it.
    [line] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return int(line.split()[1])

content, style = torch.rand(1, 480, 128, 128), torch.rand(1, 480, 64, 64)
small = transfer(content[..., :8, :8], prepare_style(style[..., :8, :8]))
before = peak()
with torch.inference_mode():
    out = transfer(content, prepare_style(style, bank_stride=2))
assert out.shape == content.shape
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/status exists on Linux only")
def test_sandwich_of_a_megapixel_stays_under_512_megabytes():
    run = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    assert 32 * 2**20 < int(run.stdout) * 1024 < 512 * 2**20
