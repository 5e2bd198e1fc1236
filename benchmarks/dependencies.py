"""What the project's extras bring along, from pyproject.toml and the metadata of what is installed here."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = "artnet"


def project() -> dict:
    """The table [project] of pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]


def distributions(*extras: str) -> set[str]:
    """Names of the distributions that the project asks for with these extras, and of those that they ask for."""
    table = project()
    optional = table["optional-dependencies"]
    found: set[tuple[str, str]] = set()
    waiting = [(line, "") for line in (*table["dependencies"], f"{PROJECT}[{','.join(extras)}]")]
    while waiting:
        line, extra = waiting.pop()
        requirement = Requirement(line)
        name = normal(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in ("", *sorted(requirement.extras)):
            if (name, wanted) not in found:
                found.add((name, wanted))
                waiting += [(line, wanted) for line in (optional.get(wanted, []) if name == PROJECT else _needs(name))]
    return {name for name, _ in found}


def normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _needs(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:  # of another system, or of an extra that is not installed here
        return []
