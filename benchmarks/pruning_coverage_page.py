"""The page docs/results/pruning-coverage.md, from what `benchmarks.pruning_coverage` found.

    python -m benchmarks.pruning_coverage_page

writes it; nothing on it is written by hand.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.pruning_coverage import PARTS, RESULTS, TOOLS

PAGE = Path(__file__).parents[1] / "docs" / "results" / "pruning-coverage.md"
Row = dict[str, Any]
WORDS = {
    "cases": "cases from questions about pruning tools",
    "classifiers": "torchvision's classifiers",
    "segmentation": "torchvision's segmentation",
    "detection": "torchvision's detectors",
    "timm": "timm",
}
COLUMNS = {
    "right": ("pruned",),
    "partly, and said so": ("partial",),
    "refused, or nothing removed": ("refused", "nothing"),
    "wrong": ("wrong",),
    "does not run": ("late",),
    "exception": ("error",),
    "no end in 60 s": ("hang",),
}
"""What a column counts."""
HEAD = """\
# Which networks can be pruned

Written by `python -m benchmarks.pruning_coverage_page` from `benchmarks/results/pruning-coverage.json`, which
`benchmarks/pruning_coverage.py` made: {machine}. The machine did other work
meanwhile, so seconds are those of the core, and a network that used 60 of them counts as one without an end.

Each network has random weights and pictures of 64 pixels, or the smallest that it takes; the cases have smaller ones.
30 % of the channels of every group go by the L1 norm, in one call, with `on_unsupported="skip"`. Torch-Pruning's
`MagnitudePruner` is told the same, and to leave the layers alone that make the outputs. The judge is neither tool:
which channels are left is read off the weights, the others are silenced in the dense network, normalisation over
channels is over those that are left, and then every layer that was cut must give the same, in float64.
"""


def page(content: dict[str, Any]) -> str:
    """The whole page."""
    here, others = ([row for row in content["rows"] if row["tool"] == tool] for tool in TOOLS)
    by_key = {_key(row): row for row in others}
    there = [by_key.get(_key(row)) for row in here]
    parts = [HEAD.format(machine=_machine(content)), _summary(here, there), _words(here, there), _networks(here, there)]
    return "\n".join(parts)


def _key(row: Row) -> tuple[str, str]:
    return row["part"], row["network"]


def _machine(content: dict[str, Any]) -> str:
    versions = content["versions"]
    return ", ".join(
        [f"one thread of {content['machine']['cpu']}", *(f"{name} {version}" for name, version in versions.items())]
    )


def _summary(here: list[Row], there: list[Row | None]) -> str:
    lines = [f"| | networks | {' | '.join(COLUMNS)} |", "|---|" + "---|" * (1 + len(COLUMNS))]
    for part in (*PARTS, None):
        pair = [[row for row in rows if row and part in (row["part"], None)] for rows in (here, there)]
        name = WORDS[part] if part else "all"
        for tool, rows in zip(("here", "Torch-Pruning"), pair, strict=True):
            found = Counter(row["outcome"] for row in rows)
            counts = [sum(found[outcome] for outcome in outcomes) for outcomes in COLUMNS.values()]
            lines.append(f"| {name}: {tool} | {len(rows)} | {' | '.join(map(str, counts))} |")
    return "\n".join(lines) + "\n"


def _words(here: list[Row], there: list[Row | None]) -> str:
    pairs = [(a, b) for a, b in zip(here, there, strict=True) if b]
    good = sum(row["outcome"] in ("pruned", "partial") for row in here)
    more = [a["network"] for a, b in pairs if b["outcome"] == "pruned" and a["outcome"] not in ("pruned", "partial")]
    further = [
        a["network"]
        for a, b in pairs
        if a["outcome"] == "partial" and b["outcome"] == "pruned" and b["parameters kept"] < a["parameters kept"] - 0.02
    ]
    large = [(a, b) for a, b in pairs if a["part"] != "cases" and "cpu_seconds" in a and "cpu_seconds" in b]
    quicker = sum(b["cpu_seconds"] < a["cpu_seconds"] for a, b in large)
    return f"""\
Right or rightly in part: {good} of {len(here)} ({good / len(here):.0%}). Of {len(pairs)} that both were given,
Torch-Pruning is better in this:

- it prunes rightly what is refused here: {_listed(more)};
- it takes rightly more out of what is pruned in part here: {_listed(further)};
- it is quicker: of {len(large)} networks (without the cases, and where both ended) it used less of the core in
  {quicker}, as it neither tries removals out nor verifies them.
"""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _networks(here: list[Row], there: list[Row | None]) -> str:
    lines = ["## Network by network", "", "With the share of the parameters that is left.", ""]
    for part in PARTS:
        rows = [(a, b) for a, b in zip(here, there, strict=True) if a["part"] == part]
        lines += [f"### {WORDS[part][0].upper()}{WORDS[part][1:]}", "", "| | here | Torch-Pruning |", "|---|---|---|"]
        lines += [f"| {a['network']} | {_told(a)} | {_told(b)} |" for a, b in rows] + [""]
    return "\n".join(lines).rstrip() + "\n"


def _told(row: Row | None) -> str:
    if row is None:
        return "not tried"
    words = {"pruned": "right", "partial": f"in part ({row.get('skipped')} skipped)", "late": "does not run"}
    text = words.get(row["outcome"], row["outcome"])
    if row["outcome"] in ("pruned", "partial"):
        return f"{text}, {row['parameters kept']:.0%}"
    why = " ".join(row["why"].split()).replace("|", "/").replace("<", "(").replace(">", ")").replace("`", "'")
    return f"{text}: {_shortened(why)}" if why else text


def _shortened(text: str, length: int = 110) -> str:
    return text if len(text) <= length else text[:length].rsplit(" ", 1)[0] + " ..."


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(RESULTS.read_text())))
