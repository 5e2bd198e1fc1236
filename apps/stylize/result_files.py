"""Writing a result, and knowing its bytes."""

import sys
from io import BytesIO
from pathlib import Path

import numpy as np

from apps.common.errors import describe
from apps.common.stdio import naming_stdout
from apps.stylize.job_list import STDIO
from apps.stylize.manifest import Fingerprint
from artnet.image import Picture, format_of, write_picture
from artnet.image.files import atomic_write
from artnet.image.large import write_large
from artnet.image.memmap import on_disk


def write_result(target: Path, rgb: np.ndarray, like: Picture, *, strip_metadata: bool) -> Fingerprint:
    """Write a painted picture to a file, whose folder is made where it lacks, or as PNG to standard output (STDIO).

    Args:
        rgb: (H, W, 3) uint8; a scratch array is written in strips.
        like: the picture that it was made from.

    Raises:
        OSError: it cannot be written; names the target.
        BrokenPipeError: nobody reads standard output.
    """
    if target != STDIO:
        target.parent.mkdir(parents=True, exist_ok=True)
    if target != STDIO and on_disk(rgb):
        return _write_in_strips(target, rgb, like, strip_metadata)
    encoded = BytesIO()
    kind = "PNG" if target == STDIO else format_of(target)
    write_picture(encoded, rgb, like=like, strip_metadata=strip_metadata, format=kind)
    data = encoded.getbuffer()
    if target == STDIO:
        with naming_stdout():
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    else:
        with atomic_write(target) as file:
            file.write(data)
    return Fingerprint.of(data)


def _write_in_strips(target: Path, rgb: np.ndarray, like: Picture, strip_metadata: bool) -> Fingerprint:
    """Its bytes are counted before it has its own name, under which another run could replace it."""
    with atomic_write(target) as file:
        try:
            write_large(file, rgb, like=like, strip_metadata=strip_metadata, format=format_of(target))
        except OSError as error:
            raise OSError(describe(error).replace(file.name, str(target))) from error
        return Fingerprint.of_file(Path(file.name))
