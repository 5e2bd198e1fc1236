"""Where arrays enter and leave a transfer: the one way to name statistics, and inputs and outputs of graphs."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["rgb", "content", "swapped", "style", "basis", "codes", "bias", "table", "shares", "held"]
INDEXED = ("swapped", "style", "basis", "codes", "bias", "table")
BANK: tuple[Role, ...] = ("basis", "codes", "bias", "table")
"""What a style's patches consist of; see `artnet.engines.graph.style.StyleArrays`."""


@dataclass(frozen=True)
class Slot:
    """One place of a transfer.

    Attributes:
        level: whose features it concerns; '' where it concerns none.
        role: 'content' and 'swapped' are the moments, (2, C), by which features are normalised before and after the
            swap; 'style' those that they are moved to; the roles in BANK a style's patches; 'shares' the weights of the
            content and of each style; 'held' the weight of given moments; 'rgb' the picture.
        index: of the style, for the roles in INDEXED.
        draft: whether it belongs to the pass that paints a draft.
    """

    level: str
    role: Role
    index: int = 0
    draft: bool = False

    @property
    def name(self) -> str:
        """What the tensor is called in a graph."""
        role = f"{self.role}{self.index}" if self.role in INDEXED else self.role
        return f"{self.level}/{role}" if self.level else role
