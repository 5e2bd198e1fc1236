"""One sitting before the camera: keys, snapshots, recordings, and where the paintings go."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from apps.webcam.camera import Camera
from apps.webcam.live import Controls, Meter, Painted, Painter, PaintingThread
from apps.webcam.recording import Recording
from artnet.image import write_picture

if TYPE_CHECKING:
    from apps.webcam.window import Window, Words

LOADING, WAITING = "loading the network…", "waiting for the camera…"
GLANCE = 0.1  # seconds between looks at the keys, while no pictures come
SILENCE = 1.0  # seconds without a picture, after which the window says so
WELCOME = 8.0  # seconds for which the help is shown at first
MESSAGE = 3.0
STEP = 0.1  # by which a key changes the strength


class Screen(Protocol):
    """Something beside the window that shows paintings: the virtual camera, the stream."""

    def show(self, rgb: np.ndarray) -> None:
        """Show (H, W, 3) uint8."""


class Session:
    """Shows paintings until someone quits.

    The window is a mirror, as people expect to see themselves; everything that leaves it (snapshots, recordings and
    screens) is as the camera saw it, so that writing can be read.

    Args:
        names: of the styles, for the window.
        window: where the paintings are shown, beside being counted.
        screens: where else; they get the painting alone, also while the window shows both side by side.
        folder: where snapshots and recordings go.
        mirrored: whether the window is a mirror at first.
    """

    def __init__(
        self,
        controls: Controls,
        names: Sequence[str],
        window: "Window | None" = None,
        *,
        screens: Sequence[Screen] = (),
        folder: Path = Path(),
        mirrored: bool = False,
    ):
        self.controls, self.names, self.window, self.screens, self.folder = controls, names, window, screens, folder
        self.mirrored, self.beside = mirrored, False
        self.meter, self.written = Meter(), list[Path]()
        self.painted: Painted | None = None
        self.recording: Recording | None = None
        self.painter: Painter | None = None
        self._message, self._message_until, self._help_until = "", 0.0, math.inf

    def run(self, camera: Camera, load: Callable[[], Painter], frames: int | None = None) -> None:
        """Until the window is closed, or `frames` were shown.

        Args:
            load: makes the painter, in the thread that paints: it takes a while.

        Raises:
            ValueError: the camera is lost, or what `load` raises.
        """
        try:
            with PaintingThread(camera, load) as thread:
                while frames is None or self.meter.frames < frames:
                    new = thread.paintings.take(GLANCE)
                    self.painter = thread.painter
                    if new:
                        self.show(new)
                    elif self.window:
                        self.window.show(self._in_window(), self.words(camera))
                    if self.window and not all(self.act(action) for action in self.window.actions()):
                        return
        finally:
            if self.recording:
                self._stop_recording()

    def show(self, painted: Painted) -> None:
        """Send one painting to everywhere it should go."""
        if self.painted is None:
            self._help_until = time.perf_counter() + WELCOME
        self.painted = painted
        if self.recording:
            self.recording.add(self._as_taken(), painted.shot.taken)
        for screen in self.screens:
            screen.show(painted.rgb)
        if self.window:
            self.window.show(self._in_window(), self.words())
        self.meter.count(painted)

    def words(self, silent: Camera | None = None) -> "Words":
        """What the window says; `silent` is the camera, where no picture came from it just now."""
        from apps.webcam.window import HELP, STARTING, Words

        now, top = time.perf_counter(), []
        if silent and self.painted is None:
            line = silent.trouble or (LOADING if silent.captured else "")
            return replace(STARTING, top=(line,)) if line else STARTING
        if silent and now - self.meter.shown[-1] > SILENCE:
            top.append(silent.trouble or WAITING)
        if self.recording:
            top.append(f"recording {self.recording.seconds:.0f} s")
        helping, state = now < self._help_until, self._state()
        if now < self._message_until and not (helping and self._message == state):
            top.append(self._message)
        if not helping:
            return Words(tuple(top))
        return Words((state, *([self.meter.line] if self.meter.shown else []), *top), HELP)

    def act(self, action: str) -> bool:
        """Do what a key asks for; False to quit."""
        if action in _DEEDS:
            _DEEDS[action](self)
        return action != "quit"

    def _state(self) -> str:
        return f"{self.names[self.controls.style]}, strength {self.controls.settings.strength:.1f}"

    def _parts(self) -> list[np.ndarray]:
        if self.painted is None:
            return []
        return [self.painted.shot.rgb, self.painted.rgb] if self.beside else [self.painted.rgb]

    def _as_taken(self) -> np.ndarray:
        return np.hstack(self._parts())

    def _in_window(self) -> np.ndarray | None:
        parts = [cv2.flip(part, 1) for part in self._parts()] if self.mirrored else self._parts()
        return np.hstack(parts) if parts else None

    def _choose(self, step: int) -> None:
        self.controls.style = (self.controls.style + step) % len(self.names)
        self._say(self._state())

    def _strengthen(self, step: float) -> None:
        settings = self.controls.settings
        strength = round(min(1.0, max(0.0, settings.strength + step)), 2)
        self.controls.settings = replace(settings, strength=strength)
        self._say(self._state())

    def _toggle_colors(self) -> None:
        settings = self.controls.settings
        self.controls.settings = replace(settings, preserve_color=not settings.preserve_color)
        self._say("the photo's colours" if self.controls.settings.preserve_color else "the style's colours")

    def _toggle_beside(self) -> None:
        if self.recording:
            self._stop_recording()  # whose pictures have another size
        self.beside = not self.beside

    def _toggle_mirror(self) -> None:
        self.mirrored = not self.mirrored
        self._say("mirrored" if self.mirrored else "not mirrored")

    def _toggle_full_screen(self) -> None:
        if self.window:
            self.window.toggle_full_screen()

    def _toggle_help(self) -> None:
        self._help_until = 0.0 if time.perf_counter() < self._help_until else math.inf

    def _snapshot(self) -> None:
        if self.painted:
            path = self._new_file("png")
            write_picture(path, self._as_taken())
            self._keep(path)

    def _record(self) -> None:
        if self.recording:
            self._stop_recording()
        elif self.painted:
            self.recording = Recording(self._new_file("mp4"))
            self.recording.add(self._as_taken(), self.painted.shot.taken)  # so that it is never empty

    def _stop_recording(self) -> None:
        recording, self.recording = self.recording, None
        if recording:
            recording.close()
            self._keep(recording.path)

    def _keep(self, path: Path) -> None:
        self.written.append(path)
        self._say(f"written: {path.name}")

    def _say(self, message: str) -> None:
        self._message, self._message_until = message, time.perf_counter() + MESSAGE

    def _new_file(self, suffix: str) -> Path:
        name = time.strftime("artnet-%Y%m%d-%H%M%S")
        taken = (self.folder / f"{name}{f'-{n}' if n else ''}.{suffix}" for n in range(1000))
        return next(path for path in taken if not path.exists())


_DEEDS: dict[str, Callable[[Session], None]] = {
    "next style": lambda session: session._choose(1),
    "previous style": lambda session: session._choose(-1),
    "stronger": lambda session: session._strengthen(STEP),
    "weaker": lambda session: session._strengthen(-STEP),
    "keep colours": Session._toggle_colors,
    "side by side": Session._toggle_beside,
    "mirror": Session._toggle_mirror,
    "snapshot": Session._snapshot,
    "record": Session._record,
    "full screen": Session._toggle_full_screen,
    "help": Session._toggle_help,
}
"""What the actions of the window do, but for "quit"."""
