"""A video of what is shown."""

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import numpy as np

from apps.video.reading import Frame
from apps.video.writing import VideoWriter
from artnet.image.files import atomic_write

TICKS = 1000  # a second


class Recording:
    """A video with the times at which its pictures were captured; the file appears when it is closed."""

    def __init__(self, path: Path):
        self.path, self._last = path, -1
        self._begin: float | None = None
        self._stack = ExitStack()
        file = self._stack.enter_context(atomic_write(path))
        self._writer = self._stack.enter_context(VideoWriter(file.name, Fraction(30), Fraction(1, TICKS)))

    @property
    def seconds(self) -> float:
        """How long it is."""
        return max(0, self._last) / TICKS

    def add(self, rgb: np.ndarray, taken: float) -> None:
        """Append (H, W, 3) uint8, captured at `taken` seconds."""
        self._begin = taken if self._begin is None else self._begin
        self._last = max(self._last + 1, round((taken - self._begin) * TICKS))
        self._writer.write(Frame(rgb, self._last, 0))

    def close(self) -> None:
        self._stack.close()
