"""Arrays of pixels that lie in files: they may be larger than memory, and the files go when the arrays do."""

import os
import shutil
from tempfile import NamedTemporaryFile

import numpy as np


def scratch_array(shape: tuple[int, ...], folder: str | os.PathLike[str]) -> np.memmap:
    """A uint8 array in a nameless file of a folder.

    Raises:
        OSError: the folder cannot be written, or has too little room.
    """
    needed, free = int(np.prod(shape, dtype=np.int64)), shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(f"{folder} has {free / 1e9:.1f} GB of room, but {needed / 1e9:.1f} GB of pixels must go there")
    with NamedTemporaryFile(dir=folder, prefix=".artnet-", suffix=".tmp") as file:
        file.truncate(needed)
        return np.memmap(file, np.uint8, "r+", shape=shape)


def empty_beside(array: np.ndarray) -> np.ndarray:
    """An array of the same shape and type with any content: in memory, or in a file beside that of a scratch array."""
    if isinstance(array, np.memmap) and array.filename:
        return scratch_array(array.shape, os.path.dirname(array.filename))
    return np.empty_like(array)
