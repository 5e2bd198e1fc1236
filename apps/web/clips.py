"""Videos of visitors, painted: the whole, three seconds of it, or a single frame."""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from apps import samples
from apps.video.convert import Clip, PaintFrame, frame_painter
from apps.web import confined, excerpts, reading
from apps.web.clients import address
from apps.web.excerpts import Still
from apps.web.places import Places, Ticket
from apps.web.shared_stylizer import SharedStylizer, Wish

BOUNDS = confined.Bounds(memory=600_000_000, seconds=60)
MAX_WORK = 3600
"""Seconds that one video may take to be painted."""
_TURN = 0.5  # seconds between two looks at the line
_SHOWN = 0.25  # seconds between two words on progress
_REMEMBERED = 8  # stills
_READERS = Places(2, 1)
Check = Callable[[], None] | None


@dataclass(frozen=True)
class Waiting:
    """So many come first, the one that is painted now among them."""

    ahead: int


@dataclass(frozen=True)
class Progress:
    """Seconds of video that are done, and in all; and the seconds that the rest will take."""

    done: float
    whole: float
    left: float


def paint_video(
    shared: SharedStylizer,
    source: str | None,
    target: Path,
    wished: Wish,
    clip: Clip,
    check: Check = None,
    limits: reading.VideoLimits | None = None,
    trial: bool = False,
) -> Iterator[Waiting | Progress]:
    """Wait in line, then paint; yields how far it is, at most four times a second.

    Another process reads and writes. Closing the iterator, or an exception of `check`, ends it at once.

    Args:
        trial: only a few seconds from the middle, in a line of their own.

    Raises:
        ValueError: no video, one that cannot be read or goes over the limits, or that takes longer than MAX_WORK; or
            too many wait already.
    """
    _check_there(source)
    paint = frame_painter(shared.stylizer, shared.style(wished, check), wished.in_motion().settings)
    arguments = (source, str(target), clip, limits or reading.VideoLimits())
    work = excerpts.trial if trial else reading.video
    ticket = (shared.trials if trial else shared.videos).join(address())
    try:
        yield from _turn(ticket, check)
        with confined.started(work, *arguments, bounds=BOUNDS, what="video") as messages:
            yield from _progress(messages, paint, check)
    finally:
        ticket.leave()


def _turn(ticket: Ticket, check: Check) -> Iterator[Waiting]:
    while ahead := ticket.ahead(_TURN):
        if check:
            check()
        yield Waiting(ahead)


def _progress(messages: confined.Messages, paint: PaintFrame, check: Check) -> Iterator[Progress]:
    start, shown = time.monotonic(), 0.0
    for kind, value in messages(check):
        now = time.monotonic()
        if check:
            check()
        if now - start > MAX_WORK:
            raise ValueError(f"this video takes more than {MAX_WORK // 60} minutes to paint: cut it, or scale it")
        if kind == "paint":
            messages.answer(reading.answers(paint, *value))
        elif now - shown > _SHOWN:
            shown, (done, whole) = now, value
            yield Progress(done, whole, (now - start) * (whole - done) / max(done, 1e-3))


class Stills:
    """One frame of every video that was looked at lately; safe to call from several threads."""

    def __init__(self) -> None:
        self._lock, self._stills = threading.Lock(), OrderedDict[str, Still]()

    def of(self, source: str | None, check: Check = None) -> Still:
        """A frame of an uploaded video. ValueError where there is none, or it cannot be read or is over the limits."""
        path = _check_there(source)
        with self._lock:
            if path in self._stills:
                self._stills.move_to_end(path)
                return self._stills[path]
        with _READERS.taken(address(), check):
            still = confined.run(excerpts.still, path, reading.VideoLimits(), bounds=BOUNDS, what="video", check=check)
        with self._lock:
            self._stills[path] = still
            if len(self._stills) > _REMEMBERED:
                self._stills.popitem(last=False)
        return still


def file_name(source: str, wished: Wish, trial: bool) -> str:
    """What a painted video is called: <clip>-<style>.mp4, in letters that every system takes."""
    bundled = {str(path): name for name, path in samples.styles().items()}
    styles = [bundled.get(path, "own-style") for path, _ in wished.mix]
    words = [Path(source).stem, *styles, *(["trial"] if trial else [])]
    return re.sub(r"[^A-Za-z0-9_]+", "-", "-".join(words)).strip("-")[:100] + ".mp4"


def _check_there(source: str | None) -> str:
    if source is None:
        raise ValueError("no video yet: add one first")
    if not Path(source).is_file():
        raise ValueError("this video is deleted by now, as everything is after an hour: add it again")
    return source
