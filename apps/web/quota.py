"""How much visitors may write: bytes of a client, and of all together; and the deletion of what is old."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LIFETIME = 3600.0
"""Seconds after which uploads and results are deleted."""
EACH, ALL = 1_000_000_000, 4_000_000_000
"""Bytes that one client, and all together, may have written within a lifetime."""


class QuotaError(ValueError):
    """There is no room for more."""


class Quota:
    """What was written below a folder within the last LIFETIME, by client; what is older is deleted by `sweep`.

    Files that are there at the start belong to the page, and stay.
    """

    def __init__(self, folder: Path, each: int = EACH, whole: int = ALL, clock: Callable[[], float] = time.monotonic):
        self.folder, self._each, self._whole, self._clock = folder, each, whole, clock
        self._written: dict[str, deque[list]] = {}
        self._lock = threading.Lock()  # uploads come from the event loop, results from threads
        self._own = set(folder.rglob("*"))

    def begin(self, client: str, size: int) -> list:
        """Note that a client is about to write so many bytes; `settle` says how many it was.

        Raises:
            QuotaError: that is more than the client, or all together, may have.
        """
        with self._lock:
            self._forget()
            if self._sum(client) + size > self._each:
                limit = f"{self._each / 1e9:.1f} GB within an hour"
                raise QuotaError(f"your files, sent and painted, come to more than {limit}, the limit: come back later")
            if sum(map(self._sum, self._written)) + size > self._whole:
                raise QuotaError("the server has no room for more uploads now: come back later")
            entry = [self._clock(), size]
            self._written.setdefault(client, deque()).append(entry)
            return entry

    def settle(self, entry: list, size: int) -> None:
        entry[1] = size

    def sweep(self, now: float) -> None:
        """Delete what has not been touched for LIFETIME; `now` is in seconds since 1970."""
        for path in sorted(self.folder.rglob("*"), reverse=True):  # files before their folders
            with suppress(OSError):
                if path in self._own or path.is_socket() or now - path.lstat().st_ctime <= LIFETIME:
                    continue  # helper processes are started through a socket
                path.rmdir() if path.is_dir() else path.unlink()  # folders that hold anything stay

    def _sum(self, client: str) -> int:
        return sum(size for _, size in self._written.get(client, ()))

    def _forget(self) -> None:
        oldest = self._clock() - LIFETIME
        for client in list(self._written):
            entries = self._written[client]
            while entries and entries[0][0] < oldest:
                entries.popleft()
            if not entries:
                del self._written[client]
