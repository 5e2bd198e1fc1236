"""The source archive and the wheel that is built from it hold all of the packages, and paint."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from helpers.installed import run
from PIL import Image

ROOT = Path(__file__).parents[2]
PACKAGES = ("apps", "artnet", "pruning", "s2transform", "weights")
CACHES = ("__pycache__",)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with a source archive of the project, and the wheel built from that."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns(*CACHES))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return folder / "dist"


def files_of(folder):
    """Names of the packages' files, as archives have them."""
    found = (path for package in PACKAGES for path in (folder / package).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found if not set(path.parts) & set(CACHES)}


def test_nothing_of_the_packages_is_left_out(built):
    (wheel,), (archive,) = built.glob("*.whl"), built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as file:
        inside = set(file.namelist())
    with tarfile.open(archive) as file:
        packed = {name.partition("/")[2] for name in file.getnames()}
    wanted = files_of(built.parent / "source")
    assert wanted - inside == set()
    assert wanted - packed == set()
    others = {name.split("/")[0] for name in inside} - set(PACKAGES)
    assert {name.rpartition(".")[2] for name in others} == {"dist-info"}
    assert wheel.name.endswith("-py3-none-any.whl")


def test_the_wheel_paints_where_only_its_requirements_are(built, tmp_path, monkeypatch):
    monkeypatch.setenv("ARTNET_CACHE", str(tmp_path / "cache"))
    (wheel,) = built.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "installed", "zip")
    program = (
        "from apps import cli, samples\n"
        "print(cli.__file__)\n"
        "raise SystemExit(cli.main(['stylize', str(samples.photo()), '--style', 'great-wave', '-o', 'out.png']))"
    )
    done = run(tmp_path, "-c", program, root=tmp_path / "installed")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "installed"))
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == (600, 400)
