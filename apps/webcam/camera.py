"""Pictures from a camera, or from a file that plays like one; only ever the newest."""

import gc
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import cv2
import numpy as np

from apps.video.reading import Frame, VideoReader

ATTEMPTS, PAUSE = 5, 1.0
"""How often a camera that cannot be opened, or stops, is tried again, and the seconds between."""
LEAVE = 2.0
"""Seconds that a camera which gives no pictures is waited for at the end."""
NEEDS_COMPRESSION = 480
"""Short side in pixels above which a camera is asked for compressed pictures: plain ones come slowly through USB 2."""
DEVICES = Path("/dev")
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

    def take(self, timeout: float | None = None) -> T | None:
        """Wait for an item, for so many seconds at most (None came then). Raises what the mailbox was closed with."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._end is not None, timeout)
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
    """Captures in a thread, in which also opening it may take its time; pictures go into `shots`.

    Args:
        source: an index ('0'), a device ('/dev/video2'), or a video file, which is shown at its own speed, over and
            over.
        size: short side in pixels; larger pictures are scaled down to it.
        tell: called with one line when the camera must be tried again.

    Attributes:
        trouble: the last such line, until pictures come again.
        captured: pictures so far.
    """

    def __init__(self, source: str, size: int, tell: Callable[[str], None]):
        self.source, self.size, self.tell, self.trouble = source, size, tell, ""
        self.shots: Mailbox[Shot] = Mailbox()
        self.captured = 0
        self._stop = threading.Event()
        play = self._play_file if Path(source).is_file() else self._play_device
        self._thread = threading.Thread(target=self._run, args=[play], name="capture", daemon=True)

    def __enter__(self) -> "Camera":
        """Start capturing. Raises ValueError where there is no such source; what else fails, `shots` raises."""
        if not self.source.isdecimal() and not Path(self.source).exists():
            raise ValueError(f"{self.source} does not exist; give a camera's number, its device, or a video file")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(LEAVE)  # a source that is silent may never come back from reading
        self.shots.close()

    def _run(self, play: Callable[[], None]) -> None:
        try:
            while not self._stop.is_set():
                play()
        except BaseException as error:  # raised again where the pictures are taken
            self.shots.close(error)

    def _play_file(self) -> None:
        """Hand on the pictures of a video file at its own speed, once."""
        begin, end, count = time.perf_counter(), 0.0, self.captured
        with VideoReader(self.source) as reader:
            for item in reader:
                if self._stop.is_set():
                    return
                if isinstance(item, Frame):
                    self._wait_until(begin + float(item.start * reader.time_base))
                    self._put(item.rgb)
                    end = float(item.start * reader.time_base + 1 / reader.rate)
        gc.collect()  # PyAV ties a frame whose side data was read to itself: one in every round
        self._wait_until(begin + end)
        if self.captured == count:
            raise ValueError(f"{self.source} has no pictures that can be decoded; give another video file")

    def _play_device(self) -> None:
        """Hand on a camera's pictures until it stops, or nobody wants more."""
        capture = self._open()
        try:
            while not self._stop.is_set():
                good, bgr = capture.read()
                if not good:
                    self._complain(f"camera {self.source} gives no pictures any more; trying again")
                    return
                self._put(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
        finally:
            capture.release()

    def _wait_until(self, due: float) -> None:
        self._stop.wait(max(0.0, due - time.perf_counter()))

    def _complain(self, line: str) -> None:
        self.trouble = line
        self.tell(line)

    def _put(self, rgb: np.ndarray) -> None:
        self.trouble = ""
        self.captured += 1
        self.shots.put(Shot(self._fit(rgb), time.perf_counter()))

    def _open(self) -> cv2.VideoCapture:
        for attempt in range(ATTEMPTS):
            if attempt and self._stop.wait(PAUSE):
                break
            capture = cv2.VideoCapture(int(self.source) if self.source.isdecimal() else self.source)
            if capture.isOpened():
                self._ask_for_size(capture)
                return capture
            capture.release()
            if not self.captured:
                _check_device(self.source)
            if attempt + 1 < ATTEMPTS:
                self._complain(f"camera {self.source} does not open; trying again ({attempt + 1} of {ATTEMPTS})")
        raise ValueError(
            f"camera {self.source} cannot be opened: plug it in, close other programs that use it, or choose another "
            "with --camera"
        )

    def _ask_for_size(self, capture: cv2.VideoCapture) -> None:
        """Ask for pictures of at least the size; the camera answers with the nearest that it has."""
        shape = 4 / 3
        if self.size > NEEDS_COMPRESSION:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            shape = 16 / 9
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, round(self.size * shape))
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self.size)

    def _fit(self, rgb: np.ndarray) -> np.ndarray:
        height, width = rgb.shape[:2]
        scale = self.size / min(height, width)
        if scale >= 1:
            return rgb
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def _check_device(source: str) -> None:
    """Where the system tells what cameras there are, raise ValueError if this is none of them, or is not for us."""
    device = DEVICES / f"video{int(source)}" if source.isdecimal() else Path(source)
    if not sys.platform.startswith("linux"):
        return
    if not device.exists():
        others = sorted(int(path.name[5:]) for path in DEVICES.glob("video*") if path.name[5:].isdecimal())
        if not others:
            raise ValueError("there is no camera here; plug one in, or give a video file (--camera clip.mp4)")
        raise ValueError(f"there is no camera {source}, but {' and '.join(map(str, others))}: choose with --camera")
    if not os.access(device, os.R_OK | os.W_OK):
        raise ValueError(f"{device} may not be used by you; become a member of its group (usually 'video')")
