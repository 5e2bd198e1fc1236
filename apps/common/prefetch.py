"""Working ahead in other threads, so that reading, painting and writing overlap; never more than a few items."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import TypeVar

from artnet.interruption import undisturbed

T = TypeVar("T")
U = TypeVar("U")
_END = object()
_HEARD = 0.1
"""Seconds after which Ctrl-C is heard at the latest: never inside a lock that other threads need too."""


@contextmanager
def prefetch(items: Iterable[T], size: int = 4) -> Iterator[Iterator[T]]:
    """Iterate over `items` in another thread, at most `size` items before they are asked for.

    An exception of `items` is raised where its item would have come. On leaving the block the thread is told to stop
    and waited for, so that whatever it reads from can be closed.
    """
    ready: queue.Queue = queue.Queue(size)
    stop = threading.Event()

    def work() -> None:
        try:
            for item in items:
                _put(ready, (item, None), stop)
                if stop.is_set():
                    return
            _put(ready, (_END, None), stop)
        except BaseException as error:  # handed over, whatever it is
            _put(ready, (_END, error), stop)

    def take() -> Iterator[T]:
        while True:
            item, error = _taken(ready)
            if error is not None:
                raise error
            if item is _END:
                return
            yield item

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        yield take()
    finally:
        stop.set()
        thread.join()


def result_of(future: "Future[T]") -> T:
    """The result of what another thread does, as `Future.result`; Ctrl-C is heard meanwhile."""
    while True:
        with undisturbed():
            if wait([future], _HEARD).done:
                return future.result()


def _taken(ready: queue.Queue) -> tuple:
    """The next entry of the queue; Ctrl-C is heard meanwhile."""
    while True:
        with undisturbed(), suppress(queue.Empty):
            return ready.get(timeout=_HEARD)


def _put(ready: queue.Queue, entry: object, stop: threading.Event) -> None:
    """Wait for room in the queue, unless nothing is wanted any more."""
    while not stop.is_set():
        try:
            return ready.put(entry, timeout=0.1)
        except queue.Full:
            continue


def prefetch_each(
    function: Callable[[T], U], items: Iterable[T], *, threads: int = 2, size: int = 4
) -> Iterator[tuple[T, "Future[U]"]]:
    """(item, future of function(item)) in order; at most `size` are worked on, or wait, beyond the one handed out."""
    with ThreadPoolExecutor(threads, thread_name_prefix="ahead") as pool:
        waiting: deque[tuple[T, Future[U]]] = deque()
        try:
            for item in items:
                with undisturbed():
                    waiting.append((item, pool.submit(function, item)))
                if len(waiting) > size:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            with undisturbed():
                for _, future in waiting:
                    future.cancel()
