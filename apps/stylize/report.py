"""What a run says of itself at its end."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from apps.common.stdio import complain, say, say_written
from apps.stylize.find_images import left_out_lines
from apps.stylize.job_list import Job
from apps.stylize.options import StylizeOptions

STATUSES = ("written", "skipped", "failed", "unfinished")


@dataclass
class Result:
    """What became of one picture; also its entry in the JSON report.

    Attributes:
        content, output: paths, or '-'.
        style: paths.
        status: "written", "skipped" (there is a current result), "failed" or "unfinished" (the run was interrupted).
        seconds: for reading, painting and writing; 0 if nothing was written.
        width, height: of the written picture in pixels.
        error: one line where the status is "failed".
        warnings: one line each, on what was odd about the content.
    """

    content: str
    output: str
    style: list[str]
    status: str
    seconds: float = 0.0
    width: int | None = None
    height: int | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, job: Job, status: str, **values: Any) -> "Result":
        return cls(str(job.content), str(job.output), [str(path) for path, _ in job.style], status, **values)


@dataclass
class Report:
    """All that a run has to say.

    Attributes:
        results: of every job, in order.
        seconds: of the whole run.
        left_out: why -> paths that were found in folders but not painted.
        warnings: (path, one line) on styles and the mask.
    """

    results: list[Result]
    seconds: float
    left_out: dict[str, list[Path]] = field(default_factory=dict)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    def show(self, options: StylizeOptions) -> int:
        """Print it; the exit code.

        Raises:
            ValueError: the only picture failed, which is an error like any other.
        """
        if options.json:
            say(json.dumps(self._as_json(), indent=2))
        for path, warning in (*self.warnings, *((r.content, line) for r in self.results for line in r.warnings)):
            complain(f"warning: {_about(path, warning)}")
        for line in left_out_lines(self.left_out):
            complain(line)
        failed = [result for result in self.results if result.status == "failed"]
        if failed and len(self.results) == 1 and not os.path.isdir(options.content[0]):
            raise ValueError(failed[0].error)
        for result in failed:
            complain(f"failed: {_about(result.content, result.error or '')}")
        if not options.json and options.output != "-":
            say(self._summary())
            if os.path.lexists(options.output):
                say_written(options.output)
        return 1 if failed else 0

    def _counts(self) -> dict[str, int]:
        counts = {status: sum(result.status == status for result in self.results) for status in STATUSES}
        return counts if counts["unfinished"] else {status: counts[status] for status in STATUSES[:-1]}

    def _summary(self) -> str:
        counts = self._counts()
        written = counts["written"]
        if written == len(self.results) == 1:
            return f"painted in {self.seconds:.1f} s, {self.results[0].width} x {self.results[0].height}"
        rate = f" in {self.seconds:.1f} s ({written / self.seconds:.1f} a second)" if written > 1 else ""
        return ", ".join(f"{count} {status}" for status, count in counts.items() if count) + rate

    def _as_json(self) -> dict[str, Any]:
        counts = self._counts()
        rate = round(counts["written"] / self.seconds, 2)
        return {
            "results": [asdict(result) for result in self.results],
            "left_out": {why: _names(paths) for why, paths in self.left_out.items()},
            "warnings": [_about(path, warning) for path, warning in self.warnings],
            "summary": {**counts, "seconds": round(self.seconds, 3), "per_second": rate},
        }


def _about(path: str, text: str) -> str:
    return text if path in text else f"{path}: {text}"


def _names(paths: Iterable[Path]) -> list[str]:
    return [str(path) for path in paths]
