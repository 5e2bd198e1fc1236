"""An engine that paints twice: a draft at half the size, then the enlarged draft at full size (`artnet.drafting`)."""

from dataclasses import replace
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from artnet.drafting import FACTOR, reduced, revisable
from artnet.engines.protocol import NOTHING_HELD, Engine, Held, Look, Statistics, pad_edges

DRAFT = "draft/"
"""What the names of a draft's statistics start with."""


class TwoSizes(NamedTuple):
    """A style as the inner engine prepared it at the size of drafts and at full size."""

    draft: Any
    full: Any


class RevisingEngine:
    """Paints each picture with the same engine twice; see `artnet.engines.protocol.Engine` for what it offers.

    Args:
        inner: runs a network that was trained for both.
    """

    def __init__(self, inner: Engine):
        self.inner = inner
        self.config = inner.config
        self.choice, self.streams, self.whole_pixels = inner.choice, inner.streams, inner.whole_pixels
        self.stride = FACTOR * inner.stride  # a draft's sides are multiples of the inner engine's
        # Engines know a look again by its identity, so one look always has the same two.
        self.looks: WeakKeyDictionary[Look, TwoSizes] = WeakKeyDictionary()

    def prepare(self, rgb: np.ndarray) -> TwoSizes:
        """See `Engine.prepare`."""
        padded = pad_edges(rgb, self.stride)
        return TwoSizes(self.inner.prepare(reduced(padded)), self.inner.prepare(padded))

    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        """See `Engine.paint`."""
        looks, content = self.two_looks(look), pad_edges(rgb, self.stride)
        draft, drafts = self.inner.paint(reduced(content), looks.draft, part_of(held, DRAFT))
        painted, used = self.inner.paint(revisable(draft, content), looks.full, part_of(held, ""))
        return painted[: rgb.shape[0], : rgb.shape[1]], joined(drafts, used)

    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        """See `Engine.measure`."""
        looks, content = self.two_looks(look), pad_edges(rgb, self.stride)
        draft, drafts = self.inner.paint(reduced(content), looks.draft, NOTHING_HELD)
        return joined(drafts, self.inner.measure(revisable(draft, content), looks.full))

    def two_looks(self, look: Look) -> TwoSizes:
        """The looks of both passes."""
        found = self.looks.get(look)
        if found is None:
            sizes = zip(*look.styles, strict=True)
            found = self.looks.setdefault(look, TwoSizes(*(replace(look, styles=list(styles)) for styles in sizes)))
        return found


def part_of(held: Held | None, prefix: str) -> Held | None:
    """The held statistics of one pass, by the inner engine's names."""
    if held is None:
        return None
    names = {name for name in held.statistics if name.startswith(DRAFT) == (prefix == DRAFT)}
    return Held({name.removeprefix(prefix): held.statistics[name] for name in names}, held.share)


def joined(drafts: Statistics, full: Statistics) -> Statistics:
    """Statistics of both passes, the inverse of `part_of`."""
    return {**{f"{DRAFT}{name}": rows for name, rows in drafts.items()}, **full}
