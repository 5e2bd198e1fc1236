"""What the default installation brings along is no GPL; the page of licences is up to date."""

from pathlib import Path

from packaging.requirements import Requirement

from benchmarks import licences
from benchmarks.dependencies import distributions, normal, project

ROOT = Path(__file__).parents[2]
NOT_FOR_USERS = set(licences.NOT_FOR_USERS)
PERMISSIVE = ("Apache", "BSD", "MIT", "MPL-2.0", "PSF")


INSIDE = {"opencv-python-headless": {"avcodec"}}  # without x264 it is LGPL


def test_the_default_installation_has_no_gpl():
    packages = licences.found(distributions())
    assert len(packages) >= 7
    for name, package in packages.items():
        assert "GPL" not in licences.licence(package).upper(), name
        assert any(word in licences.licence(package) for word in PERMISSIVE), name
        assert set(licences.copyleft_inside(package)) == INSIDE.get(name, set()), name


def test_copyleft_inside_a_wheel_is_seen():
    assert "x264" in licences.copyleft_inside(licences.found(["av"])["av"])


def test_the_page_names_all_that_the_project_asks_for():
    page, table = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8"), project()
    optional = table["optional-dependencies"]
    lines = [*table["dependencies"], *(line for extra in set(optional) - NOT_FOR_USERS for line in optional[extra])]
    asked = {normal(Requirement(line).name) for line in lines} - {"artnet"}
    assert [name for name in sorted(asked) if f"| {name} |" not in page] == []
