"""Threads of a program that asked for it share two arenas of glibc's allocator."""

import ctypes
import os
import subprocess
import sys

import pytest

PROGRAM = """
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


def arenas(**environment):
    """(what share_arenas says, how many arenas twelve threads have) in a new process."""
    env = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"} | environment
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr.count("Arena ")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="the C library is not glibc")
def test_threads_share_two_arenas():
    assert arenas() == ("True", 2)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="the C library is not glibc")
def test_what_the_environment_says_is_left():
    assert arenas(MALLOC_ARENA_MAX="3") == ("False", 3)
