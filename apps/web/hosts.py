"""Names that the page may be reached by: others are refused, as a page elsewhere could point its own name here.

(DNS rebinding: the visitor's browser takes the answers for those of that page, which so reads what only this machine
or this house should.) What such a page sends under its own name, blindly, is refused too.
"""

import ipaddress
import socket
from collections.abc import Iterable, Mapping

_LOCAL = frozenset(["localhost", "127.0.0.1", "::1"])


class Hosts:
    """The names of a server bound to `host`; for a server that others reach, its addresses and its own names too.

    Args:
        more: further names, as that of a proxy in front.
    """

    def __init__(self, host: str, more: Iterable[str] = ()):
        self.names = {*_LOCAL, host.strip("[]").lower(), *(name.lower() for name in more)}
        self.addresses = host.strip("[]").lower() not in _LOCAL
        if self.addresses:
            own = socket.gethostname().lower()
            self.names |= {own, f"{own}.local", socket.getfqdn().lower()}

    def serve(self, header: str) -> bool:
        """Whether a Host header, with or without a port, names this server."""
        name = _without_port(header.strip().lower())
        return name in self.names or (self.addresses and _is_address(name))

    def is_foreign(self, headers: Mapping[str, str]) -> bool:
        """Whether a browser says that it sends a request for a page of another host, which need not ask before that."""
        origin = headers.get("origin")
        if origin is None or headers.get("sec-fetch-site") == "same-origin":
            return False
        asked = (headers.get(name, "") for name in ("host", "x-forwarded-host"))
        own = {_without_port(part.strip().lower()) for names in asked for part in names.split(",")} - {""}
        return _without_port(origin.partition("://")[2].lower()) not in self.names | own


def _without_port(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header if header.count(":") > 1 else header.partition(":")[0].rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
