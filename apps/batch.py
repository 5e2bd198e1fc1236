"""The work of `artnet stylize`: inputs are checked first; then pictures are read, painted and written side by side."""

import argparse
import json
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from apps.ahead import each_ahead
from apps.cli import describe
from apps.jobs import STDIO, Job, Mix, Naming, plan_jobs
from apps.journal import Journal, hash_of
from apps.look import Look, engine_of, read_styles
from artnet.color import blend
from artnet.huge import is_huge, read_huge, write_huge
from artnet.pictures import Picture, check_sides, fit_short_side, format_of, read_picture, resize, write_picture

if TYPE_CHECKING:
    from tqdm import tqdm

    from artnet import Stylizer

WRITERS, UNWRITTEN = 2, 2
"""Threads that encode and write beside those that paint, and pictures that may wait for them."""
STREAMS, MANY = min(4, os.cpu_count() or 1), 16
"""Pictures that are painted at once where there are many, and how many are."""
# RuntimeError too: that is how torch reports that memory ran out.
_PICTURE_ERRORS = (ValueError, OSError, MemoryError, RuntimeError)


@dataclass
class Result:
    """What became of one picture; also its entry in the JSON report.

    Attributes:
        content, output: paths, or '-'.
        style: paths.
        status: "written", "skipped" (there is a current result) or "failed".
        seconds: for reading, painting and writing; 0 if nothing was written.
        width, height: of the written picture in pixels.
        error: one line where the status is "failed".
    """

    content: str
    output: str
    style: list[str]
    status: str
    seconds: float = 0.0
    width: int | None = None
    height: int | None = None
    error: str | None = None


def run_batch(args: argparse.Namespace, load: Callable[[str | None, str, str, int], "Stylizer"]) -> int:
    """Do what the arguments of `artnet stylize` ask for and report it; see `apps.stylize.run`.

    Args:
        args: as defined by `apps.stylize.add_arguments`.
        load: from (weights, engine, device, streams) to a stylizer; called only if there is something to paint.
    """
    start = time.perf_counter()
    extra = [Path(name) for name in (args.mask, args.weights) if name]
    naming = Naming(args.combine, args.name)
    jobs = plan_jobs(args.content, args.style, args.output, recursive=args.recursive, naming=naming, inputs=extra)
    if args.output == "-":
        _check_stdout(args)
    styles = read_styles(args.style) if args.combine == "blend" else None
    mask = _read_mask(args.mask) if args.mask else None
    journal = _journal(args, jobs)
    skipped = {job for job in jobs if args.skip_existing and _is_current(job, journal)}
    batch = None
    if len(skipped) < len(jobs):
        streams = STREAMS if len(jobs) - len(skipped) >= MANY else 1
        batch = Batch(load(args.weights, engine_of(args), args.device, streams), args, mask, journal)
        if styles is not None:
            batch.set_style(jobs[0].style, styles)
    results = {job: _result(job, "skipped") for job in skipped}
    if batch:
        painted = batch.results([job for job in jobs if job not in skipped])
        results |= painted if len(jobs) == 1 else _counted(painted, len(jobs), len(skipped))
    return _report([results[job] for job in jobs], args, time.perf_counter() - start)


def _counted(painted: Iterator[tuple[Job, Result]], total: int, done: int) -> Iterator[tuple[Job, Result]]:
    from tqdm import tqdm

    return iter(tqdm(painted, total=total, initial=done, unit="picture", disable=None))


class TileBar:
    """Progress of pictures that are painted in tiles; shown where somebody watches."""

    def __init__(self) -> None:
        self.bar: tqdm | None = None

    def __call__(self, share: float) -> None:
        from tqdm import tqdm  # here, because few pictures are so large

        self.bar = self.bar or tqdm(total=1.0, disable=None, bar_format="{l_bar}{bar}| {elapsed}<{remaining}")
        self.bar.update(share - self.bar.n)
        if share == 1:
            self.bar.close()
            self.bar = None


