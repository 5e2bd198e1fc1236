"""One sitting before the camera: keys, snapshots, recordings, and where the paintings go."""

import time
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from apps.webcam.camera import Camera
from apps.webcam.live import Controls, Meter, Painted, Painter, PaintingThread
from artnet.files import atomic_write
from artnet.pictures import write_picture

if TYPE_CHECKING:
    from apps.webcam.virtual import VirtualCamera
    from apps.webcam.window import Window

GLANCE = 0.1  # seconds between looks at the keys, while no pictures come
STEP = 0.1  # by which a key changes the strength
_TICKS = 1000  # of a recording, a second


class Session:
    """Shows paintings until someone quits.

    Args:
        names: of the styles, for the window.
        window, virtual: where paintings are shown, beside being counted.
        folder: where snapshots and recordings go.
    """

    def __init__(
        self,
        controls: Controls,
        names: list[str],
        window: "Window | None" = None,
        virtual: "VirtualCamera | None" = None,
        folder: Path = Path(),
    ):
        self.controls, self.names, self.window, self.virtual, self.folder = controls, names, window, virtual, folder
        self.meter = Meter()
        self.beside = self.help = False
        self.message, self.message_until = "", 0.0
        self.recording: Recording | None = None

    def run(self, camera: Camera, painter: Painter, frames: int | None = None) -> None:
        """Until the window is closed, or `frames` were shown. Raises ValueError where the camera is lost."""
        try:
            with PaintingThread(camera, painter) as thread:
                painted = None
                while frames is None or len(self.meter.shown) < frames:
                    new = thread.paintings.take(GLANCE if self.window else None)
                    painted = new or painted
                    if new:
                        self.show(new)
                    elif self.window:
                        self.window.wait(painted.rgb if painted else None)
                    if self.window and not all(self.act(action, painted) for action in self.window.actions()):
                        return
        finally:
            if self.recording:
                self.recording.close()

    def show(self, painted: Painted) -> None:
        """Send one painting to everywhere it should go."""
        view = np.hstack([painted.shot.rgb, painted.rgb]) if self.beside else painted.rgb
        if self.recording:
            self.recording.add(view, painted.shot.taken)
        if self.virtual:
            self.virtual.show(painted.rgb)
        if self.window:
            self.window.show(view, self.lines())
        self.meter.count(painted)

    def lines(self) -> list[str]:
        """What the window says."""
        if self.help:
            from apps.webcam.window import help_lines

            return help_lines()
        state = [self.meter.line] if self.meter.shown else []
        state.append(f"{self.names[self.controls.style]}  strength {self.controls.settings.strength:.1f}")
        if self.recording:
            state.append("recording")
        if time.perf_counter() < self.message_until:
            state.append(self.message)
        return [*state, "h: help"]

    def act(self, action: str, painted: Painted | None) -> bool:
        """Do what a key asks for; False to quit. `painted` is what is shown, None before the first picture."""
        controls, settings = self.controls, self.controls.settings
        if action in ("next style", "previous style"):
            controls.style = (controls.style + (1 if action == "next style" else -1)) % len(self.names)
        elif action in ("stronger", "weaker"):
            step = STEP if action == "stronger" else -STEP
            strength = round(min(1.0, max(0.0, settings.strength + step)), 2)
            controls.settings = replace(settings, strength=strength)
        elif action == "keep colours":
            controls.settings = replace(settings, preserve_color=not settings.preserve_color)
        elif action == "side by side":
            self._stop_recording()  # whose pictures have another size
            self.beside = not self.beside
        elif action == "snapshot" and painted:
            path = self._new_file("png")
            write_picture(path, np.hstack([painted.shot.rgb, painted.rgb]) if self.beside else painted.rgb)
            self._say(f"written: {path.name}")
        elif action == "record":
            if not self._stop_recording():
                self.recording = Recording(self._new_file("mp4"))
        elif action == "help":
            self.help = not self.help
        return action != "quit"

    def _stop_recording(self) -> bool:
        if self.recording is None:
            return False
        self.recording.close()
        self._say(f"written: {self.recording.path.name}")
        self.recording = None
        return True

    def _say(self, message: str) -> None:
        self.message, self.message_until = message, time.perf_counter() + 3

    def _new_file(self, suffix: str) -> Path:
        name = time.strftime("artnet-%Y%m%d-%H%M%S")
        taken = (self.folder / f"{name}{f'-{n}' if n else ''}.{suffix}" for n in range(1000))
        return next(path for path in taken if not path.exists())


class Recording:
    """A video of what is shown, with the times at which it was captured; the file appears when it is closed."""

    def __init__(self, path: Path):
        from apps.video.writing import VideoWriter

        self.path, self._begin, self._last = path, None, -1
        self._stack = ExitStack()
        file = self._stack.enter_context(atomic_write(path))
        self._writer = self._stack.enter_context(VideoWriter(file.name, Fraction(30), Fraction(1, _TICKS)))

    def add(self, rgb: np.ndarray, taken: float) -> None:
        """Append (H, W, 3) uint8, captured at `taken` seconds."""
        from apps.video.reading import Frame

        self._begin = taken if self._begin is None else self._begin
        self._last = max(self._last + 1, round((taken - self._begin) * _TICKS))
        self._writer.write(Frame(rgb, self._last, 0))

    def close(self) -> None:
        self._stack.close()
