"""`artnet criteria` on a network of one's own."""

import json

from safetensors.torch import save_file
from torch import nn

from apps.cli import main


def small():
    return nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.ReLU(), nn.Conv2d(16, 4, 3))


def test_report_with_weights_and_pictures(picture_folders, tmp_path, capsys):
    save_file(small().state_dict(), tmp_path / "net.safetensors")
    command = ["criteria", f"{__name__}:small", "--weights", str(tmp_path / "net.safetensors"), "--size", "32"]
    command += ["--data", str(picture_folders[0]), "--pictures", "4", "--criteria", "l1", "fpgm", "apoz", "taylor"]
    assert main([*command, "-o", str(tmp_path / "report")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "report" / "report.html")
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["criteria"] == ["l1", "fpgm", "apoz", "taylor"]
    assert list(report["similarity"]["layers"]) == ["0", "2"]
    assert set(report["distribution"]) == {"0", "2"}  # four filters are too few


def test_what_is_missing_is_said(tmp_path, capsys):
    output = ["-o", str(tmp_path)]
    assert main(["criteria", f"{__name__}:small", "--size", "32", "--criteria", "apoz", *output]) == 2
    assert "statistics are needed by criterion 'apoz'" in capsys.readouterr().err
    assert main(["criteria", "vgg61", *output]) == 2
    assert "unknown model 'vgg61'" in capsys.readouterr().err
