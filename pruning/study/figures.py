"""The report's pictures, as PNG."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pruning.study.similarity import Similarity
from pruning.study.study import Study

PAIRS = (("l1", "l2"), ("l2", "fpgm"), ("l2", "fermat"), ("l1", "l1-dependency"), ("l1", "taylor"), ("l1", "apoz"))
"""Pairs of criteria whose agreement is shown layer by layer."""
EFFECTS = {
    "ks": "KS distance to a Gaussian",
    "kurtosis": "excess kurtosis",
    "variance_spread": "variance spread (CV over coordinates)",
    "correlation": "mean |correlation| between coordinates",
}


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file."""
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight")
    return buffer.getvalue()


def heat_map(names: Sequence[str], matrix: np.ndarray, title: str, *, low: float = -1) -> Figure:
    """A matrix between criteria with its values written in."""
    side = 2.5 + 0.45 * len(names)
    figure = Figure(figsize=(side + 1, side))
    axes = figure.add_subplot()
    image = axes.imshow(matrix, vmin=low, vmax=1, cmap="RdBu_r" if low < 0 else "viridis")
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_title(title)
    for (row, column), value in np.ndenumerate(matrix):
        shown = f"{value:.2f}".replace("0.", ".", 1) if np.isfinite(value) else "-"
        strong = abs(value) > 0.6 if low < 0 else value < 0.6
        axes.text(column, row, shown, ha="center", va="center", fontsize=7, color="white" if strong else "black")
    figure.colorbar(image, shrink=0.7)
    return figure


def agreement_by_layer(similarity: Similarity) -> Figure:
    """Spearman of chosen pairs in every group."""
    figure, index = Figure(figsize=(11, 4)), {name: i for i, name in enumerate(similarity.criteria)}
    axes = figure.add_subplot()
    for a, b in PAIRS:
        if a in index and b in index:
            values = [matrices["spearman"][index[a], index[b]] for matrices in similarity.layers.values()]
            axes.plot(values, marker="o", markersize=3, linewidth=1, label=f"{a} / {b}")
    axes.axhline(0, color="grey", linewidth=0.5)
    axes.set_ylabel("Spearman")
    axes.set_ylim(-1.05, 1.05)
    _name_layers(axes, list(similarity.layers))
    axes.legend(fontsize=8, ncols=3, loc="lower left")
    return figure


def applicability(study: Study) -> Figure:
    """Observed over Gaussian coefficient of variation in every layer."""
    figure = Figure(figsize=(11, 4))
    axes = figure.add_subplot()
    for name in next(iter(study.applicability.values())):
        ratios = [found[name]["ratio"] for found in study.applicability.values()]
        axes.plot(ratios, marker="o", markersize=3, linewidth=1, label=name)
    axes.axhline(1, color="black", linestyle="--", linewidth=1, label="noise alone")
    axes.set_yscale("log")
    axes.set_ylabel("CV observed / CV Gaussian")
    _name_layers(axes, list(study.applicability))
    axes.legend(fontsize=8)
    return figure


def distribution(study: Study) -> Figure:
    """Every effect size by layer: trained, at initialisation, and what Gaussian filters would show."""
    figure = Figure(figsize=(11, 11))
    for place, (effect, title) in enumerate(EFFECTS.items(), start=1):
        axes = figure.add_subplot(4, 1, place)
        for when, style in (("trained", "o-"), ("initial", "s-")):
            values = [found[when][effect] for found in study.distribution.values()]
            axes.plot(values, style, markersize=3, linewidth=1, label=when)
        null = [found["trained"].get(f"{effect}_null", 0.0) for found in study.distribution.values()]
        axes.plot(null, color="black", linestyle="--", linewidth=1, label="Gaussian")
        axes.set_title(title, fontsize=10)
        _name_layers(axes, list(study.distribution) if place == len(EFFECTS) else [])
        if place == 1:
            axes.legend(fontsize=8)
    figure.tight_layout()
    return figure


def _name_layers(axes, names: Sequence[str]) -> None:  # type: ignore[no-untyped-def]
    step = 1 + len(names) // 45
    axes.set_xticks(range(0, len(names), step), names[::step], rotation=90, fontsize=6)
    axes.grid(alpha=0.3)
