"""`artnet movement` from files to reports and pictures, on very few, very short recordings."""

import json

import numpy as np
import pytest
from PIL import Image

from apps.cli import main
from apps.movement import NOTICE
from apps.movement.skeletons import COMMON
from apps.movement.synthetic import make_subjects


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    home = tmp_path_factory.mktemp("movement")
    examples = make_subjects(4, 0, frames=48)
    rows = [f"{e.name},{e.label}" for e in examples]
    (home / "labels.csv").write_text("\n".join(["sequence,label", *rows]) + "\n")
    for example in examples:
        np.save(home / f"{example.name}.npy", example.recording.positions)
    command = ["movement", "train", str(home), "-o", str(home / "out"), "--seeds", "2", "--epochs", "1"]
    assert main([*command, "--clip", "24"]) == 0
    return home


def test_train_reports(trained):
    result = json.loads((trained / "out" / "results.json").read_text())
    assert result["notice"] == NOTICE
    assert result["seeds"] == 2
    assert set(result["baselines"]) == {"majority", "jitter stump"}
    assert set(result["joints"]["table"]) == set(COMMON.joints)
    assert set(result["sequences"]) == {"s00", "s01", "s02", "s03"}
    for kind in ("attention", "no attention"):
        assert len(result[kind]["accuracy_per_seed"]) == 2
        assert set(result[kind]["sd"]) == {"accuracy", "sensitivity", "specificity"}
    text = (trained / "out" / "results.txt").read_text()
    for part in (NOTICE, "no attention (control)", "Wilson", "jitter stump", "left wrist", "Only 2 seed(s)"):
        assert part in text


def test_predict(trained, capsys):
    model = str(trained / "out" / "movement.safetensors")
    command = ["movement", "predict", str(trained / "s01.npy"), "--model", model]
    assert main([*command, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [clip["frames"] for clip in result["clips"]] == [[0, 23], [12, 35], [24, 47]]
    mean = np.mean([clip["probability"] for clip in result["clips"]])
    assert result["probability of atypical"] == pytest.approx(mean, abs=1e-6)
    assert result["notice"] == NOTICE
    assert main(command) == 0
    out = capsys.readouterr().out
    assert out.startswith(NOTICE)
    assert f"{result['probability of atypical']:.3f}" in out


def test_explain(trained, tmp_path, capsys):
    model = str(trained / "out" / "movement.safetensors")
    pytest.importorskip("matplotlib")
    assert main(["movement", "explain", str(trained / "s01.npy"), "-o", str(tmp_path / "x"), "--model", model]) == 0
    assert "rank correlation" in capsys.readouterr().out
    for name in ("skeleton.png", "ablation.png"):
        with Image.open(tmp_path / "x" / name) as picture:
            assert np.asarray(picture.convert("L")).std() > 5
    with Image.open(tmp_path / "x" / "movement.gif") as video:
        assert video.n_frames == 16
        frames = []
        for index in (0, 15):
            video.seek(index)
            frames.append(np.asarray(video.convert("RGB")).astype(int))
        assert np.abs(frames[0] - frames[1]).max() > 50
    result = json.loads((tmp_path / "x" / "explanation.json").read_text())
    assert result["notice"] == NOTICE
    table = result["joints"]["table"]
    assert set(table) == set(COMMON.joints)
    lowest, highest = result["range of single gates"]
    assert all(0 < lowest <= row["attention"] <= highest < 1 for row in table.values())
    assert "random_gates" in result["joints"]["faithfulness"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: np.save(p, np.ones((48, 14, 4))), "is 3-D, but"),
        (lambda p: np.save(p, np.random.default_rng(0).random((20, 14, 2))), "20 frames; a clip needs 24"),
        (lambda p: p.write_bytes(b""), "no array of numbers"),
        (lambda p: None, "does not exist"),
    ],
)
def test_bad_files_are_one_line(make, message, trained, tmp_path, capsys):
    make(tmp_path / "bad.npy")
    model = str(trained / "out" / "movement.safetensors")
    assert main(["movement", "predict", str(tmp_path / "bad.npy"), "--model", model]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "bad.npy" in err
    assert err.count("\n") == 1


def test_bad_arguments(trained, capsys):
    assert main(["movement", "train", str(trained / "nowhere"), "-o", "x"]) == 2
    assert "labels.csv does not exist" in capsys.readouterr().err
    assert main(["movement", "predict", str(trained / "s00.npy"), "--model", str(trained / "s00.npy")]) == 2
    assert "is not a file of artnet movement train" in capsys.readouterr().err
    assert main(["movement"]) == 2
    assert "ACTION" in capsys.readouterr().err
