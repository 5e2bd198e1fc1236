"""Who is live: a secret for each page, its place in line, and what it wants to have painted."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from apps.web.places import Places, Ticket

Paint = Callable[[np.ndarray, bool], np.ndarray]
"""Paints a frame, (H, W, 3) uint8, and is told whether many of its size will follow."""
SEATS, EACH, LINE = 2, 1, 20
"""Pages that are painted at once, those of one address among them, and those that may wait for that."""
SECONDS, SHARED_SECONDS = 600, 120
"""How long a visit lasts before it must be started again, and how long while others wait."""
PATIENCE = 6.0
"""Seconds without a word from a page after which its place is free."""
IN_FLIGHT = 2  # frames of one page that are worked on at once


class OverError(Exception):
    """The visit has ended; the message says why, and what to do."""


@dataclass
class Visit:
    """One page that is live, or waits for it.

    Attributes:
        paint: what its next frame is painted with; replaced while it runs.
        since: when it got its seat, None while it waits. seen: when it was last heard of.
        places: for its frames that are worked on.
    """

    ticket: Ticket
    paint: Paint
    seen: float
    since: float | None = None
    places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(IN_FLIGHT))


class Visits:
    """Visits by their secret, which only their own page knows; safe to call from several threads."""

    def __init__(self, places: Places | None = None, clock: Callable[[], float] = time.monotonic):
        self._places, self._clock = places or Places(SEATS, EACH, LINE), clock
        self._lock, self._visits = threading.RLock(), dict[str, Visit]()

    def open(self, client: str, paint: Paint) -> str:
        """The secret of a new visit, at the end of the line.

        Raises:
            FullError: the line is too long.
        """
        with self._lock:
            self._sweep()
            secret = secrets.token_urlsafe(24)
            self._visits[secret] = Visit(self._places.join(client), paint, self._clock())
            return secret

    def change(self, secret: str, paint: Paint) -> None:
        """Paint differently from the next frame on; nothing where the visit is over."""
        with self._lock:
            if visit := self._visits.get(secret):
                visit.paint = paint

    def has(self, secret: str | None) -> bool:
        """Whether the visit goes on."""
        return secret in self._visits

    def turn(self, secret: str) -> tuple[Visit, int]:
        """The visit, which was heard of now, and its number in line; 0 once it has a seat.

        Raises:
            OverError: it is over, or its time is.
        """
        with self._lock:
            self._sweep()
            if secret not in self._visits:
                raise OverError("The connection was lost for a while, and so your place. Start again.")
            visit, now = self._visits[secret], self._clock()
            visit.seen = now
            number = visit.ticket.ahead()
            if number == 0:
                visit.since = now if visit.since is None else visit.since
                self._check_time(secret, now - visit.since)
            return visit, number

    def close(self, secret: str) -> None:
        """The page has stopped: its place goes to the next one."""
        with self._lock:
            if visit := self._visits.pop(secret, None):
                visit.ticket.leave()

    def _check_time(self, secret: str, seconds: float) -> None:
        most = SHARED_SECONDS if self._places.waiting else SECONDS
        if seconds > most:
            self.close(secret)
            others = "others wait in line" if most == SHARED_SECONDS else "and nobody may have been looking"
            raise OverError(f"You were live for {seconds / 60:.0f} minutes, {others}. Start again to go on.")

    def _sweep(self) -> None:
        oldest = self._clock() - PATIENCE
        for secret in [secret for secret, visit in self._visits.items() if visit.seen < oldest]:
            self.close(secret)
