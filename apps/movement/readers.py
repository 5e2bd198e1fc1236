"""Files of joint tracks -> recordings. The kind of file is told from its name; nothing is unpickled.

| given | read as |
|---|---|
| folder with syn_joints_2Ddep_*.txt or syn_joints_3D_*.txt (or a MINI-RGBD sequence folder with joints_2Ddep/) | MINI-RGBD |
| folder of *.json, one file a frame | OpenPose, BODY_25 or COCO-18; of several people the one most confidently seen |
| .json | COCO keypoints: a data set with images and annotations, or a list of results |
| .csv | one frame a line; columns <joint>_x, <joint>_y[, <joint>_z][, <joint>_score], or one column a joint with cells x,y |
| .npy | (T, J, 2) x y; (T, J, 3) x y confidence; (T, J, 4) x y z confidence; J = 14, 17, 18 or 25 |

A confidence of 0 (in CSV also an empty cell) is a joint that was not found.
"""  # noqa: E501

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from apps.movement.recordings import Recording, make_recording
from apps.movement.skeletons import BODY_25, BY_COUNT, COCO_17, COMMON, OPENPOSE_18, SMIL_25, Skeleton, joint_named
from artnet.image.damaged import reading

SUFFIXES = (".csv", ".npy", ".json")


def read_recording(path: str | Path) -> Recording:
    """Read one video's joint tracks.

    Raises:
        ValueError: the file does not fit its format; the message names the file, and the line where there is one.
        OSError: it cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        with reading(path, "a folder of joint files"):
            return _read_folder(path)
    readers = {".csv": _read_csv, ".npy": _read_npy, ".json": _read_coco}
    if path.suffix.lower() not in readers:
        raise ValueError(f"{path} is no joint file: give .csv, .npy, .json or a folder of OpenPose or MINI-RGBD files")
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    with reading(path, "a joint file"):
        return readers[path.suffix.lower()](path)


def _read_folder(path: Path) -> Recording:
    inner = path / "joints_2Ddep"
    folder = inner if inner.is_dir() else path
    if texts := sorted(folder.glob("syn_joints_*.txt")):
        return _read_mini_rgbd(path, texts)
    if frames := sorted(folder.glob("*.json")):
        return _read_openpose(path, frames)
    raise ValueError(f"the folder {path} has neither syn_joints_*.txt nor *.json files")


def _read_mini_rgbd(path: Path, files: Sequence[Path]) -> Recording:
    kinds = {file.name.rsplit("_", 1)[0] for file in files}
    if len(kinds) > 1:
        raise ValueError(f"{path} mixes {' and '.join(sorted(kinds))}; give a folder of one kind")
    # The third column of 2Ddep is a depth in a unit of its own, so only x and y are used.
    dimensions = 3 if kinds == {"syn_joints_3D"} else 2
    positions = np.stack([_mini_rgbd_frame(file)[:, :dimensions] for file in files])
    return make_recording(str(path), positions, np.ones(positions.shape[:2]), SMIL_25)


def _mini_rgbd_frame(file: Path) -> np.ndarray:
    lines = read_text(file).splitlines()
    if len(lines) != len(SMIL_25.joints):
        raise ValueError(f"{file} has {len(lines)} lines; a MINI-RGBD frame has {len(SMIL_25.joints)}")
    rows = [_numbers(line.split(), f"{file}, line {number}") for number, line in enumerate(lines, 1)]
    for number, row in enumerate(rows, 1):
        if len(row) != 4 or row[3] != number - 1:
            raise ValueError(f"{file}, line {number}: expected 'x y z {number - 1}', got {lines[number - 1]!r}")
    return np.array(rows)[:, :3]


def _numbers(words: Sequence[str], where: str) -> list[float]:
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    if not np.isfinite(values).all():
        raise ValueError(f"{where}: {' '.join(words)} is not finite")
    return values


def _read_openpose(path: Path, files: Sequence[Path]) -> Recording:
    frames = [_openpose_frame(file) for file in files]
    counts = {len(frame) for frame in frames if frame is not None}
    if len(counts) != 1:
        sizes = " and ".join(map(str, sorted(counts))) or "no people"
        raise ValueError(f"{path} has frames of {sizes} joints; every frame of a recording has the same joints")
    skeleton = _skeleton(counts.pop(), f"{path}", (BODY_25, OPENPOSE_18))
    empty = np.zeros((len(skeleton.joints), 3))
    data = np.stack([empty if frame is None else frame for frame in frames])
    return make_recording(str(path), data[..., :2], data[..., 2], skeleton)


def _openpose_frame(file: Path) -> np.ndarray | None:
    """(J, 3) of the person most confidently seen, None where there is nobody."""
    content = _load_json(file)
    try:
        people = [_triples(person["pose_keypoints_2d"], str(file)) for person in content["people"]]
    except (KeyError, TypeError):
        raise ValueError(f"{file} is no OpenPose file: it needs people with pose_keypoints_2d") from None
    return max(people, key=lambda person: person[:, 2].sum(), default=None)


def _triples(values: Any, where: str) -> np.ndarray:
    """A flat list x y c x y c ... -> (J, 3)."""
    try:
        flat = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{where}: the keypoints are not all numbers") from None
    if flat.ndim != 1 or len(flat) % 3 or not len(flat):
        raise ValueError(f"{where}: keypoints are a flat list of x y confidence, got {flat.shape}")
    return flat.reshape(-1, 3)


def _load_json(file: Path) -> Any:
    try:
        return json.loads(read_text(file))
    except json.JSONDecodeError as error:
        raise ValueError(f"{file}, line {error.lineno}: {error.msg}") from None


def read_text(file: Path) -> str:
    """A text file's content.

    Raises:
        ValueError: it is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{file} is not text") from None


