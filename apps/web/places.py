"""Who may work now: places that are shared out fairly between clients, and turns at the engine."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from artnet.engines.protocol import Engine, Held, Look, Statistics

_STEP = 0.1  # seconds between two looks at whether a waiting client is still there


class Places:
    """A number of places; who has waited longest comes next, unless the client holds `each` already.

    So somebody with many large pictures never holds all places.
    """

    def __init__(self, count: int, each: int):
        self._free, self._each = count, each
        self._changed = threading.Condition()
        self._waiting: list[tuple[object, str]] = []
        self._held: dict[str, int] = {}

    @contextmanager
    def taken(self, client: str, check: Callable[[], None] | None = None) -> Iterator[None]:
        """Wait for a place, and hold it; `check` is called ten times a second until then, and may raise."""
        self._wait((object(), client), check)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._held[client] -= 1
                if not self._held[client]:
                    del self._held[client]
                self._changed.notify_all()

    def _wait(self, ticket: tuple[object, str], check: Callable[[], None] | None) -> None:
        with self._changed:
            self._waiting.append(ticket)
            try:
                while self._next() is not ticket:
                    self._changed.wait(_STEP)
                    if check:
                        check()
                self._free -= 1
                self._held[ticket[1]] = self._held.get(ticket[1], 0) + 1
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _next(self) -> tuple[object, str] | None:
        if not self._free:
            return None
        return next((ticket for ticket in self._waiting if self._held.get(ticket[1], 0) < self._each), None)


class Turn:
    """A lock that goes to who has waited longest; Python's own may come back to its last holder again and again."""

    def __init__(self) -> None:
        self._lock, self._waiting, self._busy = threading.Lock(), deque[threading.Lock](), False

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def __enter__(self) -> None:
        with self._lock:
            if not self._busy:
                self._busy = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # released by the one before

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._busy = False


class SharedEngine:
    """An engine for many: tiles are painted in turns, so that nobody waits for another's whole picture.

    Styles are prepared outside the turns: that takes seconds, and engines bear it.
    """

    def __init__(self, engine: Engine, whole_pixels: int):
        self._engine, self._turn = engine, Turn()
        self.choice, self.stride, self.streams = engine.choice, engine.stride, engine.streams
        self.whole_pixels = min(whole_pixels, engine.whole_pixels)
        self.prepare = engine.prepare

    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        with self._turn:
            return self._engine.paint(rgb, look, held)

    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        with self._turn:
            return self._engine.measure(rgb, look)
