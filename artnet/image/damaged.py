"""Damaged files: whatever a reader fails with on one becomes one line that names it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 200  # characters of a reason, which may hold a part of the file


@contextmanager
def reading(path: str | Path, kind: str) -> Iterator[None]:
    """Read a file of the given kind, as in 'an ArtNet checkpoint', within the block.

    Mutated files make parsers fail with nearly any exception (struct.error, RecursionError, OverflowError,
    AttributeError for a missing number type, MemoryError for an absurd size), so all of them are taken for damage.

    Raises:
        ValueError: the block failed; one that names the file already is passed on.
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
        reason = reason[:LONGEST] or type(error).__name__
        raise ValueError(f"{path} is not {kind}, or is damaged ({reason})") from error
