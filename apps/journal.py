"""What the results in a folder were made of, so that a later run knows which of them it can leave alone."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from apps.jobs import STDIO, Job

NAME = ".artnet-done.jsonl"


class Journal:
    """A file in the output folder with one line for every result: its path, and a hash of all that went into it.

    Args:
        folder: the output folder; it need not exist yet.
        settings: the options that change results; anything that JSON can hold.
    """

    def __init__(self, folder: Path, settings: object):
        self.path, self.folder, self.settings = folder / NAME, folder, json.dumps(settings, sort_keys=True)
        self.known = self._read()
        self._style_hash = lru_cache(maxsize=4096)(file_hash)  # styles are shared by many results

    def is_current(self, job: Job) -> bool:
        """Whether the result exists, and was not made of other files or with other options.

        Results of which nothing is known (made without a journal) count as current.
        """
        if job.output == STDIO or not job.output.exists():
            return False
        noted = self.known.get(self._place(job))
        return noted is None or noted == self._hash(job)

    def note(self, job: Job) -> None:
        """Remember a result that was just written."""
        line = json.dumps({"output": self._place(job), "made_of": self._hash(job)})
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _hash(self, job: Job) -> str:
        parts = [file_hash(job.content), *(f"{self._style_hash(path)} {weight}" for path, weight in job.style)]
        return hashlib.sha256("\n".join([*parts, self.settings]).encode()).hexdigest()

    def _place(self, job: Job) -> str:
        return job.output.relative_to(self.folder).as_posix()

    def _read(self) -> dict[str, str]:
        """The last line counts; lines cut off by a crash are passed over."""
        known = {}
        for line in self.path.read_text(encoding="utf-8").splitlines() if self.path.is_file() else []:
            try:
                entry = json.loads(line)
                known[entry["output"]] = entry["made_of"]
            except (ValueError, TypeError, KeyError):
                continue
        return known


def file_hash(path: Path) -> str:
    """Of the bytes; of nothing where the file cannot be read, which painting will report."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def hash_of(path: str | None) -> str | None:
    """The hash of an optional file among the settings, or its name where it is none (the name of bundled weights)."""
    return None if path is None else file_hash(Path(path)) or path
