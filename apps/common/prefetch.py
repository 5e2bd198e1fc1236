"""Working ahead in other threads, so that reading, painting and writing overlap; never more than a few items."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")
_END = object()


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
            item, error = ready.get()
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
                waiting.append((item, pool.submit(function, item)))
                if len(waiting) > size:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            for _, future in waiting:
                future.cancel()
