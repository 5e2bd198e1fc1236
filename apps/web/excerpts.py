"""What confined processes do for a first look at a video: one of its frames, or a few seconds from its middle."""

from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from apps.video.convert import Clip, VideoReader
from apps.video.reading import Frame
from apps.web import reading
from apps.web.reading import VideoLimits
from artnet.image import Picture, fit_short_side

TRIAL = 3.0
"""Seconds of a trial."""


@dataclass(frozen=True)
class Still:
    """A frame of a video, (H, W, 3) uint8, maybe scaled down, and what is known of the video.

    That is its height and width, its seconds (None where it does not say) and its frames a second.
    """

    rgb: np.ndarray
    shape: tuple[int, int]
    seconds: float | None
    rate: float

    @property
    def frames(self) -> float:
        """How many there are, as far as the file says."""
        return self.rate * (self.seconds or 0.0)

    @property
    def about(self) -> str:
        """What kind of video it is, in one line."""
        height, width = self.shape
        seconds = round(self.seconds or 0)
        length = f"{seconds // 60}:{seconds % 60:02}, " if self.seconds else ""
        return f"{length}{width} × {height}, {self.rate:.0f} frames a second"


def still(path: str, limits: VideoLimits) -> Still:
    """The frame at a third of a video, its shorter side as long as the page paints at most.

    Raises:
        ValueError: it cannot be read, or goes over the limits.
    """
    try:
        with VideoReader(path) as reader:
            side, seconds, rate = reading.side_of(reader, Clip(), limits), reader.seconds, float(reader.rate)
        rgb = _frame(path, (seconds or 0.0) / 3)
    except ValueError as error:
        raise ValueError(str(error).replace(path, "this video")) from error
    shape = rgb.shape[0], rgb.shape[1]
    return Still(rgb if min(shape) <= side else fit_short_side(Picture(rgb), side).rgb, shape, seconds, rate)


def _frame(path: str, start: float) -> np.ndarray:
    """The first frame from `start` seconds on, or of all, where a damaged or short file has none there."""
    for begin in (start, 0.0) if start else (0.0,):
        try:
            with VideoReader(path, begin) as reader:
                for item in reader:
                    if isinstance(item, Frame):
                        return item.rgb
        except ValueError:
            if not begin:
                raise
    raise ValueError(f"{path} has no frames that can be decoded; get a fresh copy")


def trial(connection: Connection, source: str, target: str, clip: Clip, limits: VideoLimits) -> None:
    """As `reading.video`, for TRIAL seconds around the middle; all of a video that is shorter, or says no length."""
    try:
        with VideoReader(source) as reader:
            reading.side_of(reader, clip, limits)
            seconds = reader.seconds or 0.0
    except ValueError as error:
        raise ValueError(str(error).replace(source, "this video")) from error
    start = max(0.0, (seconds - TRIAL) / 2)
    reading.video(connection, source, target, clip, limits, (start, start + TRIAL))
