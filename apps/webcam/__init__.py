"""artnet webcam: paint the camera's picture live."""

import argparse
import json
import os
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from apps import samples
from apps.arguments import whole_number
from apps.look import add_engine, add_settings, engine_of, settings_of

if TYPE_CHECKING:
    from apps.webcam.live import Controls, Painter
    from apps.webcam.virtual import VirtualCamera
    from apps.webcam.window import Window

DESCRIPTION = """\
Paint the camera's picture live, in a window, or as a camera that other programs can choose. Keys change the style, the
strength and more while it runs; h shows them.
"""

EPILOG = """\
examples:
  the bundled styles, arrow keys switch    artnet webcam
  your own                                 artnet webcam --style painting.jpg --style print.png
  in a video call                          artnet webcam --style painting.jpg --virtual-camera
  without a camera                         artnet webcam --camera clip.mp4
  how fast is it here                      artnet webcam --camera clip.mp4 --headless --frames 200 --report

needs OpenCV, pygame and PyAV: pip install 'artnet[webcam]', for --virtual-camera also 'artnet[virtualcam]'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    add = parser.add_argument
    add(
        "--style", action="append", type=Path, metavar="STYLE",
        help="picture that gives a style; repeat for several to switch between (default: the bundled ones)",
    )  # fmt: skip
    add(
        "--camera", default="0", metavar="CAMERA",
        help="number, device, or a video file, which is shown over and over (default: 0)",
    )  # fmt: skip
    add(
        "--size", type=whole_number(64, 2160), default=480, metavar="PX",
        help="short side of the pictures: larger ones are scaled down (default: 480)",
    )  # fmt: skip
    add(
        "--virtual-camera", nargs="?", const="", metavar="NAME",
        help="offer the painting as a camera to other programs; NAME chooses one of several drivers' cameras",
    )  # fmt: skip
    look = parser.add_argument_group("look")
    add_settings(look, grain=0)
    test = parser.add_argument_group("without a window")
    test.add_argument("--headless", action="store_true", help="open no window")
    test.add_argument("--frames", type=whole_number(1, 10**9), metavar="N", help="stop after N frames")
    test.add_argument("--report", action="store_true", help="print frames per second and latencies as JSON at the end")
    add_engine(parser.add_argument_group("engine"))


def run(args: argparse.Namespace) -> int:
    """Paint live until the window is closed.

    Raises:
        ValueError: no camera, a bad style, or a package is missing.
    """
    from apps.extras import need

    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # its warnings say less than our own lines
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    need("webcam", "cv2", "av", *([] if args.headless else ["pygame"]))
    if args.virtual_camera is not None:
        need("virtualcam", "pyvirtualcam")
    from apps.webcam.camera import Camera
    from apps.webcam.session import Session

    with ExitStack() as stack:
        virtual = stack.enter_context(_virtual(args)) if args.virtual_camera is not None else None
        camera = stack.enter_context(Camera(args.camera, args.size, _tell))
        window = None if args.headless else stack.enter_context(_window())
        painter, controls, names, choice = _painter(args)
        session = Session(controls, names, window, virtual)
        with suppress(KeyboardInterrupt):  # the usual way to end it without a window
            session.run(camera, painter, args.frames)
        if args.report:
            print(json.dumps(session.meter.report() | {"captured": camera.captured, "engine": choice}, indent=2))
    return 0


def _painter(args: argparse.Namespace) -> tuple["Painter", "Controls", list[str], str]:
    """(painter, its controls, the styles' names, what the network runs on)."""
    from apps import stylize
    from apps.webcam.live import Controls, Painter

    styles = args.style or list(samples.styles().values())
    stylizer = stylize.load_stylizer(args.weights, engine_of(args), args.device)
    controls = Controls(0, settings_of(args))
    painter = Painter(stylizer, styles, controls)
    return painter, controls, [path.stem for path in styles], stylizer.engine_choice


def _window() -> "Window":
    from apps.webcam.window import Window

    return Window()


def _virtual(args: argparse.Namespace) -> "VirtualCamera":
    from apps.webcam.virtual import VirtualCamera

    return VirtualCamera(args.virtual_camera)


def _tell(line: str) -> None:
    print(f"artnet: {line}", file=sys.stderr)
