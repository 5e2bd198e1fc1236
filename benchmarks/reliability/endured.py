"""Two sections of docs/reliability.md: ten minutes of fifty clients, and half an hour of the live view."""

from collections.abc import Iterable
from typing import Any

from benchmarks.tables.cells import markdown

CROWD = """
## Ten minutes of 50 clients

```
python -m benchmarks.reliability.load --out benchmarks/results/load.json     # a quarter of an hour; Linux
```

38 clients send small photos and fetch their paintings, one after the other; 4 send and receive a hundred bytes a
second; 2 read a larger painting slowly and break off; 3 go away while they send and 3 while they wait, {dropped:,}
times together. Then a minute behind a password, with two strangers. What the server promises is that files stay for an
hour, and are gone with it: a new one refuses the old one's addresses in words.
"""

CROWD_FOUND = """
Memory and open files are those of the server with all its processes (PSS). Temporary files are what was sent and
painted: {kilobytes} kB for each painting, at most 4 GB, deleted after an hour. Found by this and mended, each with a
test: an upload and a painting that were counted at the same moment failed; what had come of an upload stayed for an
hour when its client went away or it was refused; a killed server left the folder of its helpers' sockets behind; every
thread had an arena of memory of its own, up to eight for each core, until then the server grew from 825 MB to 909 MB in
the same time. A server that is told to end breaks off the answers that are waited for after five seconds; how long it
takes, and how many are painted, is mostly the other work of the cores.
"""

LIVE = """
## Half an hour of the live view

```
python -m benchmarks.reliability.live --out benchmarks/results/live-endurance.json     # 37 minutes; Linux
```

`artnet webcam` with a window and a page, of whose two viewers one reads nothing, on a clip of ten seconds, 640 x 480
with 10 frames a second, that is shown over and over; the style is changed every minute. Then a clip of one second,
which is opened every second; then a camera that is lost three times for {away:.0f} s.
"""

LIVE_FOUND = """
Found by this and mended, each with a test: a film kept a frame of every round until Python looked through all its
memory, which it hardly ever does; times of all frames since the start were kept; every thread of the decoder, which is
started with every round, took an arena of memory of its own. Before, the same half hour took 13.9 % more memory in the
end. Latency follows the other work of the cores, which here were those of several other runs: of {captured:,} pictures
that the camera gave, {frames:,} were painted.
"""


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A table in Markdown; numbers with commas."""
    return markdown(list(head), ([f"{c:,}" if isinstance(c, int) else str(c) for c in row] for row in rows))


def crowd(result: dict[str, Any]) -> str:
    """The section on fifty clients."""
    answers = result["load"]["answers"]
    dropped = sum(answers[kind]["went away"] for kind in ("drops_upload", "drops_wait"))
    found = CROWD_FOUND.format(kilobytes=result["load"]["temporary kB of a picture"])
    return CROWD.format(dropped=dropped) + "\n" + crowd_table(result) + found


def crowd_table(result: dict[str, Any]) -> str:
    """What fifty clients heard, and what the server held."""
    load, inside, stops = result["load"], result["behind a password"], result["ended and started"]
    growth, rest, kept = load["growth after warm-up"], load["at rest"], load["kept"]
    warm = next(row for row in load["looks"] if row["seconds"] == growth["from, s"])
    last = next(row for row in load["looks"] if row["seconds"] == growth["to, s"])
    rows = [[f"{phase['clients']} clients{where}, {phase['seconds']} s", heard(phase)]
            for phase, where in ((load, ""), (inside, " behind a password"))]  # fmt: skip
    rows.append(["strangers", ", ".join(f"{count} {what}" for what, count in inside["strangers heard"].items())])
    name = "all processes MB"
    rows.append([f"memory from {growth['from, s']} s to {growth['to, s']} s", f"{warm[name]} MB, {last[name]} MB"])
    files = f"{warm['open files']}, {last['open files']}; {rest['open files at the start']} before all came"
    rows.append(["open files then", f"{files}, {rest['open files']} when they had gone"])
    rows.append(["paintings of the beginning, fetched at the end", f"{kept['fetched again']} of {kept['asked for']}"])
    rows.append(["unfinished files at the end", load["unfinished files left"]])
    rows += [[f"{name} while 12 clients wait", stop(stops[name])] for name in ("SIGTERM", "SIGKILL")]
    again = stops["started on the same port"]
    rows.append(["old address at the server that was started then", again["old address"]])
    left = len(stops["at the end"]["left in the temporary folder"])
    rows.append(["left in the temporary folder after a kill, a start and an end", left])
    return table(("what", "found"), rows)


def heard(phase: dict[str, Any]) -> str:
    """The answers of a phase in words."""
    waits = f"wait {phase['wait, median, s']} s (95 %: {phase['wait, p95, s']} s)"
    refused = f"{phase['asked to come again']:,} asked to come again"
    return f"{phase['painted']:,} painted, {waits}, {refused}, {phase['failed']} failed"


def stop(end: dict[str, Any]) -> str:
    """How a server ended."""
    seconds = f"{end['seconds until it had ended']} s, of them {end['of them on a core']} s on a core"
    return f"ended after {seconds}; {end['processes that go on']} processes go on"


def live(result: dict[str, Any]) -> str:
    """The section on the live view."""
    lost = result["camera lost"]
    found = LIVE_FOUND.format(**{name: result["live"]["report"][name] for name in ("captured", "frames")})
    return LIVE.format(away=lost["seconds away"]) + "\n" + live_table(result) + "\n" + camera(lost) + found


def live_table(result: dict[str, Any]) -> str:
    """How the live view went on."""
    rows = []
    for name, words in {"live": "clip of 10 s", "opened every second": "clip of 1 s"}.items():
        run = result[name]
        memory, latency = run["memory"], [f"{value} ms in the {when}" for when, value in
                                          run["latency, median, ms"].items() if when != "by minute"]  # fmt: skip
        held = f"{memory['after warm-up, MB']} MB after warm-up, {memory['at the end, MB']} MB"
        drift = f"{held} at the end (farthest {memory['farthest, %']:+} %)"
        rows.append([f"{words}, {run['seconds']:,} s", run["frames"], drift, ", ".join(latency)])
    return table(("what", "frames", "memory", "latency, median"), rows)


def camera(result: dict[str, Any]) -> str:
    gaps = ", ".join(map(str, result["gaps in what was shown, s"]))
    return f"The lost camera was found again each time; nothing new was shown for {gaps} s.\n"
