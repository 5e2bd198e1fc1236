"""The work of `artnet stylize`: inputs are checked first, then each picture is read, painted and written."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from apps.cli import describe
from apps.jobs import STDIO, Job, plan_jobs
from artnet.color import blend, preserve_color
from artnet.pictures import Picture, fit_short_side, flatten, read_picture, resize, write_picture

if TYPE_CHECKING:
    from artnet import Stylizer

# RuntimeError too: that is how torch reports that memory ran out.
_PICTURE_ERRORS = (ValueError, OSError, MemoryError, RuntimeError)


@dataclass
class Result:
    """What became of one picture; also its entry in the JSON report.

    Attributes:
        content, output: paths, or '-'.
        status: "written", "skipped" (the output exists) or "failed".
        seconds: for reading, painting and writing; 0 if nothing was written.
        width, height: of the written picture in pixels.
        error: one line where the status is "failed".
    """

    content: str
    output: str
    status: str
    seconds: float = 0.0
    width: int | None = None
    height: int | None = None
    error: str | None = None


def run_batch(args: argparse.Namespace, load: Callable[[str | None, str, str], "Stylizer"]) -> int:
    """Do what the arguments of `artnet stylize` ask for and report it; see `apps.stylize.run`.

    Args:
        args: as defined by `apps.stylize.add_arguments`.
        load: from (weights, engine, device) to a stylizer; called only if there is something to paint.
    """
    extra = [path for path, _ in args.style] + [Path(name) for name in (args.mask, args.weights) if name]
    jobs = plan_jobs(args.content, args.output, recursive=args.recursive, inputs=extra)
    if args.output == "-":
        _check_stdout(args)
    styles = [(flatten(read_picture(path)), weight) for path, weight in args.style]
    mask = _read_mask(args.mask) if args.mask else None
    skipped = {job for job in jobs if args.skip_existing and job.output != STDIO and job.output.exists()}
    stylizer = None
    if len(skipped) < len(jobs):
        stylizer = load(args.weights, args.engine, args.device)
        stylizer.set_style(styles, size=args.style_size)
    hide = True if len(jobs) == 1 else None  # None: hide the bar only where nobody watches it
    results = [
        _result(job, "skipped") if job in skipped else _attempt(job, stylizer, mask, args)
        for job in tqdm(jobs, unit="picture", disable=hide)
    ]
    return _report(results, args)


def _attempt(job: Job, stylizer: "Stylizer", mask: np.ndarray | None, args: argparse.Namespace) -> Result:
    """Make one picture; its failure is a result, so that the others go on."""
    start = time.perf_counter()
    try:
        rgb = _make(job, stylizer, mask, args)
    except BrokenPipeError:
        raise
    except _PICTURE_ERRORS as error:
        return _result(job, "failed", error=describe(error))
    height, width = rgb.shape[:2]
    return _result(job, "written", seconds=round(time.perf_counter() - start, 3), width=width, height=height)


def _make(job: Job, stylizer: "Stylizer", mask: np.ndarray | None, args: argparse.Namespace) -> np.ndarray:
    """Read, paint and write one picture; the written (H, W, 3) uint8 pixels."""
    content = read_picture(sys.stdin.buffer if job.content == STDIO else job.content)
    if args.size:
        content = fit_short_side(content, args.size)
    rgb = _paint(content, stylizer, mask, args)
    if job.output == STDIO:
        write_picture(sys.stdout.buffer, rgb, like=content, strip_metadata=args.strip_metadata)
    else:
        job.output.parent.mkdir(parents=True, exist_ok=True)
        write_picture(job.output, rgb, like=content, strip_metadata=args.strip_metadata)
    return rgb


def _paint(content: Picture, stylizer: "Stylizer", mask: np.ndarray | None, args: argparse.Namespace) -> np.ndarray:
    """The stylized (H, W, 3) uint8 pixels, with --strength, --preserve-color and --mask applied."""
    stylized = stylizer.stylize(content.rgb, strength=args.strength, transfer=args.transfer)
    if args.preserve_color:
        stylized = preserve_color(content.rgb, stylized)
    if mask is not None:
        stylized = blend(content.rgb, stylized, resize(mask, *content.rgb.shape[:2]))
    return stylized


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
    return Result(str(job.content), str(job.output), status, **values)


def _report(results: list[Result], args: argparse.Namespace) -> int:
    """Print what was done; the exit code. A single picture that failed is an error like any other (ValueError)."""
    failed = [result for result in results if result.status == "failed"]
    counts = {status: sum(result.status == status for result in results) for status in ("written", "skipped", "failed")}
    if args.json:
        summary = {**counts, "seconds": round(sum(result.seconds for result in results), 3)}
        print(json.dumps({"results": [asdict(result) for result in results], "summary": summary}, indent=2))
    if failed and len(results) == 1 and not os.path.isdir(args.content[0]):
        raise ValueError(failed[0].error)
    if not args.json and args.output != "-":
        print(f"{args.output}: " + ", ".join(f"{count} {status}" for status, count in counts.items() if count))
    for result in failed:
        about = "" if result.content in result.error else f"{result.content}: "
        print(f"artnet: failed: {about}{result.error}", file=sys.stderr)
    return 1 if failed else 0
