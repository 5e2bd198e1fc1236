"""Every program in examples/ runs as it is."""

import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def run(name, *arguments):
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_stylize(tmp_path):
    lines = run("stylize", tmp_path / "out").splitlines()
    assert [Path(line).name for line in lines] == ["great-wave.jpg", "starry-night.jpg"]
    for line in lines:
        with Image.open(line) as image:
            assert image.size == (600, 400)


def test_batch_goes_past_a_bad_file(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (48, 32), (90, 120, 200)).save(photos / "a.jpg")
    (photos / "b.jpg").write_bytes(b"no picture")
    Image.new("RGB", (64, 64), (200, 40, 20)).save(tmp_path / "style.png")
    assert run("batch", photos, tmp_path / "style.png", tmp_path / "out").split() == [str(tmp_path / "out" / "a.jpg")]
    assert run("batch", photos, tmp_path / "style.png", tmp_path / "out") == ""


def test_prune_resnet(tmp_path):
    assert run("prune_resnet", tmp_path / "small.safetensors").startswith(("MACs 50%", "MACs 49%"))
    assert (tmp_path / "small.safetensors").stat().st_size > 1_000_000


def test_own_criterion():
    assert "Conv2d(3, 8" in run("own_criterion")


def test_own_engine():
    assert run("own_engine").strip() == "[200 100  50]"


def test_every_example_has_a_test():
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    missing = [path.stem for path in EXAMPLES.glob("*.py") if not any(t.startswith(path.stem) for t in tested)]
    assert not missing
