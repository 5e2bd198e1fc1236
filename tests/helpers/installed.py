"""Processes that see only what an installation with given extras would have, whatever else lies in site-packages."""

import os
import subprocess
import sys
from functools import lru_cache
from importlib.metadata import packages_distributions
from pathlib import Path

from benchmarks.dependencies import distributions, normal

ROOT = Path(__file__).parents[2]
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


@lru_cache
def owners():
    """(top-level module, names of the distributions that have it) of all that is installed."""
    return [(module, {normal(name) for name in found}) for module, found in packages_distributions().items()]


def run(folder, *command, extras=(), root=ROOT, **options):
    """Run Python with these arguments where only the project's default installation, and the extras, can be imported.

    Args:
        folder: where it runs, and for the file that hides the rest.
        root: folder that the project's own packages are imported from.
    """
    installed = {*distributions(*extras), "setuptools"}
    hidden = sorted(module for module, names in owners() if not names & installed)
    (folder / "sitecustomize.py").write_text(HIDE.format(hidden=hidden))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(root)])}
    command = [sys.executable, *map(str, command)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder, **options)
