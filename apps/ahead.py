"""Working ahead in a second thread, so that reading, painting and writing overlap; never more than a few items."""

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
_END = object()


@contextmanager
def ahead(items: Iterable[T], size: int = 4) -> Iterator[Iterator[T]]:
    """Iterate over `items` in another thread, at most `size` items before they are asked for.

    An exception of `items` is raised where its item would have come. On leaving the block the thread is told to stop
    and waited for, so that whatever it reads from can be closed.
    """
    ready: queue.Queue = queue.Queue(size)
    stop = threading.Event()

    def put(entry: object) -> None:
        while not stop.is_set():
            try:
                return ready.put(entry, timeout=0.1)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put((item, None))
                if stop.is_set():
                    return
            put((_END, None))
        except BaseException as error:  # handed over, whatever it is
            put((_END, error))

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
