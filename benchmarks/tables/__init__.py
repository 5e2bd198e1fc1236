"""The tables of the pages, made of what lies in benchmarks/results/.

    python -m benchmarks.tables

rewrites what stands between `<!-- table: NAME -->` and `<!-- end -->` in README.md and docs/; tests compare.
"""

import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.tables import others, quality, speed

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "benchmarks" / "TRAINING.md", *sorted((ROOT / "docs").rglob("*.md")))
MARKED = re.compile(r"(<!-- table: ([\w-]+) -->\n\n).*?(\n<!-- end -->)", re.DOTALL)
TABLES: dict[str, Callable[[], str]] = {
    "quality": quality.seen,
    "quality-strokes": quality.strokes,
    "quality-short": quality.short,
    "quality-worst": lambda: quality.worst(quality.SEEN),
    "quality-worst-strokes": lambda: quality.worst(quality.COUNTED),
    "quality-worst-pairs": quality.worst_pairs,
    "quality-finish": quality.finish,
    "quality-criteria": quality.criteria,
    "ground": lambda: quality.constant("ground"),
    "clarity": lambda: quality.constant("clarity"),
    "exaggeration": lambda: quality.constant("exaggeration"),
    "contrast": lambda: quality.constant("contrast"),
    "edge": lambda: quality.constant("edge"),
    "speed-passes": speed.passes,
    "speed-frames": lambda: speed.frames("live-frames-avx2"),
    "speed-frames-amx": lambda: speed.frames("live-frames-amx"),
    "speed-parts": speed.parts,
    "speed-engines": speed.engines,
    "speed-sizes": speed.sizes,
    "speed-short": speed.short,
    "speed-page": speed.page,
    "install": speed.install,
    "transforms": others.transforms,
    "transforms-skips": others.transforms_skips,
    "movement": others.movement,
    "scale": others.scale,
}


def rewritten(page: str) -> str:
    """A page with every marked table as the results give it. Raises KeyError where there is no such table."""
    return MARKED.sub(lambda found: found[1] + TABLES[found[2]]() + found[3], page)
