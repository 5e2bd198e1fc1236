"""Work in a thread of its own, so that a handler can say how far it is."""

import contextvars
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Result = TypeVar("Result")
_STEP = 0.2  # seconds between two reports at least


class Steps(Generic[Result]):
    """Iterate over the shares (0..1) that are done of work(progress); afterwards `result` holds what it returned.

    Whatever the work raises is raised by the iteration. The thread sees the context of who asks.
    """

    result: Result

    def __init__(self, work: Callable[[Callable[[float], None]], Result]):
        self._work = work

    def __iter__(self) -> Iterator[float]:
        told: queue.SimpleQueue[float] = queue.SimpleQueue()
        failed: list[BaseException] = []

        def run() -> None:
            try:
                self.result = self._work(told.put)
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(_STEP)
                share = None
                while not told.empty():
                    share = told.get()
                if share is not None:
                    yield share
        finally:
            thread.join()
        if failed:
            raise failed[0]
