"""The numbers of the movement classifier: planted joints, MINI-RGBD, and the cost of one fold.

    python -m benchmarks.movement DATA [--seeds 10] [--epochs 20] [--json benchmarks/results/movement.json]

DATA has labels.csv, ground_truth_2d/NN.csv (14 joints, 1000 frames) and openpose18/NN.npy (float32 (1, 3, 1000, 18, 1)
of x / 640 - 0.5, y / 480 - 0.5, score; frames that are all 0 are not filled). None of it belongs to this project. The
result is written after every row.
"""

import argparse
import csv
import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from apps.benchmark.timing import describe, save
from apps.movement import NOTICE
from apps.movement.cleaning import Cleaning
from apps.movement.dataset import Example, labels_of
from apps.movement.explanation import faithfulness
from apps.movement.readers import read_recording
from apps.movement.recordings import Recording, make_recording
from apps.movement.reports import joint_result
from apps.movement.scores import baselines, jitter, summary
from apps.movement.skeletons import COMMON, OPENPOSE_18
from apps.movement.synthetic import PLANTED, make_subjects
from apps.movement.training import TrainingOptions, cross_validate, make_clips, train

PUBLISHED = {"accuracy": 0.9167, "source": "arXiv 2106.04471, abstract; data and protocol not stated there"}
RAW = Cleaning(margin=2.0, outliers=False, window=1)
"""fills gaps, and nothing else"""
REPORTED = range(10, 15)
"""data sets of planted joints; what is measured on them was chosen on data sets 100 to 104"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/movement.json"))
    args = parser.parse_args()
    options = TrainingOptions(epochs=args.epochs)
    settings = {"notice": NOTICE, "seeds": args.seeds, "options": asdict(options)}
    result = known_rows(args.json, settings) or {"machine": describe(), **settings}
    for name, job in jobs(args.data, options, args.seeds).items():
        if name not in result:
            start = time.perf_counter()
            result[name] = job()
            save(args.json, result)
            print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


def known_rows(path: Path, settings: dict[str, object]) -> dict[str, object] | None:
    """The result of an earlier run with the same settings, which goes on where it stopped."""
    found = json.loads(path.read_text()) if path.exists() else {}
    return found if {key: found.get(key) for key in settings} == settings else None


def jobs(data: Path, options: TrainingOptions, seeds: int) -> dict[str, Callable[[], object]]:
    """Name -> what measures it."""
    tracks = {"OpenPose": read_tracks(data, openpose), "ground truth": read_tracks(data, ground_truth)}
    found: dict[str, Callable[[], object]] = {
        "one fold": lambda: cost(tracks["ground truth"], options),
        "MINI-RGBD baselines": lambda: {name: simple(examples) for name, examples in tracks.items()},
        "synthetic": lambda: synthetic(options, seeds),
    }
    sources = (
        ("OpenPose, gaps filled only", tracks["OpenPose"], RAW),
        ("ground truth", tracks["ground truth"], Cleaning()),
        ("OpenPose, cleaned", tracks["OpenPose"], Cleaning()),
    )
    variants: dict[str, dict[str, bool]] = {
        "attention": {},
        "no attention": {"attention": False},
        "attention, with posture": {"posture": True},
    }
    for variant, changes in variants.items():
        for name, examples, cleaning in sources:
            changed = replace(options, cleaning=cleaning, **changes)
            found[f"MINI-RGBD {name}, {variant}"] = partial(measure, examples, changed, seeds)
    return found


def read_tracks(data: Path, read: Callable[[Path, str], Recording]) -> list[Example]:
    """The 12 sequences with their labels."""
    with open(data / "labels.csv", newline="") as file:
        return [
            Example(row["sequence"], int(row["label"]), row["sequence"], read(data, row["sequence"]))
            for row in csv.DictReader(file)
        ]


def ground_truth(data: Path, name: str) -> Recording:
    return read_recording(data / "ground_truth_2d" / f"{name}.csv")


def openpose(data: Path, name: str) -> Recording:
    x, y, score = np.load(data / "openpose18" / f"{name}.npy", allow_pickle=False)[0, :, :, :, 0]
    filled = score.any(1)
    positions = np.stack([(x + 0.5) * 640, (y + 0.5) * 480], 2)[filled]
    return make_recording(name, positions, score[filled], OPENPOSE_18)


def simple(examples: Sequence[Example]) -> dict[str, object]:
    """Baselines, the number that the stump looks at, and the published figure beside them."""
    found = {e.name: [e.label, round(jitter(e.recording), 3)] for e in examples}
    return {**baselines(examples), "label and jitter (px a frame)": found, "published": PUBLISHED}


def measure(examples: Sequence[Example], options: TrainingOptions, seeds: int) -> dict[str, object]:
    """Leave-one-subject-out over all seeds."""
    validation = cross_validate(make_clips(examples, options), range(seeds), options)
    labels = labels_of(examples)
    votes = {e.name: int((validation.scores[:, i] > 0.5).sum()) for i, e in enumerate(examples)}
    found = {**summary(validation.scores, labels), "seeds that call it abnormal": votes}
    if not options.attention:
        return found
    return {**found, "joints": joint_result(validation.gates.mean(1), validation.drops.mean(1))}


def synthetic(options: TrainingOptions, networks: int, count: int = 30) -> dict[str, object]:
    """Planted joints in data sets that nothing was chosen on; three subjects at a time are held out."""
    rows = {str(seed): planted(seed, options, networks, count) for seed in REPORTED}
    gates, drops = (np.array([row.pop(key) for row in rows.values()]) for key in ("gates", "drops"))
    return {
        "subjects": count,
        "networks of each data set": networks,
        "share of data sets with planted on top": float(np.mean([row["planted on top"] for row in rows.values()])),
        "data sets": rows,
        "gate": dict(zip(COMMON.joints, gates.mean(0).tolist(), strict=True)),
        "log-odds drop": dict(zip(COMMON.joints, drops.mean(0).tolist(), strict=True)),
        **faithfulness(gates, drops),
    }


def planted(seed: int, options: TrainingOptions, networks: int, count: int) -> dict[str, Any]:
    """One data set, cross-validated as `artnet movement train` does: by networks of several seeds."""
    examples = [replace(e, subject=str(i // 3)) for i, e in enumerate(make_subjects(count, seed))]
    validation = cross_validate(make_clips(examples, options), range(networks), options)
    gates, drops = validation.gates.mean(1), validation.drops.mean(1)  # (networks, J)
    found = summary(validation.scores, labels_of(examples))
    row = {
        "accuracy": found["mean"]["accuracy"],
        "lowest accuracy of a network": min(found["accuracy_per_seed"]),
        "jitter stump": baselines(examples)["jitter stump"]["accuracy"],
        "planted on top": planted_above(drops.mean(0)) == len(PLANTED),
        "networks that alone have them on top": sum(planted_above(d) == len(PLANTED) for d in drops),
        "planted among the top by attention": planted_above(gates.mean(0)),
    }
    print(f"  synthetic {seed}: {row}", flush=True)
    return {**row, "gates": gates.mean(0), "drops": drops.mean(0)}


def planted_above(values: np.ndarray) -> int:
    """How many planted joints are among as many joints of the highest values (J,)."""
    return sum(COMMON.joints[j] in PLANTED for j in np.argsort(-values)[: len(PLANTED)])


def cost(examples: Sequence[Example], options: TrainingOptions) -> dict[str, float]:
    """Seconds from recordings to a trained network with one of the 12 held out, and the process's largest memory."""
    start, start_cpu = time.perf_counter(), time.process_time()
    data = make_clips(examples, options)
    inside = data.of([examples[0].subject], inside=False)
    train(data.clips[inside], data.labels[inside], 0, options)
    return {
        "frames": sum(len(e.recording) for e in examples),
        "seconds": time.perf_counter() - start,
        "cpu seconds": time.process_time() - start_cpu,
        "peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main()
