"""Processes that see only what an installation with given extras would have, whatever else lies in site-packages."""

import os
import re
import subprocess
import sys
import tomllib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = "artnet"
HIDE = """\
import sys
from importlib.machinery import PathFinder


class Installed(PathFinder):
    hidden = frozenset({hidden})

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in cls.hidden else super().find_spec(name, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = Installed
"""
"""A sitecustomize.py: Python runs it when it starts, also in the processes that a process starts."""


def distributions(*extras):
    """Names of all distributions that the project asks for with these extras, and of those that they ask for."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    optional = project["optional-dependencies"]
    found, waiting = set(), [(line, "") for line in (*project["dependencies"], f"{PROJECT}[{','.join(extras)}]")]
    while waiting:
        line, extra = waiting.pop()
        requirement = Requirement(line)
        name = normal(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in ("", *sorted(requirement.extras)):
            if (name, wanted) not in found:
                found.add((name, wanted))
                waiting += [(line, wanted) for line in (optional.get(wanted, []) if name == PROJECT else needs(name))]
    return {name for name, _ in found}


def needs(name):
    try:
        return requires(name) or []
    except PackageNotFoundError:  # of another system, or of an extra that is not installed here
        return []


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@lru_cache
def owners():
    """(top-level module, names of the distributions that have it) of all that is installed."""
    return [(module, {normal(name) for name in found}) for module, found in packages_distributions().items()]


def run(folder, *command, extras=(), cwd=None, **options):
    """Run Python with these arguments where only the project's default installation, and the extras, can be imported.

    Args:
        folder: for the file that hides the rest.
    """
    installed = {*distributions(*extras), "setuptools"}
    hidden = sorted(module for module, names in owners() if not names & installed)
    (folder / "sitecustomize.py").write_text(HIDE.format(hidden=hidden))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    command = [sys.executable, *map(str, command)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, cwd=cwd or folder, **options)
