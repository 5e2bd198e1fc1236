"""What `artnet serve` was asked for."""

from dataclasses import dataclass, field

from apps.common.network import NetworkOptions


@dataclass(frozen=True)
class ServeOptions:
    """How the page is served.

    Attributes:
        host: address to serve on.
        auth: (name, password) of everyone who is let in; None for everyone.
        allow_host: further names that the page is reached by.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    auth: list[tuple[str, str]] | None = None
    allow_host: list[str] = field(default_factory=list)
    network: NetworkOptions = field(default_factory=NetworkOptions)
