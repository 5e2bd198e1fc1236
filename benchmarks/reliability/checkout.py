"""The project as it was committed, which nothing that lies about in the checkout gets into."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def last_commit(folder: Path) -> Path:
    """The files of the last commit in a new folder."""
    folder.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return folder
