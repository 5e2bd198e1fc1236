"""`artnet stylize --ray`: the jobs of a run, painted on the machines of a Ray cluster that see the same folders.

What travels are names, options, the style and the mask; pictures are read and written where they are painted. Jobs are
handed out in small portions, at most two to a machine, so nothing piles up. A portion whose machine is lost goes to
another; what was written of it is written again, with the same bytes.
"""

import json
import logging
import os
import socket
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.common.extras import need
from apps.stylize.input_files import Sources
from apps.stylize.job_list import Job
from apps.stylize.report import Result
from apps.stylize.up_to_date import weights_path
from apps.stylize.work import Work
from artnet.image.files import sweep

if TYPE_CHECKING:
    import ray

PORTION, TRIES = 8, 2
"""Jobs that are handed out together, and how often one is tried that fails."""
ANSWER = 10
"""Seconds that a cluster has to answer."""
REPORTED = ("status", "seconds", "width", "height", "error", "warnings")
"""What a painter tells of a result; the names of its files the other side knows, as they were given."""


class Painter:
    """A process on one of the machines: it holds the network and the style, and paints a portion at a time.

    Args:
        work: a list of the reference to what is to be done, which so is fetched here, also when this one is restarted.
    """

    def __init__(self, work: list["ray.ObjectRef"]):
        import ray

        found: Work = ray.get(work[0])
        self.batch = found.batch(Sources(found.files))

    def __call__(self, portion: dict[str, Any]) -> dict[str, list]:
        """Columns 'n' and 'job' -> 'n' and 'result', with the JSON of a `Result`."""
        jobs = [_parsed(text) for text in portion["job"]]
        results = dict(self.batch.results(jobs))
        self.batch.finished.clear()
        return {"n": list(portion["n"]), "result": [json.dumps(asdict(results[job])) for job in jobs]}


class Cluster:
    """Paints jobs on a Ray cluster, as `Batch` does in this process.

    Args:
        address: of the cluster; '' for the one that this machine belongs to, or a new one of this machine alone.
        work: with the bytes of the styles in `files` where they are the same for all jobs.

    Attributes:
        finished: what became of the jobs that are done.

    Raises:
        ValueError: Ray is not installed, or there is no cluster.
    """

    def __init__(self, address: str, work: Work):
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        need("ray", "ray", "ray.data")
        import ray

        _check_answers(address)
        try:
            ray.init(address or None, ignore_reinit_error=True, logging_level="ERROR", log_to_driver=False)
        except ConnectionError as error:
            raise ValueError(f"there is no Ray cluster at {address}: start one with ray start --head") from error
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        self.device, self.finished = work.options.network.device, dict[Job, Result]()
        self._work = ray.put(_absolute(work))  # kept by this machine, which the run ends with anyhow

    def results(self, jobs: list[Job]) -> Generator[tuple[Job, Result]]:
        """Each job with what became of it, in no order; what fails is tried once more."""
        for attempt in range(1, TRIES + 1):
            again = []
            for job, result in self._once(jobs):
                if result.status == "failed" and attempt < TRIES:
                    again.append(job)
                else:
                    self.finished[job] = result
                    yield job, result
            if not (jobs := again):
                break
        for folder in {job.output.parent for job in self.finished}:
            sweep(folder)  # of what lost machines left

    def _once(self, jobs: list[Job]) -> Iterator[tuple[Job, Result]]:
        import ray

        ray.data.DataContext.get_current().enable_progress_bars = False
        rows = [{"n": n, "job": _text(job)} for n, job in enumerate(jobs)]
        machines, needed = _machines(ray.nodes(), self.device)
        painted = ray.data.from_items(rows, override_num_blocks=-(-len(rows) // PORTION)).map_batches(
            Painter,
            fn_constructor_args=([self._work],),
            batch_size=PORTION,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=machines, max_tasks_in_flight_per_actor=2),
            **needed,
        )
        try:
            for row in painted.iter_rows():
                found = json.loads(row["result"])
                yield jobs[row["n"]], Result.of(jobs[row["n"]], **{name: found[name] for name in REPORTED})
        except ray.exceptions.RayError as error:
            raise ValueError(f"a machine of the Ray cluster cannot paint: {str(error).splitlines()[-1]}") from error


def _check_answers(address: str) -> None:
    """Raise ValueError where nobody listens at HOST:PORT; Ray itself would try for many minutes."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    if not host or not port.isdecimal():  # as 'auto'
        return
    try:
        socket.create_connection((host, int(port)), ANSWER).close()
    except (OSError, OverflowError) as error:
        raise ValueError(f"there is no Ray cluster at {address} ({error}): start one with ray start --head") from error


def _machines(nodes: Iterable[dict[str, Any]], device: str) -> tuple[int, dict[str, float]]:
    """How many painters there may be, and what each takes: a whole machine (of the smallest's cores), or a GPU."""
    kind, option = ("GPU", "num_gpus") if device == "cuda" else ("CPU", "num_cpus")
    sizes = [node["Resources"][kind] for node in nodes if node["Alive"] and node["Resources"].get(kind)]
    if not sizes:
        raise ValueError(f"no machine of the Ray cluster has a {kind}")
    size = 1 if kind == "GPU" else min(sizes)
    return int(sum(found // size for found in sizes)), {option: size}


def _absolute(work: Work) -> Work:
    """The same, with names that do not depend on the folder that this process is in."""
    files = {path.absolute(): data for path, data in work.files.items()}
    name = work.options.network.weights
    network = replace(work.options.network, weights=str(weights_path(name).absolute()) if name else None)
    options = replace(work.options, network=network)
    return replace(work, options=options, files=files, folder=work.folder.absolute() if work.folder else None)


def _text(job: Job) -> str:
    style = [(str(path.absolute()), weight) for path, weight in job.style]
    return json.dumps([str(job.content.absolute()), str(job.output.absolute()), style])


def _parsed(text: str) -> Job:
    content, output, style = json.loads(text)
    return Job(Path(content), Path(output), tuple((Path(path), weight) for path, weight in style))
