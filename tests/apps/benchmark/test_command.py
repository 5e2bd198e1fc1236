"""`artnet benchmark` on a tiny network: every section runs, and the report holds what it prints."""

import json

import pytest
import torch

import apps.benchmark.command
from apps.benchmark.gpu import convolutions, gpu_rows
from apps.cli import main
from artnet.model.checkpoint import save_checkpoint


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
    with pytest.raises(ValueError, match=r"^a measured process failed: .*No module named apps\.nothing$"):
        apps.benchmark.command.python("apps.nothing")


def test_the_gpu_section_needs_one(monkeypatch, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(["benchmark", "--sections", "gpu"]) == 2
    assert "no CUDA device" in capsys.readouterr().err


def test_the_gpu_section_counts_and_measures(tiny, tmp_path, monkeypatch):
    save_checkpoint(tiny, tmp_path / "tiny.safetensors")
    shapes = {"one": (1, 64, 72), "two": (2, 64, 72)}
    result = gpu_rows(str(tmp_path / "tiny.safetensors"), 4, "cpu", shapes)
    assert all(rate > 1e6 for rate in result["rates"].values())
    one, two = (result["rows"][name] for name in shapes)
    assert one["eager"]["median_ms"] > 0
    assert one["pictures_per_second"] == pytest.approx(1000 / one["eager"]["median_ms"], rel=0.02)
    assert two["pictures_per_second"] == pytest.approx(2000 / two["eager"]["median_ms"], rel=0.02)
    assert two["share_of_operations"] > 0
    assert two["share_of_bytes"] > 0


def test_operations_and_bytes_of_convolutions():
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 5, 1))
    with convolutions(network) as work:
        network(torch.zeros(2, 3, 10, 12))
    positions = 2 * 8 * 10
    assert work["operations"] == 2 * positions * (3 * 9 * 4 + 4 * 5)
    assert work["bytes"] == 4 * (2 * 3 * 120 + positions * (4 + 4 + 5))
    network(torch.zeros(2, 3, 10, 12))
    assert work["operations"] == 2 * positions * (3 * 9 * 4 + 4 * 5)
