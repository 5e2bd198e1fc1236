"""Freed memory is kept by the process."""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys
from artnet.training.allocator import keep_freed_memory
kept = keep_freed_memory()
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
before = resident()
block = libc.malloc(200 * 2**20)
ctypes.memset(block, 1, 200 * 2**20)
libc.free(block)
print(kept, resident() - before > 150)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_a_freed_block_stays_with_the_process():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split() in (["True", "True"], ["False", "False"])
