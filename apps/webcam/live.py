"""Painting live: the newest picture in, the newest painting out, in a thread of its own."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from apps.webcam.camera import Camera, ClosedError, Mailbox, Shot
from artnet.image.compose import mixed
from artnet.settings import DEFAULTS, StyleSettings

if TYPE_CHECKING:
    from artnet import Style, Stylizer
    from artnet.stylizer import Source

FADE = 0.6
"""Seconds in which one style becomes the next."""
REMEMBERED = 10_000
"""Frames whose times are kept: some minutes, as a view may run for days."""


@dataclass
class Controls:
    """What the keys change while it runs; read anew for every picture."""

    style: int = 0
    settings: StyleSettings = DEFAULTS


@dataclass(frozen=True)
class Painted:
    """A picture and its painting, with the seconds it took to paint."""

    shot: Shot
    rgb: np.ndarray
    seconds: float


class Painter:
    """Paints in one of several styles; after a change the old painting fades into the new one.

    The first style is prepared at once, its neighbours and others that are chosen in a thread, so that the picture
    never stands still.

    Args:
        stylizer: the network.
        styles: images, at least one.
    """

    def __init__(self, stylizer: "Stylizer", styles: "Sequence[Source]", controls: Controls):
        self.stylizer, self.styles, self.controls = stylizer, styles, controls
        self._ready: dict[int, Future[Style]] = {}
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="style")
        self._now = self._before = controls.style
        self.prepare(self._now).result()
        self._since = -FADE

    def prepare(self, style: int) -> "Future[Style]":
        """The style of that number; begun where it is not there yet."""
        if style not in self._ready:
            self._ready[style] = self._preparing.submit(
                self.stylizer.prepare_style, self.styles[style], stroke_size=self.controls.settings.stroke_size
            )
        return self._ready[style]

    def paint(self, rgb: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 in the style, once it is prepared, and with the settings that the controls say."""
        now, wanted = time.perf_counter(), self.controls.style
        if wanted != self._now and self.prepare(wanted).done():
            self._before, self._now, self._since = self._now, wanted, now
        painted = self._paint(self._now, rgb)
        share = (now - self._since) / FADE
        if share < 1:
            return mixed(self._paint(self._before, rgb), painted, share)
        for neighbour in (wanted + 1, wanted - 1):  # the keys lead there
            self.prepare(neighbour % len(self.styles))
        return painted

    def _paint(self, style: int, rgb: np.ndarray) -> np.ndarray:
        prepared = self.prepare(style).result()
        return self.stylizer.stylize(rgb, prepared, self.controls.settings, live=True, fixed_size=True)

    def close(self) -> None:
        """Prepare no more styles."""
        self._preparing.shutdown(wait=False, cancel_futures=True)


class PaintingThread:
    """The painting thread between a camera and whoever shows the result. Use it as a context manager.

    Args:
        load: makes the painter, in the thread: it takes a while.
    """

    def __init__(self, camera: Camera, load: Callable[[], Painter]):
        self.camera, self.load = camera, load
        self.painter: Painter | None = None
        self.paintings: Mailbox[Painted] = Mailbox()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="paint", daemon=True)

    def __enter__(self) -> "PaintingThread":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.camera.shots.close()
        self._thread.join()

    def _run(self) -> None:
        try:
            self.painter = self.load()
            with closing(self.painter):
                self._paint(self.painter)
        except ClosedError:
            self.paintings.close()
        except BaseException as error:  # raised again where the paintings are taken
            self.paintings.close(error)

    def _paint(self, painter: Painter) -> None:
        first = self.camera.shots.take()
        if first:
            painter.paint(first.rgb)  # uncounted: it is slow, and the picture is old by then
        while not self._stop.is_set():
            shot = self.camera.shots.take()
            if shot is None:
                continue
            start = time.perf_counter()
            rgb = painter.paint(shot.rgb)
            self.paintings.put(Painted(shot, rgb, time.perf_counter() - start))


@dataclass
class Meter:
    """Frames per second, and the time from a picture's capture to its showing.

    Attributes:
        frames: how many were shown, the first of them at `begin`.
        shown, latency, paint: of the last REMEMBERED of them: when, how old they were, and how long they took.
    """

    frames: int = 0
    begin: float = 0.0
    shown: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    latency: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    paint: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def count(self, painted: Painted) -> None:
        """Call it right after a painting was shown."""
        now = time.perf_counter()
        self.begin = self.begin if self.frames else now
        self.frames += 1
        self.shown.append(now)
        self.latency.append(now - painted.shot.taken)
        self.paint.append(painted.seconds)

    @property
    def line(self) -> str:
        """Of the last second, for the window."""
        recent = list(takewhile(lambda when: when > self.shown[-1] - 1, reversed(self.shown)))
        span = recent[0] - recent[-1]
        rate = f"{(len(recent) - 1) / span:.0f} fps  " if span else ""
        return f"{rate}{1000 * self.latency[-1]:.0f} ms"

    def report(self) -> dict:
        """Frames, seconds, frames per second, and percentiles in milliseconds."""
        seconds = self.shown[-1] - self.begin if self.shown else 0.0
        return {
            "frames": self.frames,
            "seconds": round(seconds, 3),
            "fps": round((self.frames - 1) / seconds, 2) if seconds else None,
            "latency_ms": _percentiles(self.latency),
            "paint_ms": _percentiles(self.paint),
        }


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    values = np.percentile(seconds, (50, 95, 99, 100)) if seconds else [float("nan")] * 4
    return {name: round(1000 * float(v), 1) for name, v in zip(("p50", "p95", "p99", "max"), values, strict=True)}
