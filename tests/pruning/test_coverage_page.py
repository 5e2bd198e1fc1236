"""The page of the coverage is what its generator makes of the results, and counts what is in them."""

import json

from benchmarks.pruning_coverage import RESULTS
from benchmarks.pruning_coverage_page import PAGE, page


def row(network, tool, outcome, part="cases", **more):
    return {"part": part, "network": network, "tool": tool, "outcome": outcome, "why": "", "cpu_seconds": 1.0} | more


def content(*rows):
    return {"machine": {"cpu": "some processor"}, "versions": {"torch": "2.0"}, "rows": list(rows)}


def test_the_page_is_made_from_the_results():
    assert PAGE.read_text() == page(json.loads(RESULTS.read_text()))


def test_what_is_counted():
    kept = {"parameters kept": 0.9, "skipped": 2}
    text = page(
        content(
            row("a", "here", "pruned", **kept),
            row("a", "torch-pruning", "hang", why="no end"),
            row("b", "here", "partial", **kept),
            row("b", "torch-pruning", "pruned", **kept | {"parameters kept": 0.5}, cpu_seconds=0.5),
            row("c", "here", "refused", why="a | b\nc"),
            row("c", "torch-pruning", "pruned", **kept),
            row("d", "here", "pruned", "timm", **kept, cpu_seconds=2.0),
            row("d", "torch-pruning", "nothing", "timm"),
            row("e", "here", "pruned", **kept),
        )
    )
    assert "| all: here | 5 | 3 | 1 | 1 | 0 | 0 | 0 | 0 |" in text
    assert "| all: Torch-Pruning | 4 | 2 | 0 | 1 | 0 | 0 | 0 | 1 |" in text
    assert "in part: 4 of 5 (80%). Of 4 that both were given" in text
    assert "refused here: c;" in text
    assert "pruned in part here: b;" in text
    assert "of 1 networks (without the cases" in text
    assert "| a | right, 90% | hang: no end |" in text
    assert "| c | refused: a / b c |" in text
    assert "| e | right, 90% | not tried |" in text
