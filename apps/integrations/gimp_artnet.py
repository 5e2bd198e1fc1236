#!/usr/bin/env python3
"""A plug-in for GIMP 2.10: the procedure plug-in-artnet, which lets the command `artnet` paint a layer.

GIMP 2.10 has no Python of its own any more, so this speaks to its library (libgimp) through ctypes; any Python 3 will
do. `gimp_artnet.scm` is the dialog. The command is found in the environment variable ARTNET_COMMAND, on the path, or in
~/.local/bin.
"""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from ctypes import POINTER, c_char_p, c_double, c_int, c_void_p
from ctypes.util import find_library
from pathlib import Path

NAME = b"plug-in-artnet"
INT32, FLOAT, STRING, IMAGE, DRAWABLE, STATUS = 0, 3, 4, 13, 16, 21
"""GIMP's types of arguments (GimpPDBArgType)."""
ERROR, SUCCESS = 0, 3
"""GIMP's answers (GimpPDBStatusType)."""
NONINTERACTIVE, PLUGIN = 1, 1
ARGUMENTS = (
    (INT32, b"run-mode", b"the run mode"),
    (IMAGE, b"image", b"the image"),
    (DRAWABLE, b"drawable", b"the layer to paint"),
    (STRING, b"style", b"file of the style, or the name of one that comes with artnet"),
    (FLOAT, b"strength", b"0 (the layer) to 1 (the full style)"),
    (FLOAT, b"stroke-size", b"short side of the style in pixels: larger gives larger strokes"),
    (INT32, b"keep-colors", b"whether the layer keeps its colours"),
)


class Value(ctypes.Union):
    """GimpParamData, as far as it is used; the largest of its members, a colour, has four doubles."""

    _fields_ = (("integer", c_int), ("real", c_double), ("text", c_char_p), ("room", c_double * 4))


class Argument(ctypes.Structure):
    """GimpParam: an argument, or what a procedure returns."""

    _fields_ = (("type", c_int), ("value", Value))


class Definition(ctypes.Structure):
    """GimpParamDef: what an argument is."""

    _fields_ = (("type", c_int), ("name", c_char_p), ("description", c_char_p))


Query = ctypes.CFUNCTYPE(None)
Run = ctypes.CFUNCTYPE(None, c_char_p, c_int, POINTER(Argument), POINTER(c_int), POINTER(POINTER(Argument)))


class PlugIn(ctypes.Structure):
    """GimpPlugInInfo: the functions that GIMP calls."""

    _fields_ = (("init", c_void_p), ("quit", c_void_p), ("query", Query), ("run", Run))


def library() -> ctypes.CDLL:
    """GIMP's library. Raises OSError where GIMP 2.10 is not installed."""
    return ctypes.CDLL(find_library("gimp-2.0") or "libgimp-2.0.so.0")


@Query
def query() -> None:
    """Tell GIMP what there is."""
    gimp, arguments = library(), (Definition * len(ARGUMENTS))(*(Definition(*words) for words in ARGUMENTS))
    words = (
        b"Paint a layer in the style of a picture",
        b"The result is a new layer above it.",
        b"ArtNet",
        b"MIT",
        b"2026",
    )
    gimp.gimp_install_procedure(NAME, *words, None, b"RGB*, GRAY*", PLUGIN, len(ARGUMENTS), 0, arguments, None)


_answer = (Argument * 1)()


@Run
def run(_name, _count, arguments, answers, answer) -> None:  # type: ignore[no-untyped-def]
    """Paint, and answer; GIMP reads the answer after this returns."""
    gimp = library()
    values = [arguments[n].value for n in range(1, len(ARGUMENTS))]
    image, drawable, style, strength, stroke_size, keep = values
    _answer[0].type, _answer[0].value.integer = STATUS, SUCCESS
    options = ["--style", os.fsdecode(style.text), "--strength", f"{strength.real:g}"]
    options += ["--stroke-size", str(round(stroke_size.real)), *(["--preserve-color"] if keep.integer else [])]
    try:
        paint_layer(gimp, image.integer, drawable.integer, options)
    except (OSError, ValueError) as error:
        gimp.gimp_message(str(error).encode())
        _answer[0].value.integer = ERROR
    answers[0], answer[0] = 1, _answer


def paint_layer(gimp: ctypes.CDLL, image: int, drawable: int, options: list[str]) -> None:
    """Put the painted layer above the one that it was made from, in one step of GIMP's history.

    Raises:
        ValueError: the command refused, and says why; or GIMP could not write or read the pixels.
        OSError: there is no command `artnet`.
    """
    with tempfile.TemporaryDirectory(prefix="artnet-gimp-") as folder:
        source, painted = (os.fsencode(Path(folder, name)) for name in ("layer.png", "painted.png"))
        if not gimp.gimp_file_save(NONINTERACTIVE, image, drawable, source, source):
            raise ValueError("GIMP could not hand the layer on as PNG")
        stylize(os.fsdecode(source), os.fsdecode(painted), options)
        layer = gimp.gimp_file_load_layer(NONINTERACTIVE, image, painted)
    if layer < 0:
        raise ValueError("GIMP could not read what was painted")
    x, y = c_int(), c_int()
    gimp.gimp_drawable_offsets(drawable, ctypes.byref(x), ctypes.byref(y))
    parent = gimp.gimp_item_get_parent(drawable)
    gimp.gimp_image_undo_group_start(image)
    gimp.gimp_item_set_name(layer, b"ArtNet")
    gimp.gimp_image_insert_layer(image, layer, parent, gimp.gimp_image_get_item_position(image, drawable))
    gimp.gimp_layer_set_offsets(layer, x, y)
    gimp.gimp_image_undo_group_end(image)


def stylize(source: str, painted: str, options: list[str]) -> None:
    """Run the command on files."""
    command = os.environ.get("ARTNET_COMMAND") or shutil.which("artnet") or str(Path.home() / ".local/bin/artnet")
    try:
        done = subprocess.run([command, "stylize", source, *options, "-o", painted], capture_output=True, check=False)
    except FileNotFoundError:
        raise OSError(f"there is no command {command}: install artnet, or set ARTNET_COMMAND to its path") from None
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").strip())


def main() -> int:
    """What GIMP starts; it hands over its pipes as arguments."""
    arguments = [os.fsencode(word) for word in sys.argv]
    plug_in = PlugIn(None, None, query, run)
    return library().gimp_main(ctypes.byref(plug_in), len(arguments), (c_char_p * (len(arguments) + 1))(*arguments))


if __name__ == "__main__":
    sys.exit(main())