class Batch:
    """Paints many pictures: while the network works on some, others are decoded and encoded in threads."""

    def __init__(
        self, stylizer: "Stylizer", args: argparse.Namespace, mask: np.ndarray | None, journal: Journal | None
    ):
        self.stylizer, self.args, self.mask, self.journal = stylizer, args, mask, journal
        self.look, self.style = Look.of(args), None
        self.painting = threading.BoundedSemaphore(stylizer.streams)
        # Several at once would share one bar.
        self.progress = TileBar() if stylizer.streams == 1 else None
        self.read_style = lru_cache(maxsize=4)(lambda mix: read_styles(list(mix)))

    def set_style(self, mix: Mix, pictures: list[tuple[np.ndarray, float]]) -> None:
        """Prepare the mix for the pictures to come. Raises ValueError where the stylizer refuses it."""
        self.style = None
        self.stylizer.set_style(pictures, size=self.args.style_size)
        self.style = mix

    def results(self, jobs: list[Job]) -> Iterator[tuple[Job, Result]]:
        """Each job with what became of it, in order; a failure is a result too, so that the others go on."""
        waiting: deque[tuple[Job, Future[Result]]] = deque()
        threads = self.stylizer.streams + WRITERS
        with ThreadPoolExecutor(threads, thread_name_prefix="paint") as painters:
            for job, reading in each_ahead(self._read, jobs):
                try:
                    content, pictures, seconds = reading.result()
                    if job.style != self.style:
                        wait([future for _, future in waiting])  # who paint in the style that was
                        self.set_style(job.style, pictures or self.read_style(job.style))
                except _PICTURE_ERRORS as error:
                    waiting.append((job, _done(_result(job, "failed", error=describe(error)))))
                else:
                    waiting.append((job, painters.submit(self._paint_and_write, job, content, seconds)))
                while len(waiting) > threads + UNWRITTEN:
                    yield _next(waiting)
            while waiting:
                yield _next(waiting)

    def _read(self, job: Job) -> tuple[Picture, list[tuple[np.ndarray, float]] | None, float]:
        """(content, the pictures of a style that is not the present one, seconds)."""
        start = time.perf_counter()
        content = self._read_content(job)
        if job.output != STDIO:
            check_sides(format_of(job.output), content.rgb)  # now, and not after minutes of painting
        pictures = None if job.style == self.style else self.read_style(job.style)
        return content, pictures, time.perf_counter() - start

    def _read_content(self, job: Job) -> Picture:
        if STDIO not in (job.content, job.output) and is_huge(job.content):
            job.output.parent.mkdir(parents=True, exist_ok=True)
            return read_huge(job.content, job.output.parent, short_side=self.args.size)
        content = read_picture(sys.stdin.buffer if job.content == STDIO else job.content)
        return fit_short_side(content, self.args.size) if self.args.size else content

    def _paint(self, content: Picture) -> np.ndarray:
        """The stylized (H, W, 3) uint8 pixels, with --strength, --preserve-color and --mask applied."""
        stylized = self.look.paint(self.stylizer, content.rgb, tile=self.args.tile, progress=self.progress)
        if self.mask is None:
            return stylized
        return blend(content.rgb, stylized, resize(self.mask, *content.rgb.shape[:2]))

    def _paint_and_write(self, job: Job, content: Picture, seconds: float) -> Result:
        start = time.perf_counter()
        target = sys.stdout.buffer if job.output == STDIO else job.output
        try:
            with self.painting:
                seconds -= time.perf_counter() - start  # it only waited
                rgb = self._paint(content)
            if job.output != STDIO:
                job.output.parent.mkdir(parents=True, exist_ok=True)
            write = write_huge if isinstance(rgb, np.memmap) else write_picture
            write(target, rgb, like=content, strip_metadata=self.args.strip_metadata)
            if self.journal:
                self.journal.note(job)
        except BrokenPipeError:
            raise
        except _PICTURE_ERRORS as error:
            return _result(job, "failed", error=describe(error))
        height, width = rgb.shape[:2]
        seconds = round(seconds + time.perf_counter() - start, 3)
        return _result(job, "written", seconds=seconds, width=width, height=height)


def _done(result: Result) -> "Future[Result]":
    future: Future[Result] = Future()
    future.set_result(result)
    return future


def _next(waiting: "deque[tuple[Job, Future[Result]]]") -> tuple[Job, Result]:
    job, future = waiting.popleft()
    return job, future.result()


def _journal(args: argparse.Namespace, jobs: list[Job]) -> Journal | None:
    """Of a run that may be gone on with, into a folder."""
    folder = Path(args.output)
    if not args.skip_existing or not all(job.output.is_relative_to(folder) and job.output != folder for job in jobs):
        return None
    look = [args.strength, args.transfer, args.preserve_color, args.grain, args.style_size, args.size, args.tile]
    return Journal(folder, [*look, args.strip_metadata, hash_of(args.mask), hash_of(args.weights)])


def _is_current(job: Job, journal: Journal | None) -> bool:
    if journal:
        return journal.is_current(job)
    return job.output != STDIO and job.output.exists()


def _read_mask(path: str) -> np.ndarray:
    """(H, W) uint8 from any picture: its brightness, and 0 where it is transparent."""
    picture = read_picture(path)
    grey = np.array(Image.fromarray(picture.rgb).convert("L"))
    return grey if picture.alpha is None else np.rint(grey * (picture.alpha / 255)).astype(np.uint8)


def _check_stdout(args: argparse.Namespace) -> None:
    if args.json:
        raise ValueError("--json and '-o -' both need standard output; write the picture to a file")
    if sys.stdout.isatty():
        raise ValueError("a picture cannot be shown in a terminal; send it on ('-o - > out.png') or name a file")


def _result(job: Job, status: str, **values: Any) -> Result:
    return Result(str(job.content), str(job.output), [str(path) for path, _ in job.style], status, **values)


def _report(results: list[Result], args: argparse.Namespace, seconds: float) -> int:
    """Print what was done; the exit code. A single picture that failed is an error like any other (ValueError)."""
    failed = [result for result in results if result.status == "failed"]
    counts = {status: sum(result.status == status for result in results) for status in ("written", "skipped", "failed")}
    if args.json:
        summary = {**counts, "seconds": round(seconds, 3), "per_second": round(counts["written"] / seconds, 2)}
        print(json.dumps({"results": [asdict(result) for result in results], "summary": summary}, indent=2))
    if failed and len(results) == 1 and not os.path.isdir(args.content[0]):
        raise ValueError(failed[0].error)
    if not args.json and args.output != "-":
        rate = f" in {seconds:.1f} s ({counts['written'] / seconds:.1f} a second)" if counts["written"] > 1 else ""
        print(f"{args.output}: " + ", ".join(f"{count} {status}" for status, count in counts.items() if count) + rate)
    for result in failed:
        about = "" if result.content in result.error else f"{result.content}: "
        print(f"artnet: failed: {about}{result.error}", file=sys.stderr)
    return 1 if failed else 0
