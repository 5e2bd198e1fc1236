"""Of several wishes of one page only the newest counts."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from apps.web.clients import GoneError

_REMEMBERED = 4096


class Newest:
    """The number of the latest wish by page."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: OrderedDict[str, int] = OrderedDict()

    def begin(self, page: str, number: int) -> Callable[[], None]:
        """Note a wish; the returned function raises GoneError as soon as the page has a newer one."""
        with self._lock:
            self._numbers[page] = max(number, self._numbers.get(page, 0))
            self._numbers.move_to_end(page)
            if len(self._numbers) > _REMEMBERED:
                self._numbers.popitem(last=False)

        def check() -> None:
            if self._numbers.get(page, number) > number:
                raise GoneError

        return check
