"""The plug-in in GIMP 2.10 itself, in batch mode, where that is installed (Debian: gimp)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.tiny import noise_picture
from PIL import Image

ROOT = Path(__file__).parents[3]
FILES = ROOT / "apps" / "integrations"
PAINT = """
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{photo}" "{photo}")))
       (layer (car (gimp-image-get-active-drawable image))))
  (gimp-layer-resize layer 48 32 -8 -4)
  (script-fu-artnet image layer "{style}" 0.75 64 FALSE)
  (gimp-message (string-append "layers: " (number->string (car (gimp-image-get-layers image)))))
  (let* ((painted (aref (cadr (gimp-image-get-layers image)) 0)))
    (gimp-message (string-append "at: " (number->string (car (gimp-drawable-offsets painted)))
                                 " " (number->string (cadr (gimp-drawable-offsets painted)))))
    (gimp-file-save RUN-NONINTERACTIVE image layer "{folder}/layer.png" "layer.png")
    (gimp-file-save RUN-NONINTERACTIVE image painted "{folder}/painted.png" "painted.png")))
"""
REFUSE = """
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{photo}" "{photo}"))))
  (script-fu-artnet image (car (gimp-image-get-active-drawable image)) "no-such-style" 1 64 FALSE))
"""


def has_gimp():
    try:
        done = subprocess.run(["gimp", "--version"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return False
    return "version 2.10" in done.stdout


@pytest.mark.skipif(not has_gimp(), reason="GIMP 2.10 is not installed")
def test_a_layer_is_painted_as_the_command_paints_it(tmp_path):
    profile, photo, style = tmp_path / "profile", tmp_path / "photo.png", tmp_path / "style.png"
    (profile / "plug-ins" / "gimp_artnet").mkdir(parents=True)
    (profile / "scripts").mkdir()
    shutil.copy(FILES / "gimp_artnet.py", profile / "plug-ins" / "gimp_artnet")
    shutil.copy(FILES / "gimp_artnet.scm", profile / "scripts")
    Image.fromarray(noise_picture(40, 64)).save(photo)
    Image.fromarray(noise_picture(48, 48, 1)).save(style)
    command = tmp_path / "artnet"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m apps.cli "$@"\n')
    command.chmod(0o755)
    environment = os.environ | {
        "GIMP2_DIRECTORY": str(profile), "ARTNET_COMMAND": str(command), "ARTNET_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    batch = [
        word
        for text in (PAINT, REFUSE)
        for word in ("-b", text.format(photo=photo, style=style, folder=tmp_path).replace("\n", " "))
    ]
    gimp = ["gimp", "-i", "--no-data", "--no-fonts", "--batch-interpreter=plug-in-script-fu-eval", *batch]
    done = subprocess.run([*gimp, "-b", "(gimp-quit 0)"], env=environment, capture_output=True, text=True, timeout=300)
    said = done.stdout + done.stderr
    assert "layers: 2" in said, said
    assert "at: 8 4" in said, said
    assert "no-such-style" in said
    assert "fatal error" not in said
    subprocess.run(
        [command, "stylize", tmp_path / "layer.png", "-o", tmp_path / "wanted.png",
         "--style", style, "--strength", "0.75", "--stroke-size", "64"],
        env=environment, check=True, capture_output=True,
    )  # fmt: skip
    painted, wanted = (np.asarray(Image.open(tmp_path / name).convert("RGB")) for name in ("painted.png", "wanted.png"))
    assert painted.shape == (32, 48, 3)
    assert np.array_equal(painted, wanted)
