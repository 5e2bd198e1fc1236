"""A run of `artnet stylize`, from its options to its report."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from apps.common.prefetch import prefetch_each
from apps.common.stdio import stdout_is_closed
from apps.common.terminal import progress
from apps.stylize.batch import MANY, STREAMS, Batch, failure
from apps.stylize.find_images import Finder
from apps.stylize.input_files import Sources
from apps.stylize.job_list import STDIO, Job, Naming, plan_jobs
from apps.stylize.manifest import Manifest
from apps.stylize.options import StylizeOptions
from apps.stylize.report import Report, Result
from apps.stylize.up_to_date import conditions_of, weights_path
from apps.stylize.work import Work

if TYPE_CHECKING:
    from apps.stylize.cluster import Cluster


def run_stylize(options: StylizeOptions) -> int:
    """Do what is asked for and report it; see `apps.stylize.command.run`. Nothing is loaded if nothing is to paint."""
    start = time.perf_counter()
    run = Run(options)
    results = {job: Result.of(job, "skipped") for job in run.current()}
    todo = [job for job in run.jobs if job not in results]
    interruption = None
    if todo:
        batch = run.batch()
        try:
            run.paint(batch, todo)
        except KeyboardInterrupt as stop:  # the report says how far it came
            interruption = stop
        results |= batch.finished
    code = run.report(results, time.perf_counter() - start).show(options)
    if interruption:
        raise interruption
    return code


class Run:
    """The inputs of a run, checked and, where they are few, read. Raises ValueError where they are wrong."""

    def __init__(self, options: StylizeOptions):
        self.options, self.sources = options, Sources()
        is_result = Manifest(Path(options.output)).is_result
        self.finder = Finder(options.recursive, Path(options.output), self.sources.suffix, is_result)
        inputs = [Path(name) for name in (options.mask, options.network.weights) if name]
        naming = Naming(options.combine, options.name)
        self.jobs = plan_jobs(options.content, options.style, options.output, self.finder, naming=naming, inputs=inputs)
        if options.output == "-":
            _check_stdout(options)
        elif options.json and stdout_is_closed():
            raise ValueError("--json needs standard output, which is closed")
        if options.ray is not None:
            _check_files(self.jobs, self.sources)
        self.sources.keep([*inputs, *(path for job in self.jobs for path, _ in job.style)])
        self.style = self.sources.style(self.jobs[0].style) if options.combine == "blend" else None
        mask, mask_hash = self.sources.read_mask(Path(options.mask)) if options.mask else (None, "")
        weights_hash = self.sources.hash(weights_path(options.network.weights))
        # By all jobs, not by those that are left to do: the rounding of an engine depends on it.
        streams = STREAMS if len(self.jobs) >= MANY else 1
        conditions = conditions_of(options, mask_hash, weights_hash, several=streams > 1)
        self.work = Work(options, streams, weights_hash, conditions, mask, manifest_folder(options, self.jobs))
        self.notes = self.work.notes(self.sources)

    def current(self) -> Iterator[Job]:
        """The jobs whose results need not be made again."""
        if self.options.skip_existing and self.notes:
            for job, current in prefetch_each(self.notes.is_current, self.jobs, threads=STREAMS, size=64):
                if current.result():
                    yield job

    def batch(self) -> "Batch | Cluster":
        """What paints the pictures; with the style, where there is one for all."""
        if self.options.ray is not None:
            from apps.stylize.cluster import Cluster

            styles = [path for path, _ in self.jobs[0].style] if self.style else []
            return Cluster(self.options.ray, replace(self.work, files=self.sources.bytes_of(styles)))
        batch = self.work.batch(self.sources)
        if self.style:
            try:
                batch.prepare_style(self.jobs[0].style, self.style)
            except Exception as error:
                raise ValueError(failure(error)) from error
        return batch

    def paint(self, batch: "Batch | Cluster", jobs: list[Job]) -> None:
        """Paint; `batch.finished` tells what became of the jobs. KeyboardInterrupt goes through."""
        with closing(batch.results(jobs)) as painted:
            for _ in painted if len(self.jobs) == 1 else self._counted(painted, len(jobs)):
                pass
        if self.notes:
            self.notes.close()

    def _counted(self, painted: Iterator[tuple[Job, Result]], count: int) -> Iterator[tuple[Job, Result]]:
        total = len(self.jobs)
        return iter(progress(total, "pictures", iterable=painted, initial=total - count))

    def report(self, results: dict[Job, Result], seconds: float) -> Report:
        """Of all jobs, and of the folders that could not be opened."""
        every = [results.get(job) or Result.of(job, "unfinished") for job in self.jobs]
        every += [Result(str(folder), "", [], "failed", error=why) for folder, why in self.finder.failed]
        warnings = [(str(path), line) for path, lines in self.sources.warnings.items() for line in lines]
        return Report(every, seconds, self.finder.left_out, warnings)


def manifest_folder(options: StylizeOptions, jobs: list[Job]) -> Path | None:
    """Where the manifest lies: in the output folder; of a file named itself, only if it may be left alone later."""
    folder = Path(options.output)
    if options.output == "-":
        return None
    if jobs[0].output == folder:
        return folder.parent if options.skip_existing else None
    return folder


def _check_files(jobs: list[Job], sources: Sources) -> None:
    if any(job.output == STDIO or sources.is_pipe(job.content) for job in jobs):
        raise ValueError("--ray paints files: pipes, standard input and standard output are on this machine alone")


def _check_stdout(options: StylizeOptions) -> None:
    if options.json:
        raise ValueError("--json and '-o -' both need standard output; write the picture to a file")
    if stdout_is_closed():
        raise ValueError("standard output is closed; name a file instead of '-o -'")
    if sys.stdout.isatty():
        raise ValueError("a picture cannot be shown in a terminal; send it on ('-o - > out.png') or name a file")
