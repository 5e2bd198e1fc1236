"""`artnet benchmark` on a tiny network: every section runs, and the report holds what it prints."""

import json

import pytest

import apps.benchmark
from apps.cli import main
from artnet.checkpoint import save_checkpoint


def test_every_section(tiny, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ARTNET_CACHE", str(tmp_path / "cache"))
    save_checkpoint(tiny, tmp_path / "tiny.safetensors")
    report = tmp_path / "report.json"
    arguments = ["--weights", str(tmp_path / "tiny.safetensors"), "--sizes", "64", "128", "--rounds", "4"]
    assert main(["benchmark", *arguments, "--json", str(report)]) == 0
    printed, result = capsys.readouterr().out, json.loads(report.read_text())
    assert set(result) == {"machine", "weights", "engines", "sizes", "start"}
    assert {"OpenVINO f32", "torch f32"} <= set(result["engines"])
    assert set(result["sizes"]) == {"64", "128"}
    for row in (*result["engines"].values(), *result["sizes"].values(), result["start"]["artnet stylize"]):
        assert 0 < row["q1_ms"] <= row["median_ms"] <= row["q3_ms"]
        assert f"{row['median_ms']:.1f} ms" in printed
    assert all(row["peak_mb"] > 10 for row in result["sizes"].values())


def test_a_failing_process_is_one_line():
    with pytest.raises(ValueError, match="a measured process failed: RuntimeError: no"):
        apps.benchmark.python("raise RuntimeError('no')")
