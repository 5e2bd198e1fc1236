"""Pictures from a camera, or from a file that plays like one; only ever the newest."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import cv2
import numpy as np

ATTEMPTS, PAUSE = 5, 1.0
"""How often a camera that cannot be opened, or stops, is tried again, and the seconds between."""
T = TypeVar("T")


class ClosedError(Exception):
    """Nothing more will come out of a mailbox."""


class Mailbox(Generic[T]):
    """Holds one item: a new one takes the place of one that nobody fetched. Safe between threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._end: BaseException | None = None

    def put(self, item: T) -> None:
        with self._changed:
            self._item = item
            self._changed.notify_all()

    def close(self, error: BaseException | None = None) -> None:
        """Let `take` raise `error`, or ClosedError."""
        with self._changed:
            self._end = self._end or error or ClosedError()
            self._changed.notify_all()

    def take(self) -> T:
        """Wait for an item. Raises what the mailbox was closed with."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._end is not None)
            if self._end is not None:
                raise self._end
            item, self._item = self._item, None
            return item


@dataclass(frozen=True)
class Shot:
    """A camera's picture: (H, W, 3) uint8, and when it was taken (time.perf_counter seconds)."""

    rgb: np.ndarray
    taken: float


class Camera:
    """Captures in a thread from `open` to `close`; pictures go into `shots`.

    Args:
        source: an index ('0'), a device ('/dev/video2'), or a video file, which is shown at its own speed, over and
            over.
        size: short side in pixels; larger pictures are scaled down to it.
        tell: called with one line when the camera must be tried again.
    """

    def __init__(self, source: str, size: int, tell: Callable[[str], None]):
        self.source, self.size, self.tell = source, size, tell
        self.is_file = Path(source).is_file()
        self.shots: Mailbox[Shot] = Mailbox()
        self.captured = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def __enter__(self) -> "Camera":
        """Open the camera. Raises ValueError where it cannot be, also after some attempts."""
        self._capture = self._open()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._capture.release()
        self.shots.close()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._play()
                if not self._stop.is_set():
                    self._again()
        except ValueError as error:
            self.shots.close(error)

    def _play(self) -> None:
        """Hand on pictures until the file ends, the camera stops, or nobody wants more."""
        rate = self._capture.get(cv2.CAP_PROP_FPS) if self.is_file else 0
        begin, count = time.perf_counter(), 0
        while not self._stop.is_set():
            if rate > 0:
                self._stop.wait(max(0.0, begin + count / rate - time.perf_counter()))
            good, bgr = self._capture.read()
            if not good:
                break
            count += 1
            self.captured += 1
            self.shots.put(Shot(self._fit(bgr), time.perf_counter()))
        if count == 0 and self.is_file and not self._stop.is_set():
            raise ValueError(f"{self.source} has no pictures that can be decoded; give another video file")

    def _again(self) -> None:
        """From the beginning of the file, or with the camera opened once more."""
        if self.is_file:
            self._capture.release()
            self._capture = self._open()
            return
        self.tell(f"camera {self.source} gives no pictures any more; trying again")
        self._capture.release()
        self._capture = self._open()

    def _open(self) -> cv2.VideoCapture:
        if not self.is_file and not self.source.isdecimal() and not Path(self.source).exists():
            raise ValueError(f"{self.source} does not exist; give a camera's number, its device, or a video file")
        for attempt in range(ATTEMPTS):
            if attempt and self._stop.wait(PAUSE):
                break
            capture = cv2.VideoCapture(int(self.source) if self.source.isdecimal() else self.source)
            if capture.isOpened():
                if not self.is_file:
                    capture.set(cv2.CAP_PROP_FRAME_WIDTH, round(self.size * 4 / 3))
                    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self.size)
                return capture
            capture.release()
            if self.is_file:
                raise ValueError(f"{self.source} is not a video that can be read; give another file")
            if attempt + 1 < ATTEMPTS:
                self.tell(f"camera {self.source} does not open; trying again ({attempt + 1} of {ATTEMPTS})")
        raise ValueError(
            f"camera {self.source} cannot be opened: plug it in, close other programs that use it, or choose another "
            "with --camera"
        )

    def _fit(self, bgr: np.ndarray) -> np.ndarray:
        height, width = bgr.shape[:2]
        scale = self.size / min(height, width)
        if scale < 1:
            bgr = cv2.resize(bgr, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
