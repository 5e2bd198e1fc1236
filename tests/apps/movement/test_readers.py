"""Every format gives the same tracks; bad files are refused with their name and line."""

import json

import numpy as np
import pytest

from apps.movement.dataset import read_dataset
from apps.movement.readers import read_recording
from apps.movement.skeletons import BODY_25, COCO_17, COMMON, OPENPOSE_18, SMIL_25, joint_named

FRAMES = 4


def places(frames=FRAMES, dimensions=2):
    """{joint: (T, D)}: every joint of every set somewhere else."""
    names = sorted({*SMIL_25.joints, *BODY_25.joints, *COCO_17.joints})
    draw = np.random.default_rng(0)
    found = {name: draw.integers(1, 400, (frames, dimensions)).astype(float) for name in names}
    found["neck"] = (found["left shoulder"] + found["right shoulder"]) / 2  # as it is derived for COCO
    return found


def array(skeleton, dimensions=2):
    return np.stack([places(dimensions=dimensions)[joint] for joint in skeleton.joints], 1)


EXPECTED = array(COMMON)


def write_mini_rgbd(path, points, kind="2Ddep"):
    path.mkdir(parents=True)
    for t, frame in enumerate(points):
        rows = [f"{x} {y} {rest[0] if rest else 9} {j}" for j, (x, y, *rest) in enumerate(frame)]
        (path / f"syn_joints_{kind}_{t:05d}.txt").write_text("\n".join(rows) + "\n")


def write_openpose(path, points, score=0.9):
    path.mkdir()
    for t, frame in enumerate(points):
        bystander = {"pose_keypoints_2d": [1.0, 1.0, 0.1] * len(frame)}
        infant = {"pose_keypoints_2d": [v for x, y in frame for v in (x, y, score)]}
        (path / f"v_{t:012d}_keypoints.json").write_text(json.dumps({"people": [bystander, infant]}))


def coco(points, visible=2):
    annotations = [
        {"image_id": t, "keypoints": [v for x, y in frame for v in (x, y, visible)]} for t, frame in enumerate(points)
    ]
    return {"images": [{"id": t} for t in range(len(points))], "annotations": annotations[::-1]}


def split_csv(points):
    header = [f"{joint.replace(' ', '_')}_{axis}" for joint in COMMON.joints for axis in "xy"]
    return "\n".join([",".join(header), *(",".join(f"{v:g}" for v in frame.ravel()) for frame in points)]) + "\n"


def whole_csv(points):
    """The layout of published MINI-RGBD annotations, with their words for joints."""
    words = {"wrist": "hand", "ankle": "foot", "nose": "head"}
    header = ["image", *("_".join(words.get(w, w) for w in joint.split()) for joint in COMMON.joints)]
    rows = [";".join([f"{t}.png", *(f"{x:g},{y:g}" for x, y in frame)]) for t, frame in enumerate(points)]
    return "\n".join([";".join(header), *rows]) + "\n"


def test_all_formats_agree(tmp_path):
    write_mini_rgbd(tmp_path / "smil" / "joints_2Ddep", array(SMIL_25))
    write_openpose(tmp_path / "body", array(BODY_25))
    write_openpose(tmp_path / "op18", array(OPENPOSE_18))
    (tmp_path / "data.json").write_text(json.dumps(coco(array(COCO_17))))
    (tmp_path / "results.json").write_text(json.dumps(coco(array(COCO_17))["annotations"]))
    (tmp_path / "split.csv").write_text(split_csv(EXPECTED))
    (tmp_path / "whole.csv").write_text(whole_csv(EXPECTED))
    np.save(tmp_path / "plain.npy", EXPECTED)
    np.save(tmp_path / "sure.npy", np.concatenate([array(BODY_25), np.full((FRAMES, 25, 1), 0.5)], 2))
    files = ("data.json", "results.json", "split.csv", "whole.csv", "plain.npy", "sure.npy")
    for name in ("smil", "body", "op18", *files):
        recording = read_recording(tmp_path / name)
        np.testing.assert_allclose(recording.positions, EXPECTED, rtol=1e-5, err_msg=name)
        assert recording.confidence.shape == (FRAMES, 14)
    assert read_recording(tmp_path / "body").confidence[0, 0] == np.float32(0.9)
    assert (read_recording(tmp_path / "data.json").confidence == 1).all()


