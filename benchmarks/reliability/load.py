"""A server under 50 clients for ten minutes: is everybody answered, and does anything grow, or stay behind?

    python -m benchmarks.reliability.load [--seconds 600] [--only PHASE] [--out benchmarks/results/load.json]

38 clients ask for small photos one after the other, 4 send and receive a hundred bytes a second, 2 read a larger
painting slowly and break off, 3 go away in the middle of sending and 3 while they wait. Each comes from an address of
its own, and whom the server has no place for comes again a little later. Right is a painting of the right size (of
every tenth the bytes are known), or the word to come again; all else is a failure. Then the same behind a password,
with strangers who have none; then the server is told to end while clients wait, started anew on the same port, killed,
and started again. It has a temporary folder of its own, in which whatever is left behind is found.

Linux: memory and open files are read from /proc. Memory is the server's own (resident) and that of all its processes,
which share pages and count with their share of them (PSS).
"""

import argparse
import json
import os
import signal
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from apps.benchmark.timing import describe, save
from benchmarks.reliability.visitors import KINDS, Visitor, WrongError, drops_wait, ordinary
from benchmarks.reliability.watching import Server, litter, served, stopped
from benchmarks.web_server import family

EVERY = 30.0  # seconds between two looks at the server
WARM = 120.0  # seconds after which nothing should grow any more
SETTLING = 30.0  # seconds that the server is left alone for at the end
PHASES = ("load", "behind a password", "ended and started")
NAME, PASSWORD = "ann", "secret"
Kinds = dict[Callable[[Visitor], str], int]


class Crowd:
    """All visitors of one server, until `seconds` are over.

    Attributes:
        answers: by kind, how often what happened.
        failures: the words of what should not have.
    """

    def __init__(self, server: Server, kinds: Kinds, seconds: float, folder: Path, login: bool = False):
        self.server, self.seconds = server, seconds
        self.answers = {kind.__name__: Counter[str]() for kind in kinds}
        self.failures, self._lock = Counter[str](), threading.Lock()
        order = [kind for kind, count in kinds.items() for _ in range(count)]
        self.visitors = [(kind, Visitor(server.url, n, folder)) for n, kind in enumerate(order)]
        if login:
            for _, visitor in self.visitors:
                visitor.log_in(NAME, PASSWORD)
        self.until = time.monotonic() + seconds
        for _, visitor in self.visitors:
            visitor.until = self.until

    def stay(self) -> list[dict]:
        """Let all ask until the time is over; what was seen of the server meanwhile."""
        threads = [threading.Thread(target=self._stay, args=pair) for pair in self.visitors]
        for thread in threads:
            thread.start()
        rows = []
        while (left := self.until - time.monotonic()) > 0:
            time.sleep(min(EVERY, left))
            rows.append(self.server.look())
            print(rows[-1], {name: dict(counts) for name, counts in self.answers.items()}, flush=True)
        for thread in threads:
            thread.join()
        return rows

    def _stay(self, kind: Callable[[Visitor], str], visitor: Visitor) -> None:
        while not visitor.leaving:
            try:
                outcome = kind(visitor)
            except Exception as error:  # whatever it is, it should not have happened
                outcome = "failed"
                with self._lock:
                    self.failures[f"{kind.__name__}: {type(error).__name__}: {error}"] += 1
                time.sleep(1)
            with self._lock:
                self.answers[kind.__name__][outcome] += 1

    @property
    def painted(self) -> int:
        return sum(counts["painted"] for counts in self.answers.values())

    def row(self) -> dict[str, Any]:
        waits = sorted(wait for _, visitor in self.visitors for wait in visitor.waits)
        return {
            "seconds": round(self.seconds),
            "clients": len(self.visitors),
            "painted": self.painted,
            "asked to come again": sum(counts["asked to come again"] for counts in self.answers.values()),
            "failed": sum(self.failures.values()),
            "wait, median, s": round(statistics.median(waits), 2),
            "wait, p95, s": round(waits[int(0.95 * (len(waits) - 1))], 2),
            "answers": {name: dict(counts) for name, counts in self.answers.items()},
            "failures": dict(self.failures.most_common(20)),
        }

    def kept(self) -> dict[str, int]:
        """Whether pictures that were painted at the beginning can still be fetched, and are the same."""
        found = Counter[str]()
        for _, visitor in self.visitors:
            if visitor.kept:
                address, digest = visitor.kept
                with suppress(WrongError):
                    found["fetched again"] += sha256(visitor.fetched(address)).hexdigest() == digest
                found["asked for"] += 1
        return dict(found)


def endurance(desk: Path, tmp: Path, log: Path, seconds: float) -> dict[str, Any]:
    """The long phase."""
    with served(tmp, log) as server:
        first = Visitor(server.url, 60, desk)
        ordinary(first)  # what is made once
        rows = [server.look()]
        crowd = Crowd(server, KINDS, seconds, desk)
        rows += crowd.stay()
        settling = min(SETTLING, seconds)
        time.sleep(settling)
        rows.append(server.look())
        kept = crowd.kept()
        unfinished = [path.name for part in ("work/**/*", "served/tmp*") for path in tmp.glob(f"artnet-web-*/{part}")]
    warm = next(row for row in rows if row["seconds"] >= min(WARM, seconds / 2))
    growth = {name: rows[-2][name] - warm[name] for name in ("server MB", "all processes MB", "open files", "threads")}
    return crowd.row() | {
        "growth after warm-up": {"from, s": warm["seconds"], "to, s": rows[-2]["seconds"]} | growth,
        "at rest": {"seconds after": round(settling), "open files at the start": rows[0]["open files"],
                    "open files": rows[-1]["open files"], "processes": rows[-1]["processes"]},
        "temporary kB of a picture": round(1000 * (rows[-1]["temporary MB"] - rows[0]["temporary MB"]) / crowd.painted),
        "unfinished files left": len(unfinished), "kept": kept, "left in the temporary folder": litter(tmp),
        "looks": rows,
    }  # fmt: skip


