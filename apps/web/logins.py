"""Failed logins slow down: each makes that address wait twice as long for its next try."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

FREE, FIRST, LONGEST = 3, 1.0, 60.0
"""Failures without a wait, then the first wait and the longest one in seconds."""
_REMEMBERED = 4096


class Logins:
    """Tries by address, an IPv6 one by its network, of which one person has many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def begin(self, address: str) -> float:
        """Seconds to wait before this try, which counts as failed until `succeeded`; above LONGEST it is refused."""
        key, now = _network(address), self._clock()
        count, until = self._failures.get(key, (0, 0.0))
        wait = max(0.0, until - now)
        if wait > LONGEST:  # many at once: they would all be let in one after the other
            return wait
        pause = min(FIRST * 2.0 ** (count - FREE), LONGEST) if count >= FREE else 0.0
        self._failures[key] = (count + 1, now + wait + pause)
        self._failures.move_to_end(key)
        if len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)
        return wait + pause

    def succeeded(self, address: str) -> None:
        self._failures.pop(_network(address), None)


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{parsed}/64", strict=False)) if parsed.version == 6 else address