def test_three_dimensions(tmp_path):
    write_mini_rgbd(tmp_path / "joints_3D", array(SMIL_25, 3), kind="3D")
    points = array(COMMON, 3)
    np.save(tmp_path / "points.npy", np.concatenate([points, np.ones((FRAMES, 14, 1))], 2))
    for name in ("joints_3D", "points.npy"):
        np.testing.assert_allclose(read_recording(tmp_path / name).positions, points, rtol=1e-6)


def test_missing_joints_are_gaps(tmp_path):
    text = split_csv(EXPECTED).splitlines()
    cells = text[2].split(",")
    cells[2 * 4 : 2 * 4 + 2] = ["", ""]
    (tmp_path / "gap.csv").write_text("\n".join([*text[:2], ",".join(cells), *text[3:]]))
    recording = read_recording(tmp_path / "gap.csv")
    assert np.argwhere(recording.confidence == 0).tolist() == [[1, 4]]
    assert np.isnan(recording.positions[1, 4]).all()
    write_openpose(tmp_path / "op", array(BODY_25))
    (tmp_path / "op" / "v_000000000001_keypoints.json").write_text('{"people": []}')
    assert (read_recording(tmp_path / "op").confidence == 0).all(1).tolist() == [False, True, False, False]


def test_labels_of_joints_and_mirror():
    assert joint_named("Left_Hand") == "left wrist"
    assert joint_named("pelvis") is None
    assert COMMON.mirror == (0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10)
    assert [SMIL_25.joints.index(j) for j in COMMON.joints] == [24, 12, 17, 19, 21, 16, 18, 20, 2, 5, 8, 1, 4, 7]
    to_coco = [BODY_25.joints.index(j) for j in COCO_17.joints]
    assert to_coco == [0, 16, 15, 18, 17, 5, 2, 6, 3, 7, 4, 12, 9, 13, 10, 14, 11]
    assert BODY_25.joints[19:] == (
        "left big toe", "left small toe", "left heel", "right big toe", "right small toe", "right heel"
    )  # fmt: skip


def changed(points, index, value):
    points = points.copy()
    points[index] = value
    return points


BAD_NPY = {
    "13 joints; expected 14": EXPECTED[:, :13],
    "holds float64 (14, 2)": EXPECTED[0],
    "1 frame(s)": EXPECTED[:1],
    "0 frame(s)": EXPECTED[:0],
    "frame 2, right wrist: the position": changed(EXPECTED, (2, 4, 0), np.nan),
    "frame 1, neck: the confidence inf": changed(np.repeat(EXPECTED, 2, 2)[..., :3], (1, 1, 2), np.inf),
    "frame 1, neck: the confidence -1.0": changed(np.repeat(EXPECTED, 2, 2)[..., :3], (1, 1, 2), -1.0),
    "nose found in no frame": changed(np.repeat(EXPECTED, 2, 2)[..., :3], (slice(None), 0, 2), 0.0),
    "no array of numbers": np.array([{"a": 1}], dtype=object),
}


@pytest.mark.parametrize("message", BAD_NPY)
def test_bad_npy(message, tmp_path):
    np.save(tmp_path / "bad.npy", BAD_NPY[message], allow_pickle=True)
    refused(tmp_path / "bad.npy", "bad.npy", message)


CSV = split_csv(EXPECTED)
BAD_TEXT = {
    "empty.csv": ("", "empty.csv is empty"),
    "header.csv": (CSV.splitlines()[0], "0 frame(s)"),
    "short.csv": (CSV + "1,2\n", "short.csv, line 6: 2 cells; the header has 28"),
    "word.csv": (CSV.replace(CSV.splitlines()[2].split(",")[0] + ",", "x,", 1), ", line "),
    "nan.csv": ("\n".join([*CSV.splitlines()[:2], ",".join(["nan"] * 28)]), "line 3, nose: nan nan 1 is not finite"),
    "columns.csv": ("nose_x,nose_y\n1,2\n", "line 1: no column for neck_x"),
    "mixed.csv": (whole_csv(EXPECTED) + "4.png;" + ";".join(["1,2"] * 13) + ";1,2,3\n", "line 6, "),
    "broken.json": ('{"images": [\n oops', "broken.json, line 2"),
    "joints.json": (json.dumps([{"image_id": 1, "keypoints": [1, 2, 1] * 16}]), "annotation 0: 16 joints; expected 17"),
    "keys.json": (json.dumps([{"image": 1}]), "annotation 0: image_id must be a whole number, got None"),
    "none.json": ("[]", "0 frame(s)"),
    "null.json": ('[{"image_id": 1, "keypoints": null}]', "annotation 0: keypoints are a flat list"),
    "image.json": ('{"images": [{}], "annotations": []}', "image 0: id must be a whole number"),
    "tracks.txt": ("1 2 3", "is no joint file"),
}


