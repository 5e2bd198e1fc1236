"""The same input, weights, engine and settings give the same bytes, in whichever process."""

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.tiny import noise_picture
from PIL import Image

from artnet.model.checkpoint import save_checkpoint

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_two_processes_write_the_same_bytes(engine, tiny, tmp_path):
    save_checkpoint(tiny, tmp_path / "tiny.safetensors")
    for seed, name in enumerate(("photo.png", "style.png")):
        Image.fromarray(noise_picture(96, 80, seed=seed)).save(tmp_path / name)
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from apps.cli import main; sys.exit(main())"
    options = ["--style", "style.png", "--weights", "tiny.safetensors", "--stroke-size", "64", "--engine", engine]
    for n in range(2):
        command = [sys.executable, "-c", code, str(ROOT), "stylize", "photo.png", *options, "-o", f"{n}.png"]
        subprocess.run(command, cwd=tmp_path, check=True)
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()
