"""The network of a command that paints: which one, and what runs it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from artnet import Stylizer


@dataclass(frozen=True)
class NetworkOptions:
    """The values of `apps.common.style_arguments.add_engine`.

    Attributes:
        weights: a checkpoint's path or the name of a bundled one; None for the default.
        engine: name of an engine, or 'auto'.
        device: 'auto', 'cpu' or 'cuda'.
    """

    weights: str | None = None
    engine: str = "auto"
    device: str = "auto"

    def engine_for(self, transfer: str) -> str:
        """The engine; instead of 'auto' the one that knows 'wct', where that is the transfer."""
        return "torch" if transfer == "wct" and self.engine == "auto" else self.engine

    def load(self, transfer: str = "s2", streams: int = 1) -> "Stylizer":
        """The network, ready for a style of the given transfer, and for so many images at once."""
        return load_stylizer(self.weights, self.engine_for(transfer), self.device, streams)


def load_stylizer(weights: str | None, engine: str, device: str, streams: int = 1) -> "Stylizer":
    """The one place where commands load a network."""
    from artnet import Stylizer

    return Stylizer.load(weights, engine=engine, device=device, streams=streams)
