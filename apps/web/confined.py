"""Work on files of visitors in processes of their own: bounded in memory and time, and ended at once when it must be.

A decoder that asks for 20 GB, runs for minutes, holds the interpreter's lock or crashes does so there, where it costs
the visitor who sent the file an answer, and nobody else anything.
"""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from apps.common.errors import describe

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

PRELOADED = ["__main__", "apps.web.reading"]
"""Imported once, in the process that the others are forked from: one more of them then takes 0.02 s."""
_STEP = 0.1  # seconds between two looks at whether anybody still waits


@dataclass(frozen=True)
class Bounds:
    """What one process may take: bytes of memory beyond its start, and seconds without a word from it."""

    memory: int
    seconds: float


class ConfinedError(ValueError):
    """The work failed; the message says why, without the file's name."""


def prepare() -> None:
    """Start the process that later ones are forked from, so that the first visitor need not wait for it."""
    run(_nothing, bounds=Bounds(1 << 28, 60), what="start")


def run(function: Callable, *args: Any, bounds: Bounds, what: str, check: Callable[[], None] | None = None) -> Any:
    """The value of function(*args), of a module's top level, computed elsewhere.

    Args:
        what: names the file in messages ("photo").
        check: called ten times a second; ends the work by raising.

    Raises:
        ConfinedError: the function raised, or went over its bounds.
    """
    with started(_call, function, args, bounds=bounds, what=what) as messages:
        for message in messages(check):
            return message
    raise AssertionError("a process that ends without a word raises ConfinedError")


@contextmanager
def started(function: Callable, *args: Any, bounds: Bounds, what: str) -> Iterator["Messages"]:
    """Run function(connection, *args) elsewhere; gives what it sends, and ends it when the context is left."""
    context: ForkServerContext | SpawnContext = multiprocessing.get_context("spawn")
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
    here, there = context.Pipe()
    process = context.Process(target=_begin, args=(there, bounds, function, args), daemon=True)
    process.start()
    there.close()
    try:
        yield Messages(here, bounds.seconds, what)
    finally:
        process.kill()
        process.join()
        process.close()
        here.close()


class Messages:
    """What a process sends; call it to iterate, and `answer` what asks for an answer."""

    def __init__(self, connection: Connection, seconds: float, what: str):
        self.connection, self.seconds, self.what = connection, seconds, what

    def __call__(self, check: Callable[[], None] | None = None) -> Iterator[Any]:
        """Until the process ends.

        Raises:
            ConfinedError: it failed, was silent for too long, or died.
        """
        while True:
            self._wait(check)
            try:
                kind, value = self.connection.recv()
            except (EOFError, OSError):
                # Killed by the system for its time or memory, or crashed: all the fault of the file.
                raise ConfinedError(f"this {self.what} is damaged, or takes too much to read; save it anew") from None
            if kind == "ended":
                return
            if kind == "failed":
                raise ConfinedError(value.replace("{what}", self.what))
            yield value

    def answer(self, value: Any) -> None:
        with suppress(OSError):  # it died meanwhile: the next message says so
            self.connection.send(value)

    def _wait(self, check: Callable[[], None] | None) -> None:
        end = time.monotonic() + self.seconds
        while not self.connection.poll(_STEP):
            if check:
                check()
            if time.monotonic() > end:
                raise ConfinedError(f"this {self.what} takes more than {self.seconds:.0f} s to read; save it anew")


def _begin(connection: Connection, bounds: Bounds, function: Callable, args: tuple) -> None:
    """The process: bound itself, work, and say how it ended."""
    try:
        _limit(bounds)
        function(connection, *args)
        last: tuple[str, Any] = ("ended", None)
    except (MemoryError, BlockingIOError):  # the second: no room for another thread
        last = ("failed", "this {what} takes more memory than there is for one; make it smaller")
    except (ValueError, OSError) as error:
        last = ("failed", describe(error))
    except Exception as error:  # decoders fail with nearly any
        reason = " ".join(str(error).split()) or type(error).__name__
        last = ("failed", f"this {{what}} cannot be read ({reason})")
    with suppress(OSError):
        connection.send(last)


def _limit(bounds: Bounds) -> None:
    if not sys.platform.startswith("linux"):
        return  # elsewhere the kernel does not count what matters; time is bounded there too
    import resource

    with open("/proc/self/status") as status:
        now = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmData"))
    resource.setrlimit(resource.RLIMIT_DATA, (now + bounds.memory,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _call(connection: Connection, function: Callable, args: tuple) -> None:
    connection.send(("value", function(*args)))


def _nothing() -> None:
    """What `prepare` runs."""
