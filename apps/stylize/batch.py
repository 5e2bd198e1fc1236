"""The work of `artnet stylize`: inputs are checked first; then pictures are read, painted and written side by side."""

import os
import threading
import time
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.common.errors import describe, is_plain
from apps.common.prefetch import prefetch_each, result_of
from apps.common.terminal import progress
from apps.stylize.input_files import Sources, StyleSource, unchanged
from apps.stylize.job_list import STDIO, Job, Mix
from apps.stylize.options import StylizeOptions
from apps.stylize.report import Result
from apps.stylize.result_files import write_result
from apps.stylize.up_to_date import Notes
from artnet.image import Picture, check_sides, fit_short_side, format_of, resize
from artnet.image.large import is_large, read_large
from artnet.interruption import undisturbed

if TYPE_CHECKING:
    from tqdm import tqdm

    from artnet import Style, Stylizer

WRITERS, UNWRITTEN = 2, 2
"""Threads that encode and write beside those that paint, and pictures that may wait for them."""
STREAMS, MANY = min(4, os.cpu_count() or 1), 16
"""Pictures that are painted at once where there are many, and how many are."""

_TILES = "{bar:32} {percentage:3.0f} %  {elapsed}, {remaining} left"


class TileBar:
    """Progress of pictures that are painted in tiles; shown where somebody watches."""

    def __init__(self) -> None:
        self.bar: tqdm | None = None

    def __call__(self, share: float) -> None:
        self.bar = self.bar or progress(1.0, "picture", layout=_TILES)
        self.bar.update(share - self.bar.n)
        if share == 1:
            self.bar.close()
            self.bar = None


@dataclass(frozen=True)
class Reading:
    """A content that was read, its hash, the style where that is not the present one, and the seconds that it took."""

    content: Picture
    hash: str
    style: StyleSource | None
    seconds: float


@dataclass(frozen=True)
class PreparedStyle:
    """The style of the jobs with a mix, and the hash of the files that it was made of."""

    mix: Mix
    hash: str
    style: "Style"


class Batch:
    """Paints many pictures: while the network works on some, others are decoded and encoded in threads.

    Attributes:
        finished: what became of the jobs that are done, also of those that were not handed out before an interruption.
    """

    def __init__(
        self,
        stylizer: "Stylizer",
        options: StylizeOptions,
        *,
        sources: Sources | None = None,
        mask: np.ndarray | None = None,
        notes: Notes | None = None,
    ):
        self.stylizer, self.options, self.mask, self.notes = stylizer, options, mask, notes
        self.sources, self.settings = sources or Sources(), options.settings
        self.style: PreparedStyle | None = None
        self.finished: dict[Job, Result] = {}
        self._painting, self._stop = threading.BoundedSemaphore(stylizer.streams), threading.Event()
        self._bar = TileBar() if stylizer.streams == 1 else None  # several at once would share one bar

    def prepare_style(self, mix: Mix, source: StyleSource) -> "PreparedStyle":
        """Prepare a style, kept for the jobs that come next. Raises ValueError where the stylizer refuses it."""
        pictures, digest = source
        style = self.stylizer.prepare_style(pictures, stroke_size=self.settings.stroke_size)
        self.style = PreparedStyle(mix, digest, style)
        return self.style

    def results(self, jobs: list[Job]) -> Generator[tuple[Job, Result]]:
        """Each job with what became of it, in order; a failure is a result too, so that the others go on."""
        waiting: deque[tuple[Job, Future[Result]]] = deque()
        threads = self.stylizer.streams + WRITERS
        with ThreadPoolExecutor(threads, thread_name_prefix="paint") as painters:
            try:
                for job, reading in prefetch_each(self._read, jobs):
                    waiting.append((job, self._begin(job, reading, painters)))
                    while len(waiting) > threads + UNWRITTEN:
                        yield _next(waiting)
                while waiting:
                    yield _next(waiting)
            except BaseException:  # interrupted, also by who takes the results: what is begun is not gone on with
                with undisturbed():
                    self._stop.set()
                    painters.shutdown(wait=False, cancel_futures=True)
                raise

    def _begin(self, job: Job, reading: "Future[Reading]", painters: ThreadPoolExecutor) -> "Future[Result]":
        """Have a picture painted, when it is read and its style is prepared."""
        try:
            read, style = result_of(reading), self.style
            if not style or job.style != style.mix:
                style = self.prepare_style(job.style, read.style or self.sources.style(job.style))
        except Exception as error:  # decoders, encoders and engines fail with nearly any
            done: Future[Result] = Future()
            done.set_result(self._finish(job, "failed", error=failure(error)))
            return done
        with undisturbed():
            return painters.submit(self._paint_and_write, job, read, style)

    def _read(self, job: Job) -> Reading:
        start = time.perf_counter()
        content, digest = self._read_content(job)
        if job.output != STDIO:
            check_sides(format_of(job.output), content.rgb)  # now, and not after minutes of painting
        present = self.style
        style = None if present and job.style == present.mix else self.sources.style(job.style)
        return Reading(content, digest, style, time.perf_counter() - start)

    def _read_content(self, job: Job) -> tuple[Picture, str]:
        if job.output != STDIO and not self.sources.is_pipe(job.content) and is_large(job.content):
            folder = job.output.parent
            folder.mkdir(parents=True, exist_ok=True)
            return unchanged(job.content, lambda: read_large(job.content, folder, short_side=self.options.size))
        content, digest = self.sources.read(job.content)
        return fit_short_side(content, self.options.size) if self.options.size else content, digest

    def _paint(self, content: Picture, style: "Style") -> np.ndarray:
        """The stylized (H, W, 3) uint8 pixels, with --strength, --preserve-color and --mask applied."""
        mask = None if self.mask is None else resize(self.mask, *content.rgb.shape[:2])
        return self.stylizer.stylize(
            content.rgb, style, self.settings, tile=self.options.tile, mask=mask, progress=self._progress
        )

    def _progress(self, share: float) -> None:
        if self._stop.is_set():
            raise InterruptedError("interrupted")
        if self._bar:
            self._bar(share)

    def _paint_and_write(self, job: Job, read: Reading, style: "PreparedStyle") -> Result:
        start, seconds = time.perf_counter(), read.seconds
        try:
            with self._painting:
                seconds -= time.perf_counter() - start  # it only waited
                rgb = self._paint(read.content, style.style)
            holds = write_result(job.output, rgb, read.content, strip_metadata=self.options.strip_metadata)
        except BrokenPipeError:
            raise
        except Exception as error:
            if self._stop.is_set():
                raise
            return self._finish(job, "failed", error=failure(error))
        if self.notes:
            self.notes.note(job, holds, read.hash, style.hash)
        height, width = rgb.shape[:2]
        seconds = round(seconds + time.perf_counter() - start, 3)
        return self._finish(job, "written", seconds=seconds, width=width, height=height, warnings=read.content.warnings)

    def _finish(self, job: Job, status: str, **values: Any) -> Result:
        self.finished[job] = Result.of(job, status, **values)
        return self.finished[job]


def failure(error: Exception) -> str:
    """One line; of what nobody foresaw, with its class."""
    if is_plain(error):
        return describe(error)
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return f"{name}: {describe(error)}"


def _next(waiting: "deque[tuple[Job, Future[Result]]]") -> tuple[Job, Result]:
    job, future = waiting.popleft()
    return job, result_of(future)
