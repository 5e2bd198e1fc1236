"""The tables of the pages hold what the scripts have measured, and nothing else."""

import pytest

from benchmarks.tables import PAGES, TABLES, rewritten
from benchmarks.tables.cells import bare, fixed, markdown, spread

STALE = """\
Before.

<!-- table: quality -->

| old |
|---|

<!-- end -->

<!-- table: {} -->


<!-- end -->
After.
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_are_as_the_results(page):
    text = page.read_text(encoding="utf-8")
    assert rewritten(text) == text, "run python -m benchmarks.tables"


def test_every_table_stands_on_one_page():
    everywhere = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert {name: everywhere.count(f"<!-- table: {name} -->") for name in TABLES} == dict.fromkeys(TABLES, 1)
    assert everywhere.count("<!-- table: ") == everywhere.count("<!-- end -->") == len(TABLES)


def test_only_marked_tables_are_rewritten():
    page = rewritten(STALE.format("transforms-skips"))
    assert page.startswith(
        f"Before.\n\n<!-- table: quality -->\n\n{TABLES['quality']()}\n<!-- end -->\n\n<!-- table: transforms-skips"
    )
    assert "| multi-level | 0.658 |" in page
    assert "old" not in page
    assert page.endswith("<!-- end -->\nAfter.\n")


def test_unknown_tables_are_no_tables():
    with pytest.raises(KeyError, match="qualities"):
        rewritten(STALE.format("qualities"))


def test_how_numbers_are_written():
    assert [fixed(-0.0001), fixed(0.0625, 2), fixed(None), fixed(63.6, 0)] == ["0.000", "0.06", "-", "64"]
    assert [bare(0.0312), bare(1.0), bare(-0.25), bare(None)] == [".031", "1.000", "-0.250", ""]
    assert spread({"median_ms": 15.76, "q1_ms": 15.0, "q3_ms": 16.44}) == "15.8 (15.0-16.4)"
    assert markdown(("", "a"), [["x", ""], ["y", "1"]]) == "| | a |\n|---|---|\n| x | |\n| y | 1 |\n"
