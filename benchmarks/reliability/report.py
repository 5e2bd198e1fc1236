"""Write docs/reliability.md from the results of the scripts that it names.

python -m benchmarks.reliability.report
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.reliability import elsewhere, endured
from benchmarks.reliability.endured import table

RESULTS, PAGE = Path("benchmarks/results"), Path("docs/reliability.md")
BAD = ("crash", "hang", "memory", "fault")

HEAD = """\
# Held under damage, faults and load

Written by `python -m benchmarks.reliability.report` from `benchmarks/results/`, where machine and versions are; what
is below was measured while the machine had other work. What was not run stands [at the end](reliability.md#not-run).
"""

INPUTS = """
## Inputs

```
python -m benchmarks.reliability.fuzz --json benchmarks/results/fuzz.json     # goes on where it was stopped
```

Tiny valid files of every kind that is read are changed by seed: bits, lengths, cuts and repeats, and what the format
says (chunks of PNG with right checksums, headers of safetensors and NPY, values of JSON, cells of CSV). Each is read
as the program reads it, in a process of its own. Right is a result, or a refusal in one line that names the file (on
the command line with exit code 2). Wrong is a process that ends, 5 s of computing, 1 GB of memory more than before,
or anything else.
"""

FOUND = """
Mutants that went wrong when they were first read, and are right when they are tried again (`--again`): {mended}; the
loss networks had waited for a busy machine. Found on the way and mended, each with a test: logs of training that are
binary or of words; pruned networks that do not fit (several lines); integers, infinity and values without number in
movement models and states of training; cells of more than 131,072 characters in lists of labels; infinity in a
manifest; NPY headers of several lines; weights so large that they only paint black; lines that the TIFF decoder wrote
beside ours. Pictures that claim hundreds of megapixels in a few hundred bytes took up to 3.7 GB (WebP, JPEG), and are
refused by their header now. The run went on for an hour and a half, and the code was mended meanwhile.
"""

GUIDED = """
```
pip install atheris
python -m benchmarks.reliability.guided --json benchmarks/results/guided.json     # a quarter of an hour
```

Readers that are written in Python were also fuzzed by atheris, which goes on from the inputs that reach new lines of
the project, {seconds} s each; what is wrong is what is wrong above. It found that a list of labels could name
recordings outside its folder, which is refused now.
"""

FOLDERS = """
## Folder runs

```
python -m benchmarks.reliability.folder --json benchmarks/results/folder.json     # some minutes; root for the disks
python -m benchmarks.resume --json benchmarks/results/resume.json
```

{pictures} small pictures, then one thing that happens to the run, then the same command with `--skip-existing`. Every
file of the folder is compared, byte for byte, with those of a run that nothing happened to: missing, other and
superfluous files, temporary ones among them, are faults.
"""

STOPPED = """
Found by these and mended: an interruption while a library was loaded ended in a traceback; SIGTERM within a lock that a
thread needed let a run wait for ever (one in some thirty).
"""

LOAD = """
## Load

```
python -m benchmarks.web_load; python -m benchmarks.web_bombs; python -m benchmarks.web_dropped
python -m benchmarks.web_calls; python -m benchmarks.sizes; python -m benchmarks.thin
python -m benchmarks.video_sync; python -m benchmarks.video_colors
```
"""

SAME = """
## The same bytes

```
python -m benchmarks.reliability.reproducible --json benchmarks/results/reproducible.json    # as recorded?
```

One photo in one style, painted in {runs} new processes each; the hashes are in the JSON. The same input, weights,
engine, settings and number of threads give the same bytes. Another number of threads may round otherwise:
"""

REST = """
`artnet --version --json` says what a report of a fault needs: versions of the program, of every package and decoder,
the engine and its precision, hashes of the weights, processor, cores and memory; no names and no paths.

## Training

Tests hold that a run that was stopped and resumed is bitwise the uninterrupted one, also when Ctrl-C comes within a
step of the optimiser, and that a state with other shapes, types, missing or impossible moments and counters is
refused by name.
"""

NOT_RUN = """
## Not run

- A real camera that is unplugged: the lost one is a stand-in.
- Python 3.12, which no Debian that is served now has: it lies between the two that were run.
- The image of Python that the Dockerfile begins with, as its registry has it.
- Fuzzing guided by coverage of decoders in C, which would have to be built for it.
- macOS and Windows. Strips of fax and JPEG within a TIFF may break off unnoticed, and a TIFF that libtiff cannot
  decode may make that library write a line of its own to standard error.
- A transport stream (MPEG-TS) that was cut exactly between two of its packets of 188 bytes is taken for whole, as
  recordings of broadcasts all end so; cut anywhere else, it is said.
"""


def load(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text())


def places(result: dict[str, Any]) -> str:
    """A row for each kind that was fuzzed by coverage."""
    rows = (
        [name, row["inputs"], "{} to {}".format(*row["places"]), len(row["faults"])]
        for name, row in result["kinds"].items()
    )
    return table(("files of", "tried", "places reached, at first and at last", "wrong"), rows)


def inputs(result: dict[str, Any]) -> str:
    """A row for each kind, and one for all."""
    rows, total = [], Counter[str]()
    for name, row in result["kinds"].items():
        outcomes = Counter(row["outcomes"])
        total.update(outcomes)
        rows.append(
            [
                name.replace("artnet ", "the command line: "),
                row["files"],
                outcomes["read"],
                outcomes["refused"],
                *(outcomes[bad] for bad in BAD),
            ]
        )
    rows.append([f"**{c:,}**" if isinstance(c, int) else f"**{c}**" for c in
                 ("all", total.total(), total["read"], total["refused"], *(total[bad] for bad in BAD))])  # fmt: skip
    return table(("files of", "tried", "read", "refused", *BAD), rows)


def folders(result: dict[str, Any], resumed: dict[str, Any]) -> str:
    rows = [[what, row["times"], len(row["faults"])] for what, row in result["scenes"].items()]
    summary = resumed["summary"]
    words = f"killed and gone on with, while styles, contents and results change ({summary['events']['killed']} kills)"
    return table(("what happens", "times", "faults"), [*rows, [words, summary["scenes"], summary["wrong results"]]])


def weight() -> str:
    """What servers and long runs held."""
    crowds, live = load("web-load")["photos"], load("web-load")["live"]
    rows = []
    for row in (row for row in crowds if row["server"] == "now"):
        waits = f"{row['answers']['done']} painted, wait {row['seconds, median']} s (95 %: {row['seconds, p95']} s)"
        refused = sum(row["answers"].values()) - row["answers"]["done"]
        rows.append([f"{row['clients']} clients ask for photos at once", f"{waits}, {refused} asked to come again"])
    heard = ", ".join(f"{count} {what}" for what, count in live["heard"].items())
    rows.append([f"{live['pages']} pages want to be live", f"{heard}; a frame takes {live['frame, ms, median']} ms"])
    bombs, sizes = load("web-bombs"), load("sizes")["memory"]
    worst = bombs["worst"]
    rows.append(
        [
            f"{len(bombs['bombs'])} hostile requests",
            f"server at most {worst['server MB']:,} MB; others wait {worst['others wait, s']} s",
        ]
    )
    gone = max(load("web-dropped")["seconds until the place is free"].values())
    rows.append(["clients that go away", f"their place is free within {gone} s"])
    calls = load("web-calls")
    held = list(calls["server MB after calls"].values())
    rows.append([f"{calls['calls']:,} calls of the API", f"server {held[1]} MB after 100, {held[-1]} MB at the end"])
    growth = ", ".join(f"{row['growth_mb']} MB in a {where}" for where, row in sizes.items())
    rows.append(["2,000 photos of 1,000 sizes in one process", f"memory grows by {growth}"])
    sync, colors, thin = load("video-sync")["kinds"], load("video-colors")["systems"], load("thin")["rows"]
    late = max(abs(row["difference_ms"]) for row in sync.values())
    rows.append([f"sound in {len(sync)} kinds of containers, codecs and clocks", f"within {late} ms of the input"])
    read, painted = (max(row[when]["mean"] for row in colors.values()) for when in ("unpainted", "painted"))
    shift = f"mean colour within {read} levels as read, {painted} painted"
    rows.append([f"{len(colors)} kinds of HDR, wide-gamut and full-range video", f"{shift}, beside an SDR twin"])
    most = max(thin, key=lambda row: row["most_mb"])
    rows.append(["pictures a pixel or a few wide", f"at most {most['most_mb']:,} MB ({most['what']})"])
    return table(("load", "what was held"), rows)


def same(result: dict[str, Any]) -> str:
    rows = []
    for engine, row in result["rows"].items():
        counts = ", ".join(
            f"{'1 core' if cores == '1 cores' else cores}: {len(found)}"
            for cores, found in row.items()
            if cores.endswith("cores")
        )
        near = row.get("psnr of one core to all", row.get("psnr to the photo alone"))
        rows.append([engine, counts, "the same bytes" if near is None else f"{near} dB"])
    return table(("engine", "different results by cores", "one core beside all; a folder beside a photo alone"), rows)


def page() -> str:
    """The whole text."""
    fuzz, guided, folder, same_bytes = (load(name) for name in ("fuzz", "guided", "folder", "reproducible"))
    right = ((name, mutant) for name, row in fuzz["kinds"].items() for mutant in row.get("mended", ()))
    mended = ", ".join(f"{name} {number} ({outcome})" for name, (number, _, outcome, _) in right) or "none"
    return (
        HEAD + INPUTS + "\n" + inputs(fuzz) + FOUND.format(mended=mended)
        + GUIDED.format(seconds=guided["seconds"]) + "\n" + places(guided)
        + FOLDERS.format(pictures=folder["pictures"]) + "\n" + folders(folder, load("resume")) + STOPPED
        + LOAD + "\n" + weight()
        + endured.crowd(load("load")) + endured.live(load("live-endurance"))
        + SAME.format(runs=same_bytes["runs"]) + "\n" + same(same_bytes) + REST
        + elsewhere.systems(load("systems")) + elsewhere.container(load("container"))
        + elsewhere.comfyui(load("comfyui")) + NOT_RUN
    )  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(page())
