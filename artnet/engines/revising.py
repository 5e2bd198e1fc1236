"""An engine that paints a draft at half the size, then the enlarged draft at full size (`artnet.image.drafting`)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from artnet.engines.base import NOTHING_HELD, Engine, Held, Look, Statistics, pad_edges
from artnet.image.drafting import FACTOR, reduced, revisable

DRAFT = "draft/"
"""What the names of a draft's statistics start with."""


def as_trained(load: Callable[[], Engine]) -> Engine:
    """An engine that paints as often as its network was trained to.

    Args:
        load: makes one that paints once; called again for drafts, as an engine that is asked for two sizes in turn sets
            itself up anew each time.
    """
    full = load()
    return full if full.config.passes == 1 else RevisingEngine(load(), full)


class TwoSizes(NamedTuple):
    """What is needed at the size of drafts and at full size: engines, looks, or a style as they prepared it."""

    draft: Any
    full: Any


class RevisingEngine:
    """Paints each picture twice; see `artnet.engines.base.Engine` for what it offers.

    Args:
        draft, full: two engines, or one, for a network that was trained to paint both.
    """

    def __init__(self, draft: Engine, full: Engine):
        self.engines = TwoSizes(draft, full)
        self.config, self.choice, self.streams, self.whole_pixels = (
            full.config, full.choice, full.streams, full.whole_pixels
        )  # fmt: skip
        self.stride = FACTOR * full.stride  # so that a draft's sides are multiples of its engine's
        # Engines know a look again by its identity, so one look always has the same two.
        self.looks: WeakKeyDictionary[Look, TwoSizes] = WeakKeyDictionary()

    def prepare(self, rgb: np.ndarray) -> TwoSizes:
        """See `Engine.prepare`."""
        padded = pad_edges(rgb, self.stride)
        full = self.engines.full  # for both sizes: styles are prepared rarely, and one encoder is enough
        return TwoSizes(full.prepare(reduced(padded)), full.prepare(padded))

    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        """See `Engine.paint`."""
        looks, content = self.two_looks(look), pad_edges(rgb, self.stride)
        draft, drafts = self.engines.draft.paint(reduced(content), looks.draft, part_of(held, DRAFT))
        painted, used = self.engines.full.paint(revisable(draft, content), looks.full, part_of(held, ""))
        return np.ascontiguousarray(painted[: rgb.shape[0], : rgb.shape[1]]), joined(drafts, used)

    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        """See `Engine.measure`."""
        looks, content = self.two_looks(look), pad_edges(rgb, self.stride)
        draft, drafts = self.engines.draft.paint(reduced(content), looks.draft, NOTHING_HELD)
        return joined(drafts, self.engines.full.measure(revisable(draft, content), looks.full))

    def two_looks(self, look: Look) -> TwoSizes:
        """The looks of both passes."""
        found = self.looks.get(look)
        if found is None:
            sizes = zip(*look.styles, strict=True)
            found = self.looks.setdefault(look, TwoSizes(*(replace(look, styles=list(styles)) for styles in sizes)))
        return found


def looks_of(engine: Engine, look: Look) -> Sequence[Look]:
    """What each pass of an engine paints with, of styles that it prepared; the pass at full size is the last."""
    return engine.two_looks(look) if isinstance(engine, RevisingEngine) else [look]


def part_of(held: Held | None, prefix: str) -> Held | None:
    """The held statistics of one pass, by the inner engine's names."""
    if held is None:
        return None
    names = {name for name in held.statistics if name.startswith(DRAFT) == (prefix == DRAFT)}
    return Held({name.removeprefix(prefix): held.statistics[name] for name in names}, held.share)


def joined(drafts: Statistics, full: Statistics) -> Statistics:
    """Statistics of both passes, the inverse of `part_of`."""
    return {**{f"{DRAFT}{name}": rows for name, rows in drafts.items()}, **full}
