"""Damaged files: whatever a reader fails with on one becomes one line that names it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def reading(path: str | Path, kind: str) -> Iterator[None]:
    """Read a file of the given kind, as in 'a pruning plan', within the block.

    Raises:
        ValueError: the block failed, in whatever way; one that names the file already is passed on.
        OSError: the file cannot be read.
    """
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        if isinstance(error, ValueError) and str(path) in reason:
            raise
        raise ValueError(f"{path} is no {kind}: {reason[:200] or type(error).__name__}") from error
