"""Who still waits for what: jobs end with the client that asked for them.

A client that waits holds a stream open, on which Gradio sends it what its jobs do. `Clients` is told of every job and
every stream by `apps.web.gate`; a job asks it whether anybody still listens.
"""

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable

from gradio.context import LocalContext

GRACE = 3.0
"""Seconds that a job goes on without a stream: clients open it after they have asked, and again when it breaks."""
_REMEMBERED = 4096


class GoneError(Exception):
    """Nobody waits for the result any more."""


class Clients:
    """Jobs by their event's id, and streams by the key that jobs share with them (the session's hash)."""

    def __init__(self, grace: float = GRACE, clock: Callable[[], float] = time.monotonic):
        self.grace, self._clock = grace, clock
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._streams: Counter[str] = Counter()
        self._left: OrderedDict[str, float] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()

    def asked(self, event: str, session: str | None) -> None:
        """A client has asked for a job; its stream has the job's own id where it named no session."""
        with self._lock:
            _remember(self._jobs, event, (session or event, self._clock()))

    def opened(self, key: str) -> str:
        """A stream is open, named by a session or a job; returns the session."""
        with self._lock:
            session = self._jobs[key][0] if key in self._jobs else key
            self._streams[session] += 1
            return session

    def closed(self, session: str) -> None:
        with self._lock:
            self._streams[session] -= 1
            if self._streams[session] <= 0:
                del self._streams[session]
                _remember(self._left, session, self._clock())

    def cancelled(self, event: str) -> None:
        """The client has taken its wish back."""
        with self._lock:
            _remember(self._ended, event, None)

    def gone(self, event: str) -> bool:
        """Whether nobody waits for a job, for as long as `grace`. Jobs that nobody told of count as waited for."""
        with self._lock:
            if event in self._ended:
                return True
            if event not in self._jobs:
                return False
            session, asked = self._jobs[event]
            if self._streams[session]:
                return False
            return self._clock() - max(asked, self._left.get(session, 0.0)) > self.grace

    def knows(self, event: str) -> bool:
        with self._lock:
            return event in self._jobs

    def forget(self, event: str) -> None:
        """Nobody will ask for a job's result any more; where it is still at work, it may end."""
        with self._lock:
            self._jobs.pop(event, None)
            _remember(self._ended, event, None)

    def check(self) -> Callable[[], None]:
        """For the job that the calling thread works on: a function that raises GoneError when nobody waits for it."""
        event = LocalContext.event_id.get(None)

        def check() -> None:
            if event is not None and self.gone(event):
                raise GoneError

        return check


def address() -> str:
    """The network address of whom the calling thread works for."""
    request = LocalContext.request.get(None)
    client = getattr(request, "client", None)
    return str(getattr(client, "host", "") or "")


def _remember(things: OrderedDict, key: str, value: object) -> None:
    things[key] = value
    things.move_to_end(key)
    if len(things) > _REMEMBERED:
        things.popitem(last=False)
