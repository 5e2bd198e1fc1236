"""One network for all visitors of the page, and the styles that it was last asked for."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from apps.web.clients import Clients, address
from apps.web.newest import Newest
from apps.web.places import Places, SharedEngine
from apps.web.quota import Quota
from apps.web.uploads import read_style
from apps.web.visits import Visits
from artnet.settings import DEFAULTS, StyleSettings
from artnet.stylizer import Stylizer

if TYPE_CHECKING:
    from artnet import Style

Mix = tuple[tuple[str, float], ...]
"""Styles by path, with their weights."""
MOST_PHOTOS, MOST_WAITING = 30, 12
"""Photos and videos that may wait in line; who comes then is told to come again."""
_REMEMBERED = 64
_REMEMBERED_PIXELS = 6_000_000


@dataclass(frozen=True)
class Wish:
    """What a visitor has set: the mix of styles, and how they are painted."""

    mix: Mix
    settings: StyleSettings = DEFAULTS

    def in_motion(self) -> "Wish":
        """The same for frames of a video: without grain, which would stand still in front of them."""
        return replace(self, settings=replace(self.settings, grain=0.0))


class SharedStylizer:
    """Paints for several visitors at once with the network of `stylizer`; safe to call from several threads.

    Attributes:
        stylizer: the network, used in turns.
        clients: who still waits for what.
        photos: places for photos at work, two of four for a client.
        large: of those, places for large ones, as these take memory.
        videos, trials: places for whole videos at work, and for a few seconds of one.
        visits: who is live.
        newest: which wish of a page counts.
        quota: what visitors may write; None where nobody counts.
    """

    quota: Quota | None = None

    def __init__(self, stylizer: "Stylizer", clients: Clients | None = None, work: Path | None = None):
        self.stylizer = Stylizer(SharedEngine(stylizer.engine))
        self._lock = threading.Lock()
        self._prepared: OrderedDict[tuple[Mix, int], Style] = OrderedDict()
        self.clients, self._work = clients or Clients(), work
        self.photos, self.large = Places(4, 2, MOST_PHOTOS), Places(2, 1)
        self.videos, self.trials = Places(1, 1, MOST_WAITING), Places(1, 1, MOST_WAITING)
        self.visits, self.newest = Visits(), Newest()

    def style(self, wish: Wish, check: Callable[[], None] | None = None) -> "Style":
        """The wished style, prepared, and remembered for the next time; others may paint meanwhile.

        Raises:
            ValueError: no style, or one that cannot be read.
        """
        mix, size = wish.mix, wish.settings.stroke_size
        if not mix:
            raise ValueError("no style is chosen; click one in the gallery, and move its slider above 0")
        key = (mix, size)
        with self._lock:
            if key in self._prepared:
                self._prepared.move_to_end(key)
                return self._prepared[key]
        images = [(read_style(path, size, check), weight) for path, weight in mix]
        style = self.stylizer.prepare_style(images, stroke_size=size)
        with self._lock:
            self._prepared[key] = style
            while len(self._prepared) > 1 and not self._fits():
                self._prepared.popitem(last=False)
        return style

    def paint(
        self,
        rgb: np.ndarray,
        wish: Wish,
        check: Callable[[], None] | None = None,
        progress: Callable[[float], None] | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """(H, W, 3) uint8 painted as wished, with the bytes that the library gives for it.

        With a mask, (H, W) uint8, only where it is white. Where it is painted in tiles, `check` is called between them,
        and `progress` with the share done.

        Raises:
            ValueError: as `style`.
        """

        def between(share: float) -> None:
            if check:
                check()
            if progress:
                progress(share)

        return self.stylizer.stylize(rgb, self.style(wish, check), wish.settings, mask=mask, progress=between)

    def warm(self, wish: Wish) -> None:
        """Paint something nobody sees, so that the first visitor need not wait for what is done once."""
        self.paint(np.zeros((64, 64, 3), np.uint8), wish)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder for what one job writes, counted as its client's.

        Raises:
            ValueError: the client has written too much already.
        """
        entry = self.quota.begin(address(), 0) if self.quota else None
        with TemporaryDirectory(dir=self._work) as folder:
            try:
                yield Path(folder)
            finally:
                if self.quota and entry:
                    self.quota.settle(entry, sum(path.stat().st_size for path in Path(folder).iterdir()))

    def _fits(self) -> bool:
        pixels = sum(len(mix) * size**2 for mix, size in self._prepared)
        return len(self._prepared) <= _REMEMBERED and pixels <= _REMEMBERED_PIXELS