@pytest.mark.parametrize("name", BAD_TEXT)
def test_bad_text(name, tmp_path):
    text, message = BAD_TEXT[name]
    (tmp_path / name).write_text(text)
    refused(tmp_path / name, name, message)


def test_bad_folders(tmp_path):
    write_mini_rgbd(tmp_path / "smil", array(SMIL_25))
    file = tmp_path / "smil" / "syn_joints_2Ddep_00002.txt"
    lines = file.read_text().splitlines()
    for text, message in (
        ("\n".join(lines[:24]), "00002.txt has 24 lines"),
        ("\n".join([*lines[:3], "1 2 inf 3", *lines[4:]]), "00002.txt, line 4: 1 2 inf 3 is not finite"),
        ("\n".join([*lines[:3], "1 2 3 7", *lines[4:]]), "00002.txt, line 4: expected 'x y z 3'"),
    ):
        file.write_text(text)
        refused(tmp_path / "smil", message)
    write_openpose(tmp_path / "op", array(BODY_25))
    frame = tmp_path / "op" / "v_000000000003_keypoints.json"
    for text, message in (
        (json.dumps({"people": [{"pose_keypoints_2d": [1, 2, 0.5] * 18}]}), "frames of 18 and 25 joints"),
        (json.dumps({"persons": []}), "is no OpenPose file"),
        (json.dumps({"people": [{"pose_keypoints_2d": [1, 2] * 25}]}), "flat list of x y confidence"),
    ):
        frame.write_text(text)
        refused(tmp_path / "op", message)
    (tmp_path / "void").mkdir()
    refused(tmp_path / "void", "has neither")


def refused(path, *parts):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        read_recording(path)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("name,label\na,0\n", "line 1: needs the columns sequence and label"),
        ("sequence,label\na,0\nb,maybe\n", "line 3: the label 'maybe'"),
        ("sequence,label\na,0\ngone,1\n", "line 3: there is no recording 'gone'"),
        ("sequence,label\na,0\n/etc,1\n", "line 3: '/etc' leads out of the folder"),
        ("sequence,label\na,0\nb/../../c,1\n", "line 3: 'b/../../c' leads out of the folder"),
        ("sequence,label\na,0\na,1\n", "'a' is listed more than once"),
        ("sequence,label\na,0\nb,0\nc,1\n", "1 subject(s) labelled abnormal"),
        ("sequence,label\na,0\nb,0\nc,1\nsolid,1\n", "solid is 3-D"),
        ("sequence,label,subject\na,0,x\nb,0,x\nc,1,y\nd,1,z\n", "1 subject(s) labelled normal"),
        ("sequence,label\na,\n", "the label ''"),
    ],
)
def test_bad_data_sets(table, message, tmp_path):
    for name in "abcd":
        np.save(tmp_path / f"{name}.npy", EXPECTED)
    np.save(tmp_path / "solid.npy", np.concatenate([EXPECTED, EXPECTED], 2))
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(ValueError, match=r"labels\.csv") as caught:
        read_dataset(tmp_path)
    assert message in str(caught.value)


def test_data_set(tmp_path):
    for name in "abcd":
        np.save(tmp_path / f"{name}.npy", EXPECTED)
    (tmp_path / "labels.csv").write_text("sequence,label,subject\na.npy,normal,x\nb,0,y\nc,abnormal,z\nd,1,w\n")
    examples = read_dataset(tmp_path)
    assert [(e.name, e.label, e.subject) for e in examples] == [
        ("a.npy", 0, "x"), ("b", 0, "y"), ("c", 1, "z"), ("d", 1, "w")
    ]  # fmt: skip
