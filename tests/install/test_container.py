"""The Dockerfile: linted where hadolint is installed, and it copies what there is."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HADOLINT = Path(sys.executable).with_name("hadolint")
LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


def values(instruction):
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{instruction} ")]


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint is not installed")
def test_hadolint_has_nothing_to_say():
    done = subprocess.run([HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_is_there_and_not_ignored():
    copied = [name for line in values("COPY") if "--from" not in line for name in line.split()[:-1]]
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert kept == set(copied)


def test_every_package_is_in_the_image():
    with (ROOT / "pyproject.toml").open("rb") as file:
        packages = tomllib.load(file)["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name.rstrip("*") for name in packages} <= {name for line in values("COPY") for name in line.split()}


def test_it_runs_without_rights_and_tells_its_health():
    assert [user for user in values("USER") if re.fullmatch(r"[1-9]\d*", user)]
    assert LINES.index("USER 10001") < LINES.index('ENTRYPOINT ["artnet"]')
    assert "7860" in values("HEALTHCHECK")[0]
