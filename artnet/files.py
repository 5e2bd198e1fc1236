"""Files that are either written whole or not at all."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_write(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file to write into, which takes the place of `path` only when the block ends well.

    The bytes go to a temporary file in the same folder, so that the final rename never crosses a file system. When
    the block raises, the temporary file is removed and whatever was at `path` stays. A symbolic link is written
    through.

    Raises:
        FileNotFoundError: the folder of `path` does not exist.
        OSError: the folder cannot be written.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent} to write {target.name} into; create it first")
    # Opened by name instead of through tempfile, whose files are private (mode 0600) and would stay so after renaming.
    temporary = target.with_name(f".artnet-{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
