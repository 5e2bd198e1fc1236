"""The C library's allocator, in programs that run for days."""

import ctypes
import os
import sys

ARENA_MAX = -8  # mallopt's name for it, from glibc's malloc.h
ARENAS = 2


def share_arenas() -> bool:
    """Let all threads of this process take their memory from two arenas. Call it before they are started.

    Otherwise glibc gives every new thread one of its own, up to eight for each core, and what is freed in one is not
    used by the threads of another: decoders start threads with every film and servers with every visitor, so memory
    grows until the last arena has met the largest picture. Whoever sets MALLOC_ARENA_MAX is left to have it so.

    Returns:
        False where the C library is not glibc or the number was set already; nothing is changed there.
    """
    if not sys.platform.startswith("linux") or "MALLOC_ARENA_MAX" in os.environ:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(ARENA_MAX, ARENAS))
