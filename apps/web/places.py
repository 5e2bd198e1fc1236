"""Who may work now: places that are shared out fairly between clients, and turns at the engine."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from artnet.engines.base import Engine, Held, Look, Statistics

_STEP = 0.1  # seconds between two looks at whether a waiting client is still there


class FullError(ValueError):
    """So many wait already that one more would wait for too long."""


class Places:
    """A number of places; who has waited longest comes next, unless the client holds `each` already.

    So somebody with many large pictures never holds all places.

    Args:
        most: how many may wait at once; None for any number.
    """

    def __init__(self, count: int, each: int, most: int | None = None):
        self._free, self._each, self._most = count, each, most
        self._changed = threading.Condition()
        self._waiting: list[Ticket] = []
        self._held: dict[str, int] = {}

    @contextmanager
    def taken(self, client: str, check: Callable[[], None] | None = None) -> Iterator[None]:
        """Wait for a place, and hold it; `check` is called ten times a second until then, and may raise.

        Raises:
            FullError: too many wait already.
        """
        ticket = self.join(client)
        try:
            while ticket.ahead(_STEP):
                if check:
                    check()
            yield
        finally:
            ticket.leave()

    def join(self, client: str) -> "Ticket":
        """The end of the line, for whoever asks time and again how far it has come.

        Raises:
            FullError: too many wait already.
        """
        with self._changed:
            if self._most is not None and len(self._waiting) >= self._most:
                raise FullError(
                    f"the server is busy: {len(self._waiting)} others wait already; please try again in a few minutes"
                )
            ticket = Ticket(self, client)
            self._waiting.append(ticket)
            return ticket

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def _next(self) -> "Ticket | None":
        if not self._free:
            return None
        return next((ticket for ticket in self._waiting if self._held.get(ticket.client, 0) < self._each), None)


class Ticket:
    """A client's wait for one of the places, and then that place, until it leaves."""

    def __init__(self, places: Places, client: str):
        self.client, self._places, self._holds = client, places, False

    def ahead(self, seconds: float = 0.0) -> int:
        """How many come before, this one's own turn among them: 0 once it holds a place. Waits so long for that."""
        places = self._places
        with places._changed:
            if not self._holds and places._next() is not self:
                places._changed.wait(seconds)
            if not self._holds and places._next() is self:
                self._take()
            return 0 if self._holds else 1 + places._waiting.index(self)

    def leave(self) -> None:
        """Give the place, or the wait for it, to others; again does nothing."""
        places = self._places
        with places._changed:
            if self._holds:
                places._free += 1
                places._held[self.client] -= 1
                if not places._held[self.client]:
                    del places._held[self.client]
            elif self in places._waiting:
                places._waiting.remove(self)
            self._holds = False
            places._changed.notify_all()

    def _take(self) -> None:
        places = self._places
        places._waiting.remove(self)
        places._free -= 1
        places._held[self.client] = places._held.get(self.client, 0) + 1
        self._holds = True
        places._changed.notify_all()


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
    """An engine for many: pictures, or the tiles of large ones, are painted in turns.

    Styles are prepared outside the turns: that takes seconds, and engines bear it.
    """

    def __init__(self, engine: Engine):
        self._engine, self._turn = engine, Turn()
        self.config = engine.config
        self.choice, self.stride, self.streams = engine.choice, engine.stride, engine.streams
        self.whole_pixels = engine.whole_pixels
        self.prepare = engine.prepare

    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        with self._turn:
            return self._engine.paint(rgb, look, held)

    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        with self._turn:
            return self._engine.measure(rgb, look)
