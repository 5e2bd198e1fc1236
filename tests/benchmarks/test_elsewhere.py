"""What was installed elsewhere: which commands are run there, and what the report makes of their outcomes."""

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("httpx", reason="HTTPX comes with artnet[web]")
pytest.importorskip("av", reason="PyAV comes with artnet[webcam]")

from benchmarks.dependencies import project
from benchmarks.reliability import comfyui, elsewhere, systems


def test_every_extra_for_users_is_installed():
    asked = {extra for extras in systems.CHECKS for extra in extras.split(",") if extra}
    assert set(project()["optional-dependencies"]) - {"dev", "docs", "release", "torch"} == asked


def test_pictures_are_compared_one_by_one(tmp_path):
    for place, level in (("there", 10), ("here", 11)):
        for name, command in systems.COMMANDS.items():
            if name not in systems.COMPARED:
                continue
            path = tmp_path / place / systems.output(command)
            files = [path / "a.jpg"] if path.suffix == "" else [path]
            files[0].parent.mkdir(parents=True, exist_ok=True)
            with files[0].open("wb") as file:
                Image.new("RGB", (8, 8), (level if name == "HEIC" else 10,) * 3).save(file, "PNG")
    (tmp_path / "there" / "torch.png").unlink()
    found = systems.likeness(tmp_path / "there", tmp_path / "here")
    assert found.pop("HEIC") == f"{20 * np.log10(255):.1f} dB"
    assert found.pop("photo by torch") == "0 pictures instead of 1"
    assert set(found.values()) == {"the same pixels"}


def test_lines_name_no_addresses():
    assert systems.last("a\nnot found: https://host/simple/x/ at all\n") == "not found: ... at all"
    assert systems.last("") == ""


def test_a_workflow_makes_batches():
    nodes = comfyui.workflow(2, 1, {"strength": 0.5})
    kinds = [node["class_type"] for node in nodes.values()]
    assert kinds == ["LoadImage", "LoadImage", "ImageBatch", "LoadImage", "ArtNetStylize", "SaveImage"]
    assert nodes["4"]["inputs"] == {"image": ["2", 0], "style": ["3", 0], "strength": 0.5}


def test_what_is_wrong_is_not_counted():
    row = {
        "extras": {"default": {"installed": "yes", "seconds": 1, "photo": "right", "folder": "exit code 1: no"}},
        "as here": {"photo": "the same pixels", "folder": "0 pictures instead of 3"},
    }
    text = elsewhere.systems({"machine": {"python": "3.11.7"}, "rows": {"another": row}})
    assert "| another | default | 1 of 2: photo |" in text
    assert "0 pictures instead of 3" in text
