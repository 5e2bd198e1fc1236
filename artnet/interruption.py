"""Signals that end a run wait while what must be whole is done.

Python raises KeyboardInterrupt between any two operations of the main thread, also where a lock has just been taken,
which is then never given back: threads that need it wait for ever.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Do the block wholly or not at all: Ctrl-C and its like take effect after it.

    Only the main thread handles signals; in others nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    ours = [number for number in _ENDING if signal.getsignal(number) is not None]  # else it is not Python's
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in ours}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number in came:
        handler = before[number]
        handler(number, None) if callable(handler) else signal.raise_signal(number)
