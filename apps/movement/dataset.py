"""A data set: recordings with labels and subjects, from a folder with labels.csv."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from apps.movement.readers import SUFFIXES, read_recording, read_text
from apps.movement.recordings import Recording
from artnet.image.damaged import reading

LABELS = {"0": 0, "normal": 0, "typical": 0, "1": 1, "abnormal": 1, "atypical": 1}


@dataclass(frozen=True)
class Example:
    """One labelled recording.

    Attributes:
        name: of the sequence.
        label: 0 typical, 1 atypical.
        subject: whose recordings are always held out together.
        recording: the joint tracks.
    """

    name: str
    label: int
    subject: str
    recording: Recording


def read_dataset(folder: str | Path) -> list[Example]:
    """Read FOLDER/labels.csv and the recordings that it names.

    labels.csv has a header with the columns sequence, label (0 normal, 1 abnormal) and, where somebody was recorded
    more than once, subject. A sequence is the name of a joint file or folder beside it, with or without its suffix.

    Raises:
        ValueError: a bad line, an unknown label, a missing or bad recording, or data that cannot be used together.
    """
    table = Path(folder) / "labels.csv"
    if not table.is_file():
        raise ValueError(f"{table} does not exist; it lists the recordings: sequence,label[,subject]")
    with reading(table, "a list of labelled recordings"):
        rows = csv.DictReader(read_text(table).splitlines())
        if not {"sequence", "label"} <= set(rows.fieldnames or []):
            raise ValueError(f"{table}, line 1: needs the columns sequence and label, got {rows.fieldnames}")
        listed = [(row, f"{table}, line {rows.line_num}") for row in rows]
    examples = [_example(row, where, Path(folder)) for row, where in listed]
    check_dataset(examples, str(table))
    return examples


def _example(row: dict[str, str], where: str, folder: Path) -> Example:
    name, label = (row["sequence"] or "").strip(), (row["label"] or "").strip().lower()
    if label not in LABELS:
        raise ValueError(f"{where}: the label {label!r} is none of {', '.join(LABELS)}")
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(f"{where}: {name!r} leads out of the folder; name a recording that lies in it")
    paths = [path for path in (folder / f"{name}{suffix}" for suffix in ("", *SUFFIXES)) if path.exists()]
    if not name or not paths:
        raise ValueError(f"{where}: there is no recording {name!r} in {folder}")
    return Example(name, LABELS[label], (row.get("subject") or name).strip(), read_recording(paths[0]))


def check_dataset(examples: Sequence[Example], where: str) -> None:
    """Refuse what cannot be learned from with one subject held out.

    Raises:
        ValueError: sequences named twice, 2-D mixed with 3-D, or fewer than two subjects of a class.
    """
    names = [example.name for example in examples]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{where}: {repeated[0]!r} is listed more than once")
    sizes = {example.recording.dimensions: example.name for example in examples}
    if len(sizes) > 1:
        raise ValueError(f"{where}: {sizes[2]} is 2-D and {sizes[3]} is 3-D; give recordings of one kind")
    for label, word in enumerate(("normal", "abnormal")):
        count = len({example.subject for example in examples if example.label == label})
        if count < 2:
            raise ValueError(f"{where}: {count} subject(s) labelled {word}; leaving one out needs at least 2 of each")


def labels_of(examples: Sequence[Example]) -> np.ndarray:
    """(n,) int64."""
    return np.array([example.label for example in examples], dtype=np.int64)