def _read_coco(path: Path) -> Recording:
    content = _load_json(path)
    results = content if isinstance(content, list) else content.get("annotations") if isinstance(content, dict) else []
    frames: dict[int, np.ndarray | None] = {}
    if isinstance(content, dict):
        images = enumerate(content.get("images", []))
        frames = {_frame_id(image, "id", f"{path}, image {number}"): None for number, image in images}
    for number, result in enumerate(results or []):
        where = f"{path}, annotation {number}"
        frame = _frame_id(result, "image_id", where)
        person = _triples(result.get("keypoints"), where)
        _skeleton(len(person), where, (COCO_17,))
        known = frames.get(frame)
        if known is None or person[:, 2].sum() > known[:, 2].sum():
            frames[frame] = person
    empty = np.zeros((len(COCO_17.joints), 3))
    data = np.array([empty if frames[key] is None else frames[key] for key in sorted(frames)]).reshape(-1, 17, 3)
    return make_recording(str(path), data[..., :2], np.minimum(data[..., 2], 1), COCO_17)


def _frame_id(entry: Any, key: str, where: str) -> int:
    number = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(number, int):
        raise ValueError(f"{where}: {key} must be a whole number, got {number!r}")
    return number


def _skeleton(joints: int, where: str, allowed: Sequence[Skeleton]) -> Skeleton:
    for skeleton in allowed:
        if len(skeleton.joints) == joints:
            return skeleton
    wanted = " or ".join(f"{len(s.joints)} ({s.name})" for s in allowed)
    raise ValueError(f"{where}: {joints} joints; expected {wanted}")


def _read_npy(path: Path) -> Recording:
    try:
        # np.load would also take pickles and archives; a map is never larger than the file, whatever its header says.
        data = np.array(np.lib.format.open_memmap(path, mode="r"))
    except ValueError as error:
        raise ValueError(f"{path} is no array of numbers: {' '.join(str(error).split())}") from None
    if data.ndim != 3 or data.shape[2] not in (2, 3, 4) or data.dtype.kind not in "fiu":
        raise ValueError(f"{path} holds {data.dtype} {data.shape}; expected numbers (frames, joints, 2 to 4)")
    skeleton = _skeleton(data.shape[1], str(path), list(BY_COUNT.values()))
    if data.shape[2] == 2:
        return make_recording(str(path), data, np.ones(data.shape[:2]), skeleton)
    return make_recording(str(path), data[..., :-1], data[..., -1], skeleton)


def _read_csv(path: Path) -> Recording:
    rows = list(_csv_rows(read_text(path).splitlines()))
    if not rows:
        raise ValueError(f"{path} is empty")
    header, frames = rows[0], rows[1:]
    for number, row in enumerate(frames, 2):
        if len(row) != len(header):
            raise ValueError(f"{path}, line {number}: {len(row)} cells; the header has {len(header)}")
    columns = {name: [row[i] for row in frames] for i, name in enumerate(header)}
    whole = {joint: column for name, column in columns.items() if (joint := joint_named(name))}
    parse = _whole_cells(path, whole) if whole else _split_cells(path, columns)
    data = np.array(list(parse)).transpose(1, 0, 2) if frames else np.zeros((0, 14, 3))
    return make_recording(str(path), data[..., :-1], data[..., -1], COMMON)


def _csv_rows(lines: list[str]) -> Iterator[list[str]]:
    delimiter = ";" if lines and ";" in lines[0] else ","
    return csv.reader(lines, delimiter=delimiter)


def _whole_cells(path: Path, columns: dict[str, list[str]]) -> Iterator[np.ndarray]:
    """(T, D + 1) of each joint from cells 'x,y' or 'x,y,z'."""
    _require(path, columns, COMMON.joints)
    filled = [cell for column in columns.values() for cell in column if cell.strip()]
    dimensions = filled[0].count(",") + 1 if filled else 2
    for joint in COMMON.joints:
        rows = []
        for line, cell in enumerate(columns[joint], 2):
            values = _numbers(cell.split(","), f"{path}, line {line}, {joint}") if cell.strip() else [0.0] * dimensions
            if len(values) != dimensions or dimensions not in (2, 3):
                raise ValueError(f"{path}, line {line}, {joint}: {cell!r} has not the form x,y or x,y,z of the others")
            rows.append([*values, float(bool(cell.strip()))])
        yield np.array(rows).reshape(-1, dimensions + 1)


def _split_cells(path: Path, columns: dict[str, list[str]]) -> Iterator[np.ndarray]:
    """(T, D + 1) of each joint from columns <joint>_x, _y, _z and _score."""
    found: dict[str, list[str]] = {}
    for name, column in columns.items():
        stem, _, part = name.strip().lower().rpartition("_")
        if joint := joint_named(stem):
            found[f"{joint}_{part}"] = column
    axes = "xyz" if "nose_z" in found else "xy"
    _require(path, found, [f"{joint}_{axis}" for joint in COMMON.joints for axis in axes])
    for joint in COMMON.joints:
        parts = [found[f"{joint}_{axis}"] for axis in axes]
        sure = found.get(f"{joint}_score", ["1"] * len(parts[0]))
        rows = []
        for line, (*cells, score) in enumerate(zip(*parts, sure, strict=True), 2):
            empty = not all(cell.strip() for cell in (*cells, score))
            where = f"{path}, line {line}, {joint}"
            rows.append([0.0] * (len(axes) + 1) if empty else _numbers([*cells, score], where))
        yield np.array(rows).reshape(-1, len(axes) + 1)


def _require(path: Path, found: dict[str, list[str]], names: Sequence[str]) -> None:
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(f"{path}, line 1: no column for {', '.join(missing[:4])}{' ...' if missing[4:] else ''}")
