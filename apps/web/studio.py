"""One network for all visitors of the page, and the styles that it was last asked for."""

import copy
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.look import Look
from artnet.pictures import flatten, read_picture

if TYPE_CHECKING:
    from artnet import Stylizer

Mix = tuple[tuple[str, float], ...]
"""Styles by path, with their weights."""
_REMEMBERED = 16


@dataclass(frozen=True)
class Wish:
    """What a visitor has set: the mix of styles, their size in pixels (the stroke size), and the look."""

    mix: Mix
    size: int = 512
    look: Look = field(default_factory=Look)

    def in_motion(self) -> "Wish":
        """The same for frames of a video: without grain, which would stand still in front of them."""
        return replace(self, look=replace(self.look, grain=0.0))


class Prepared:
    """A style, ready to paint: `stylize` as of artnet.Stylizer, one picture at a time for the whole program."""

    def __init__(self, stylizer: "Stylizer", lock: threading.Lock):
        self._stylizer, self._lock = stylizer, lock

    def stylize(self, content: np.ndarray, **options: Any) -> np.ndarray:
        with self._lock:
            return self._stylizer.stylize(content, **options)


class Studio:
    """Paints for several visitors at once with the network of `stylizer`; safe to call from several threads."""

    def __init__(self, stylizer: "Stylizer"):
        self._stylizer, self._lock = stylizer, threading.Lock()
        self._prepared: OrderedDict[tuple[Mix, int], Prepared] = OrderedDict()

    def prepare(self, mix: Mix, size: int) -> Prepared:
        """The mix at a size, remembered for the next time.

        Raises:
            ValueError: no style, or one that cannot be read.
        """
        if not mix:
            raise ValueError("no style is chosen; click one in the gallery, and move its slider above 0")
        with self._lock:
            key = (mix, size)
            if key not in self._prepared:
                # A shallow copy shares the network and gets a style of its own.
                stylizer = copy.copy(self._stylizer)
                stylizer.set_style([(flatten(read_picture(path)), weight) for path, weight in mix], size=size)
                self._prepared[key] = Prepared(stylizer, self._lock)
                if len(self._prepared) > _REMEMBERED:
                    self._prepared.popitem(last=False)
            self._prepared.move_to_end(key)
            return self._prepared[key]

    def paint(self, rgb: np.ndarray, wish: Wish) -> np.ndarray:
        """(H, W, 3) uint8 painted as wished. Raises ValueError as `prepare` does."""
        return wish.look.paint(self.prepare(wish.mix, wish.size), rgb)
