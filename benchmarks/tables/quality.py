"""The tables of scores of painted pictures."""

from collections.abc import Sequence

from benchmarks.tables.cells import Row, bare, fixed, markdown, result, scores

SEEN = ("style", "gram", "swd", "hstyle", "hgram", "hswd", "mstyle", "content", "mcont", "ssim")
COUNTED = ("p1", "p2", "p4", "p8", "flat", "halo", "cast", "keep")
FEWER = ("style", "gram", "swd", "mstyle", "content", "mcont", "ssim")
SHORT = ("style", "content", "p4", "flat", "keep")
# Scored by the same definitions elsewhere, of pictures that are not at hand: no script here can make these.
GIVEN = {
    "MicroAST": {
        "style": 0.050, "gram": 0.325, "swd": 0.162, "hstyle": 0.059, "hgram": 0.351, "hswd": 0.166, "mstyle": 0.077,
        "content": 0.508, "mcont": 0.516, "ssim": 0.537, "p1": 0.137, "p2": 0.118, "p4": 0.134, "p8": 0.157,
        "flat": 0.476, "halo": 0.090, "cast": 0.016, "keep": 0.810,
    },
    "Magenta": {
        "style": 0.071, "gram": 0.407, "swd": 0.206, "mstyle": 0.113, "content": 0.624, "mcont": 0.653, "ssim": 0.424,
    },
}  # fmt: skip


def all_rows() -> dict[str, Row]:
    rows = result("quality")["rows"]
    return {
        "**ArtNet** (now)": rows["now"],
        "ArtNet, dense, in one pass (now)": rows["dense"],
        "ArtNet, one pass (before)": rows["before"],
        "MicroAST (given)": GIVEN["MicroAST"],
        "Magenta arbitrary (given)": GIVEN["Magenta"],
        "no-op (the content itself)": rows["no-op"],
        "style-copy (the style itself)": rows["style-copy"],
    }


def seen() -> str:
    return scores("what networks see", SEEN, all_rows())


def strokes() -> str:
    rows = {name: row for name, row in all_rows().items() if "p1" in row}
    return scores("what no network is needed for", COUNTED, rows)


def short() -> str:
    names = (
        "**ArtNet** (default, 0.24 M parameters)", "ArtNet, dense (1.38 M)", "ArtNet before, in one pass",
        "MicroAST (0.47 M)", "Magenta arbitrary", "no-op (the content itself)", "style-copy (the style itself)",
    )  # fmt: skip
    rows = zip(names, all_rows().values(), strict=True)
    return markdown(("", *SHORT), ([name, *(bare(row.get(column)) for column in SHORT)] for name, row in rows))


def worst(columns: Sequence[str]) -> str:
    rows = result("quality")["worst tenth of styles"]
    names = {
        "now": "ArtNet (now)", "dense": "ArtNet, dense, in one pass (now)", "before": "ArtNet, one pass (before)",
        "no-op": "no-op", "style-copy": "style-copy",
    }  # fmt: skip
    return scores("worst styles", columns, {shown: rows[name] for name, shown in names.items()})


def worst_pairs() -> str:
    pairs = result("quality")["worst pairs"]["now"]
    rows = ([f"`{pair['content']}`", f"`{pair['style']}`", fixed(pair["p4"])] for pair in pairs)
    return markdown(("content", "style", "p4"), rows)


def finish() -> str:
    found = result("quality-finish")["rows"] | result("quality-dense")["rows"]
    names = [name + without for name in ("pruned", "dense") for without in ("", ", without the finish")]
    rows = (
        ["the same without the finish" if "," in name else name, *(fixed(found[name][column]) for column in FEWER)]
        for name in names
    )
    return markdown(("400 pairs, 512 px", *FEWER), rows)


def constant(name: str) -> str:
    columns = ("style", "gram", "mstyle", "content", "mcont", *COUNTED)
    rows = {shown: row for shown, row in result(name)["rows"].items() if shown.startswith(name)}
    return scores("20 pairs, 512 px", columns, rows)


def criteria() -> str:
    found = result("quality-criteria")["rows"]
    shown = {"dense": "dense, nothing removed", "zero": "**zero** (shipped)"}
    names = (
        "dense", "zero", "apoz", "mean-activation", "taylor-dependency", "random", "cpmc", "fpgm", "l1",
        "l1-dependency",
    )  # fmt: skip
    return scores("", FEWER, {shown.get(name, name): found[name] for name in names})
