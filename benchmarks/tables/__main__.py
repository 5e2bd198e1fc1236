"""Rewrite the tables of all pages."""

from benchmarks.tables import PAGES, rewritten

for path in PAGES:
    text = path.read_text(encoding="utf-8")
    if (new := rewritten(text)) != text:
        path.write_text(new, encoding="utf-8")
