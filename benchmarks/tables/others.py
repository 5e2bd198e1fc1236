"""The tables of transforms and of movement."""

from benchmarks.tables.cells import Row, bare, fixed, markdown, result, scores


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


def scale() -> str:
    columns = ("written", "failed", "seconds", "bytes", "left over")
    rows = ([name, *(str(row[column]) for column in columns)] for name, row in result("scale")["rows"].items())
    return markdown(("", "written", "failed", "seconds", "bytes of all results", "files left over"), rows)


def right(row: Row) -> str:
    low, high = row["wilson"]
    return f"{row['correct']}/{row['of']} ({low:.2f}-{high:.2f})"
