"""The study as a folder: report.html, which opens offline with its pictures inside, and report.json."""

import base64
import html
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from pruning.study import figures
from pruning.study.study import Study

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
img { max-width: 100% } table { border-collapse: collapse; font-size: 85% } details { margin: 1rem 0 }
td, th { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid #ddd } td:first-child { text-align: left }
"""
ALIKE = 0.9

Rows = Sequence[Sequence[str | float]]


def write_report(study: Study, folder: str | Path, *, title: str) -> Path:
    """Write report.html and report.json into a folder, each whole or not at all.

    Args:
        study: from `pruning.study.study`.
        folder: is made where it is missing.
        title: what was studied.

    Returns:
        The path of report.html.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    _write(target / "report.json", json.dumps({"title": title, **study.as_json()}, indent=1) + "\n")
    _write(target / "report.html", as_html(study, title))
    return target / "report.html"


def _write(path: Path, text: str) -> None:
    temporary = Path(f"{path}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def as_html(study: Study, title: str) -> str:
    """The whole report as one page."""
    parts = "\n".join([*_similarity(study), *_applicability(study), *_distribution(study)])
    name = html.escape(title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Pruning criteria on {name}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>Pruning criteria on {name}</h1>\n{parts}</body></html>\n"
    )


def _similarity(study: Study) -> Iterable[str]:
    from pruning.study import figures

    found = study.similarity
    names = found.criteria
    yield "<h2>Similarity: do criteria choose the same channels?</h2>"
    yield f"<p>{_alike(names, found.mean['spearman'])}</p>"
    if study.skipped:
        reasons = "; ".join(f"{name} ({reason})" for name, reason in study.skipped.items())
        yield f"<p>Left out: {html.escape(reasons)}.</p>"
    lowest = f"overlap of the lowest {study.share:.0%}"
    yield _picture(figures.heat_map(names, found.mean["spearman"], "Spearman, mean over layers"))
    yield _picture(figures.heat_map(names, found.network["spearman"], "Spearman, whole network"))
    yield _picture(figures.agreement_by_layer(found))
    yield _picture(figures.heat_map(names, found.mean["overlap"], f"{lowest}, mean over layers", low=0))
    yield _picture(figures.heat_map(names, found.network["overlap"], f"{lowest}, whole network", low=0))
    yield _picture(figures.heat_map(names, found.mean["kendall"], "Kendall, mean over layers"))
    yield _picture(figures.heat_map(names, found.network["kendall"], "Kendall, whole network"))


def _alike(names: Sequence[str], matrix: np.ndarray) -> str:
    pairs = [(matrix[i, j], names[i], names[j]) for i in range(len(names)) for j in range(i)]
    same = [f"{a} and {b} ({value:.2f})" for value, a, b in sorted(pairs, reverse=True) if value > ALIKE]
    return f"Mean rank correlation above {ALIKE}: {html.escape(', '.join(same)) or 'no pair'}."


def _applicability(study: Study) -> Iterable[str]:
    from pruning.study import figures

    yield "<h2>Applicability: can a criterion tell channels apart?</h2>"
    yield (
        "<p>The coefficient of variation (CV) of the scores inside a layer, over the CV that filters drawn from one "
        "Gaussian would show. Near 1 a ranking is sampling noise; far above it, filters really differ.</p>"
    )
    ratios = {name: [f[name]["ratio"] for f in study.applicability.values()] for name in _first(study.applicability)}
    table: Rows = [[name, median(found), min(found), max(found)] for name, found in ratios.items()]
    yield _table(["criterion", "median", "least", "largest"], table)
    yield _picture(figures.applicability(study))
    names, groups = list(study.variation), study.similarity.layers
    rows: Rows = [[group, *(study.variation[name][group] for name in names)] for group in groups]
    yield _folded("CV of every criterion in every group", _table(["group", *names], rows))


def _distribution(study: Study) -> Iterable[str]:
    from pruning.study import figures

    yield "<h2>Weight distribution: are filters like draws from one Gaussian?</h2>"
    yield (
        "<p>Effect sizes by layer, beside the same layer at initialisation and what Gaussian filters of that number "
        "would show. A default initialisation is uniform: KS 0.058, excess kurtosis -1.2.</p>"
    )
    effects = list(figures.EFFECTS)
    rows: Rows = [
        [when, *(median(found[when][effect] for found in study.distribution.values()) for effect in effects)]
        for when in ("trained", "initial")
    ]
    yield _table(["median over layers", *effects], rows)
    yield _picture(figures.distribution(study))
    columns = list(_first(study.distribution)["trained"])
    every: Rows = [[layer, *(found["trained"][c] for c in columns)] for layer, found in study.distribution.items()]
    yield _folded("Every trained layer", _table(["layer", *columns], every))


def _first(mapping: dict[str, dict]) -> dict:  # type: ignore[type-arg]
    return next(iter(mapping.values()))


def _picture(figure) -> str:  # type: ignore[no-untyped-def]
    data = base64.b64encode(figures.png(figure)).decode()
    return f'<p><img alt="plot" src="data:image/png;base64,{data}"></p>'


def _table(titles: Sequence[str], rows: Rows) -> str:
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    lines = ["".join(f"<td>{html.escape(v) if isinstance(v, str) else f'{v:.3f}'}</td>" for v in row) for row in rows]
    return f"<table><tr>{head}</tr>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>{content}</details>"
