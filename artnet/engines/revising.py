"""An engine that paints a small draft, then the enlarged draft at full size (`artnet.image.drafting`).

Of frames that must be quick and steady the enlarged draft is the painting already.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from artnet.engines.base import NOTHING_HELD, Engine, Held, Look, Statistics, Style, pad_edges
from artnet.image.drafting import FACTOR, factor_of, reduced, revisable, shown


def as_trained(load: Callable[[], Engine]) -> Engine:
    """An engine that paints as often as its network was trained to.

    Args:
        load: makes one that paints once; called again for drafts, as an engine that is asked for two sizes in turn sets
            itself up anew each time.
    """
    full = load()
    return full if full.config.passes == 1 else RevisingEngine(load(), full)


class Sizes(NamedTuple):
    """An image as engines prepared it, a style, or a look, at the size of drafts and at full size.

    Attributes:
        factor: how many times smaller a draft is; 1 where there is none.
        draft: None where there is none.
    """

    factor: int
    draft: Any
    full: Any


class RevisingEngine:
    """Paints each picture twice, but for small strokes; see `artnet.engines.base.Engine` for what it offers.

    Args:
        draft, full: two engines, or one, for a network that was trained to paint both.
    """

    def __init__(self, draft: Engine, full: Engine):
        self.draft, self.full = draft, full
        self.config, self.choice = full.config, full.choice
        self.streams, self.whole_pixels = full.streams, full.whole_pixels
        self.stride = FACTOR * full.stride  # so that a draft's sides are multiples of its engine's
        # Engines know a style again by its identity, so that one always has the same inner ones.
        self.styles: WeakKeyDictionary[Style, Sizes] = WeakKeyDictionary()

    def prepare(self, rgb: np.ndarray) -> Sizes:
        """See `Engine.prepare`; the picture's short side is the size of strokes."""
        padded = pad_edges(rgb, self.stride)
        factor = factor_of(min(rgb.shape[:2]))
        # By one engine for both sizes: styles are prepared rarely.
        draft = self.full.prepare(reduced(padded, factor)) if factor > 1 else None
        return Sizes(factor, draft, self.full.prepare(padded))

    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        """See `Engine.paint`."""
        content, looks, drafts = self.drafted(rgb, look, held)
        painted, used = content, Statistics()
        if is_revised(look, looks.factor):
            painted, used = self.full.paint(content, looks.full, part_of(held, draft=False))
        return np.require(painted[: rgb.shape[0], : rgb.shape[1]], requirements=("C", "W")), joined(drafts, used)

    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        """See `Engine.measure`."""
        looks = self.inner_looks(look)
        if not is_revised(look, looks.factor):
            small = reduced(pad_edges(rgb, self.stride), looks.factor)
            return joined(self.draft.measure(small, looks.draft), {})
        content, _, drafts = self.drafted(rgb, look, NOTHING_HELD)
        return joined(drafts, self.full.measure(content, looks.full))

    def drafted(self, rgb: np.ndarray, look: Look, held: Held | None) -> tuple[np.ndarray, Sizes, Statistics]:
        """(what is painted at full size, the looks of both passes, the draft's statistics)."""
        looks, content = self.inner_looks(look), pad_edges(rgb, self.stride)
        if looks.factor == 1:
            return content, looks, {}
        draft, used = self.draft.paint(reduced(content, looks.factor), looks.draft, part_of(held, draft=True))
        revised = is_revised(look, looks.factor)
        return revisable(draft, content) if revised else shown(draft, content, looks.factor), looks, used

    def inner_looks(self, look: Look) -> Sizes:
        """The looks of both passes."""
        found = self.styles.get(look.style)
        if found is None:
            (factor, *_), drafts, full = zip(*look.style.parts, strict=True)
            styles = (Style(parts, look.style.weights) for parts in (drafts, full))
            found = self.styles.setdefault(look.style, Sizes(factor, *styles))
        factor, draft, whole = found
        return Sizes(factor, replace(look, style=draft) if factor > 1 else None, replace(look, style=whole))


def is_revised(look: Look, factor: int) -> bool:
    """Whether anything is painted at full size."""
    return look.revised or factor == 1


def looks_of(engine: Engine, look: Look) -> Sizes:
    """What each pass of an engine paints with, of styles that it prepared."""
    return engine.inner_looks(look) if isinstance(engine, RevisingEngine) else Sizes(1, None, look)


def has_detail(engine: Engine, look: Look) -> bool:
    """Whether what an engine paints shows the content's finest detail already, as enlarged drafts do."""
    return not is_revised(look, looks_of(engine, look).factor)


def part_of(held: Held | None, *, draft: bool) -> Held | None:
    """The held statistics of one pass, by the inner engine's slots."""
    if held is None:
        return None
    mine = {replace(slot, draft=False): rows for slot, rows in held.statistics.items() if slot.draft == draft}
    return Held(mine, held.share)


def joined(drafts: Statistics, full: Statistics) -> Statistics:
    """Statistics of both passes, the inverse of `part_of`."""
    return {**{replace(slot, draft=True): rows for slot, rows in drafts.items()}, **full}
