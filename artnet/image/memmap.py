"""Arrays of pixels that lie in files: they may be larger than memory, and the files go when the arrays do."""

import os
import shutil
from tempfile import TemporaryFile

import numpy as np

from artnet.image.files import reserve


def scratch_array(shape: tuple[int, ...], folder: str | os.PathLike[str]) -> np.memmap:
    """A uint8 array in a nameless file of a folder, whose room is taken at once.

    Raises:
        OSError: the folder cannot be written, or has too little room.
    """
    needed, free = int(np.prod(shape, dtype=np.int64)), shutil.disk_usage(folder).free
    if needed > free:
        raise _no_room(folder, free, needed)
    with TemporaryFile(dir=folder, prefix=".artnet-", suffix=".tmp") as file:
        try:
            reserve(file.fileno(), needed)
        except OSError as error:  # others may have taken it, or a quota is not counted as room
            raise _no_room(folder, shutil.disk_usage(folder).free, needed) from error
        array = np.memmap(file, np.uint8, "r+", shape=shape)
    array.filename = os.path.join(os.path.abspath(folder), "scratch")  # of the folder only: the file has no name
    return array


def _no_room(folder: str | os.PathLike[str], free: int, needed: int) -> OSError:
    return OSError(f"{folder} has {free / 1e9:.1f} GB of room, but {needed / 1e9:.1f} GB of pixels must go there")


def on_disk(array: np.ndarray) -> bool:
    """Whether it is a scratch array, and so perhaps larger than memory."""
    return isinstance(array, np.memmap)


def empty_beside(array: np.ndarray) -> np.ndarray:
    """A C-contiguous array of that shape and type, with any content: in memory, or beside a scratch array's file."""
    if isinstance(array, np.memmap) and array.filename:
        return scratch_array(array.shape, os.path.dirname(array.filename))
    return np.empty(array.shape, array.dtype)