def behind_password(desk: Path, tmp: Path, log: Path, seconds: float) -> dict[str, Any]:
    """The phase with --auth: those who have logged in, and two strangers who ask all the time."""
    with served(tmp, log, "--auth", f"{NAME}:{PASSWORD}") as server:
        crowd = Crowd(server, {ordinary: 45, drops_wait: 3}, seconds, desk, login=True)
        strangers = [Visitor(server.url, n, desk, crowd.until) for n in (50, 51)]
        heard = Counter[str]()
        threads = [threading.Thread(target=stranger, args=(one, heard)) for one in strangers]
        for thread in threads:
            thread.start()
        crowd.stay()
        for thread in threads:
            thread.join()
    return crowd.row() | {"strangers heard": dict(heard), "left in the temporary folder": litter(tmp)}


def stranger(visitor: Visitor, heard: Counter[str]) -> None:
    """Try to get in without the password."""
    while not visitor.leaving:
        heard[f"login: HTTP {visitor.log_in(NAME, 'guessed')}"] += 1
        with open(visitor.photo_file, "rb") as file:
            answer = visitor.http.post("/gradio_api/upload", files={"files": file})
        heard[f"upload: HTTP {answer.status_code}"] += 1
        time.sleep(1)


def ended(server: Server, desk: Path, number: signal.Signals) -> dict[str, Any]:
    """Send a signal while a dozen clients wait: when it has ended and how, which processes go on, what clients hear."""
    visitors = [Visitor(server.url, n, desk) for n in range(12)]
    heard, processes = Counter[str](), family(server.process)

    def work(visitor: Visitor) -> None:
        try:
            while True:
                ordinary(visitor)
        except Exception as error:
            heard[type(error).__name__ if not isinstance(error, WrongError) else str(error)] += 1

    threads = [threading.Thread(target=work, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    time.sleep(5)
    end = stopped(server.process, number)
    for thread in threads:
        thread.join()
    time.sleep(10)  # helpers may take their time where the cores are busy
    alive = [one for one in processes if one != server.process and os.path.exists(f"/proc/{one}")]
    facts = {"processes that go on": len(alive), "clients heard": dict(heard)}
    return end | facts | {"left in the temporary folder": litter(server.folder)}


def restarted(desk: Path, tmp: Path, log: Path) -> dict[str, Any]:
    """Ended by SIGTERM while clients wait, started at once on the same port, killed, and started again."""
    with served(tmp, log) as server:
        port = server.url.rpartition(":")[2]
        visitor = Visitor(server.url, 60, desk)
        ordinary(visitor)
        file, old = visitor.sent(), visitor.kept
        assert old
        found = {"SIGTERM": ended(server, desk, signal.SIGTERM)}
    with served(tmp, log, "--port", port) as server:
        again = {
            "old address": refusal(lambda: visitor.fetched(old[0])),
            "old upload": refusal(lambda: visitor.painted(file)),
        }
        visitor.rounds = 0
        again["new picture"] = ordinary(visitor)  # raises where it is another one than before
        found["started on the same port"] = again
        found["SIGKILL"] = ended(server, desk, signal.SIGKILL)
    with served(tmp, log, "--port", port):
        visitor.rounds = 0
        found["started after that"] = {"new picture": ordinary(visitor), "in the temporary folder": litter(tmp)}
    found["at the end"] = {"left in the temporary folder": litter(tmp)}
    return found


def refusal(ask: Callable[[], Any]) -> str:
    """What the server says to it."""
    try:
        return f"answered: {ask()!r:.50}"
    except WrongError as error:
        return str(error)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--only", action="append", choices=PHASES, help="measure this again, keep the rest of the file")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/load.json"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        folders = [Path(base) / part for part in ("desk", "endurance", "password", "restart")]
        for folder in folders:
            folder.mkdir()
        desk, log = folders[0], Path(base) / "log"
        works = (
            lambda: endurance(desk, folders[1], log, args.seconds),
            lambda: behind_password(desk, folders[2], log, args.seconds / 10),
            lambda: restarted(desk, folders[3], log),
        )
        result: dict[str, Any] = json.loads(args.out.read_text()) if args.only and args.out.exists() else {}
        result["machine"] = describe()
        for name, work in zip(PHASES, works, strict=True):
            if args.only and name not in args.only:
                continue
            log.write_text("")
            result[name] = work()
            lines = Counter(line.strip() for line in log.read_text().replace(f"{Path.cwd()}/", "").splitlines())
            result[name] |= {
                "lines on standard error": dict(lines.most_common(10)), "load average": round(os.getloadavg()[0], 1)
            }  # fmt: skip
            save(args.out, result)
            print(name, {key: value for key, value in result[name].items() if key != "looks"}, flush=True)


if __name__ == "__main__":
    main()
