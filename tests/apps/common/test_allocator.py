"""glibc's allocator does as it is told: threads share two arenas, freed memory is kept."""

import ctypes
import os
import subprocess
import sys

import pytest

ARENAS = """
import ctypes, threading
from apps.common.allocator import share_arenas

print(share_arenas())
met, held = threading.Barrier(13), []
def take():
    held.append(ctypes.create_string_buffer(50_000))
    met.wait()
for _ in range(12):
    threading.Thread(target=take).start()
met.wait()
ctypes.CDLL(None).malloc_stats()
"""
FREED = """
import ctypes, sys
from apps.common.allocator import keep_freed_memory
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


def arenas(**environment):
    """(what share_arenas says, how many arenas twelve threads have) in a new process."""
    env = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"} | environment
    done = subprocess.run([sys.executable, "-c", ARENAS], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr.count("Arena ")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="the C library is not glibc")
def test_threads_share_two_arenas():
    assert arenas() == ("True", 2)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="the C library is not glibc")
def test_what_the_environment_says_is_left():
    assert arenas(MALLOC_ARENA_MAX="3") == ("False", 3)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_a_freed_block_stays_with_the_process():
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    assert done.stdout.split() in (["True", "True"], ["False", "False"])
