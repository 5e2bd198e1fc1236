"""What tables are made of: results, lines of Markdown, and numbers as the pages write them."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results"
Row = Mapping[str, Any]


@cache
def result(name: str) -> Row:
    """What a script has left in benchmarks/results/."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column holds names."""
    lines = (head, ["---"] * len(head), *rows)
    shown = ("|".join(cell if cell == "---" else f" {cell} " if cell else " " for cell in line) for line in lines)
    return "".join(f"|{line}|\n" for line in shown)


def fixed(value: float | None, digits: int = 3, none: str = "-") -> str:
    return none if value is None else f"{round(value, digits) + 0.0:.{digits}f}"  # never -0.000


def bare(value: float | None) -> str:
    """Three digits without the zero before the point; nothing for None."""
    return re.sub(r"^0\.", ".", fixed(value, none=""))


def scores(first: str, columns: Sequence[str], rows: Mapping[str, Row]) -> str:
    """Rows of scores by their names on the page."""
    return markdown((first, *columns), ([name, *(fixed(row.get(c)) for c in columns)] for name, row in rows.items()))


def spread(row: Row) -> str:
    """Median and middle half, in milliseconds."""
    return f"{row['median_ms']:.1f} ({row['q1_ms']:.1f}-{row['q3_ms']:.1f})"
