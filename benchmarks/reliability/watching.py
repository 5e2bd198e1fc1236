"""What is seen of a running program from outside: memory, open files, temporary files. Linux: it is read from /proc."""

import os
import signal
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.web_server import family, field, serving


class Server:
    """One running server: its process, and the folder that it keeps temporary files in."""

    def __init__(self, url: str, process: int, folder: Path):
        self.url, self.process, self.folder = url, process, folder
        self.begin = time.monotonic()

    def look(self) -> dict[str, float]:
        """Memory in MB, open files, threads and processes (medians of a second); files and MB of the folder."""
        found = []
        for _ in range(5):
            processes = family(self.process)
            found.append({
                "server MB": field(self.process, "status", "VmRSS") / 1000,
                "all processes MB": sum(field(one, "smaps_rollup", "Pss") for one in processes) / 1000,
                "open files": sum(map(open_files, processes)),
                "threads": field(self.process, "status", "Threads"),
                "processes": len(processes),
            })  # fmt: skip
            time.sleep(0.2)
        row = {name: round(statistics.median(look[name] for look in found)) for name in found[0]}
        sizes = [size for path in self.folder.rglob("*") if (size := size_of(path)) is not None]
        return {"seconds": round(time.monotonic() - self.begin)} | row | {
            "temporary files": len(sizes), "temporary MB": round(sum(sizes) / 1e6, 1)
        }  # fmt: skip


def open_files(process: int) -> int:
    with suppress(OSError):
        return len(os.listdir(f"/proc/{process}/fd"))
    return 0


def size_of(path: Path) -> int | None:
    """Bytes of a file; None of all else, and of what has just gone."""
    with suppress(OSError):
        return path.stat().st_size if path.is_file() else None
    return None


@contextmanager
def served(folder: Path, log: Path, *options: str) -> Iterator[Server]:
    """A server whose temporary files go below `folder`; what it says on standard error is added to `log`."""
    kept = os.dup(2)
    before, os.environ["TMPDIR"] = os.environ.get("TMPDIR"), str(folder)
    try:
        with open(log, "a") as file:
            os.dup2(file.fileno(), 2)
        with serving(*options) as (url, memory):
            os.dup2(kept, 2)
            memory.running = False  # it would look twenty times a second
            if "--port" in options:
                url = f"http://127.0.0.1:{options[options.index('--port') + 1]}"
            yield Server(url, memory.process, folder)
            stopped(memory.process)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.environ.pop("TMPDIR") if before is None else os.environ.update(TMPDIR=before)


def stopped(process: int, number: signal.Signals = signal.SIGTERM) -> dict[str, float | int | None]:
    """Send a child a signal, and wait for its end; how long that took, of which on a core, and the exit code."""
    begin, before = time.monotonic(), core_seconds(process)
    os.kill(process, number)
    status = os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)  # who started it still collects it
    seconds, after = time.monotonic() - begin, core_seconds(process)
    return {"seconds until it had ended": round(seconds, 1), "of them on a core": round(after - before, 1),
            "exit code": status.si_status if status else None}  # fmt: skip


def core_seconds(process: int) -> float:
    """What a process, or what is left of it, has computed."""
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def litter(folder: Path) -> list[str]:
    """What is left in the temporary folder."""
    return sorted(path.name for path in folder.iterdir())
