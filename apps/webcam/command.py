"""artnet webcam: paint the camera's picture live."""

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apps import samples
from apps.common.arguments import named_style, whole_number
from apps.common.network import NetworkOptions
from apps.common.options import options_of
from apps.common.stdio import complain, say
from apps.common.style_arguments import add_engine, add_settings
from artnet.settings import StyleSettings

if TYPE_CHECKING:
    from apps.webcam.live import Controls, Painter
    from apps.webcam.session import Screen, Session
    from apps.webcam.window import Window

DESCRIPTION = """\
Paint the camera's picture live: in a window, on a page that OBS and browsers show, or as a camera that other programs
can choose. Keys change the style, the strength and more while it runs; h shows them, f fills the screen, q ends it.
The window is a mirror (m turns that off); snapshots, recordings, the page and the virtual camera are not, so that
writing can be read.
"""

EPILOG = """\
examples:
  the bundled styles, arrow keys switch    artnet webcam
  one of them, and one of your own         artnet webcam --style great-wave --style painting.jpg
  sharper                                  artnet webcam --size 720
  in OBS                                   artnet webcam --web 8080     (browser source http://127.0.0.1:8080/)
  in a video call                          artnet webcam --style painting.jpg --virtual-camera
  without a camera                         artnet webcam --camera clip.mp4
  how fast is it here                      artnet webcam --camera clip.mp4 --headless --frames 200 --report

needs OpenCV, pygame and PyAV: pip install 'artnet[webcam]', for --virtual-camera also 'artnet[virtualcam]'
"""
PORT = 8080


@dataclass(frozen=True)
class WebcamOptions:
    """What to paint, how, and who sees it.

    Attributes:
        style: pictures to switch between; None for the bundled ones.
        camera: number, device or video file.
        size: short side of the pictures in pixels.
        web: port of the page, if there is to be one.
        virtual_camera: name of one, '' for any; None for none.
        frames: after which it stops.
    """

    style: list[Path] | None
    camera: str
    size: int
    web: int | None
    virtual_camera: str | None
    headless: bool
    frames: int | None
    report: bool
    settings: StyleSettings
    network: NetworkOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    add = parser.add_argument
    add(
        "--style", action="append", type=named_style, metavar="STYLE",
        help="picture that gives a style, or the name of a bundled one (see `artnet styles`); repeat for several "
        "to switch between (default: the bundled ones)",
    )  # fmt: skip
    add(
        "--camera", default="0", metavar="CAMERA",
        help="number, device, or a video file, which is shown over and over (default: 0)",
    )  # fmt: skip
    add(
        "--size", type=whole_number(64, 2160), default=480, metavar="PX",
        help="short side of the pictures: larger ones are scaled down (default: 480; try 720 and 1080)",
    )  # fmt: skip
    _add_screens(parser)
    add_settings(parser.add_argument_group("look"))
    test = parser.add_argument_group("without a window")
    test.add_argument("--headless", action="store_true", help="open no window; Ctrl-C ends it")
    test.add_argument("--frames", type=whole_number(1, 10**9), metavar="N", help="stop after N frames")
    test.add_argument("--report", action="store_true", help="print frames per second and latencies as JSON at the end")
    add_engine(parser.add_argument_group("engine"))


def _add_screens(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--web", nargs="?", const=PORT, type=whole_number(1, 65535), metavar="PORT",
        help=f"serve the painting on a page for this machine's browsers and OBS (default port: {PORT})",
    )  # fmt: skip
    add(
        "--virtual-camera", nargs="?", const="", metavar="NAME",
        help="offer the painting as a camera to other programs; NAME chooses one of several drivers' cameras",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Paint live until the window is closed.

    Raises:
        ValueError: no camera, a bad style, or a package is missing.
    """
    from apps.common.allocator import share_arenas
    from apps.common.extras import need

    share_arenas()
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")  # its warnings say less than our own lines
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")  # slow to open on Windows
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    options = options_of(WebcamOptions, vars(args))
    if options.headless and (options.web, options.virtual_camera, options.frames) == (None, None, None):
        raise ValueError("nobody would see the painting: with --headless give --web, --virtual-camera or --frames")
    with ExitStack() as stack:
        window = None
        if not options.headless:
            need("webcam", "pygame")
            window = stack.enter_context(_window())
        need("webcam", "av")
        _paint(options, window, stack)
    return 0


def _paint(options: WebcamOptions, window: "Window | None", stack: ExitStack) -> None:
    from apps.webcam.camera import Camera
    from apps.webcam.live import Controls
    from apps.webcam.session import Session

    styles = options.style or list(samples.styles().values())
    controls = Controls(settings=options.settings)
    screens = _screens(options, stack)
    camera = stack.enter_context(Camera(options.camera, options.size, complain))
    mirrored = not Path(options.camera).is_file()  # who shows a film does not look at himself
    session = Session(controls, [_title(path) for path in styles], window, screens=screens, mirrored=mirrored)
    with suppress(KeyboardInterrupt):  # the usual way to end it without a window
        session.run(camera, lambda: _painter(options, styles, controls), options.frames)
    if options.report:
        say(json.dumps(_report(session, camera.captured), indent=2))
    else:
        for path in session.written:
            say(str(path))


def _painter(options: WebcamOptions, styles: list[Path], controls: "Controls") -> "Painter":
    from apps.webcam.live import Painter
    from artnet.image import flatten, read_picture

    # The user's own are read before anything is painted, as they may be bad.
    sources = [flatten(read_picture(path)) if options.style else path for path in styles]
    return Painter(options.network.load(options.settings.transfer), sources, controls)


def _screens(options: WebcamOptions, stack: ExitStack) -> list["Screen"]:
    """What shows the painting beside the window."""
    from apps.common.extras import need

    screens: list[Screen] = []
    if options.virtual_camera is not None:
        need("virtualcam", "pyvirtualcam")
        from apps.webcam.virtual import VirtualCamera

        screens.append(stack.enter_context(VirtualCamera(options.virtual_camera)))
    if options.web is not None:
        from apps.webcam.stream import Stream

        stream = stack.enter_context(Stream(options.web))
        screens.append(stream)
        complain(f"the painting is on {stream.url} for browsers and OBS on this machine")
    return screens


def _report(session: "Session", captured: int) -> dict:
    engine = session.painter.stylizer.engine_choice if session.painter else None
    return session.meter.report() | {"captured": captured, "engine": engine}


@contextmanager
def _window() -> "Iterator[Window]":
    """A window that says something at once: everything else takes longer to come."""
    from apps.webcam.window import STARTING, Window

    with Window() as window:
        window.show(None, STARTING)
        window.actions()  # or some systems show nothing yet
        yield window


def _title(path: Path) -> str:
    """Of a style: that of the work where it is a bundled one."""
    return samples.title(path.stem) if path in samples.styles().values() else path.stem
