"""artnet serve: the web page and its API."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec

from apps.common.arguments import whole_number
from apps.common.options import options_of
from apps.common.stdio import complain
from apps.common.style_arguments import add_engine
from apps.web.options import ServeOptions

DESCRIPTION = """\
Serve a web page that paints photos, videos and the browser's camera, with an API for programs. Only this machine can
reach it unless --host says otherwise; nothing is sent anywhere else, and what visitors upload is deleted after an hour.
"""

EPILOG = """\
examples:
  for yourself                          artnet serve
  for the house, behind a password      artnet serve --host 0.0.0.0 --auth family:secret
  behind a proxy on this machine        artnet serve --allow-host art.example.org

A proxy hands on the name that it was asked by (Host, or X-Forwarded-Host), and the address of who asked
(X-Forwarded-For, X-Forwarded-Proto): without that all its visitors share the places of one.

from Python (pip install gradio_client):

    from gradio_client import Client, handle_file
    client = Client("http://127.0.0.1:7860")
    print(client.predict(api_name="/styles"))
    result = client.predict(handle_file("photo.jpg"), style_name="wave-print", strength=0.8, api_name="/stylize")
    print(result)  # the path of a PNG of the photo's size

all endpoints with their parameters: http://127.0.0.1:7860/?view=api
needs Gradio, PyAV and OpenCV: pip install 'artnet[web]'
"""
_LOCAL = ("127.0.0.1", "localhost", "::1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to serve on (default: 127.0.0.1, this machine only)")
    add("--port", type=whole_number(1, 65535), default=7860, help="port to serve on (default: 7860)")
    add(
        "--auth", action="append", type=credentials, metavar="NAME:PASSWORD",
        help="let only this visitor in; repeat for several",
    )  # fmt: skip
    add(
        "--allow-host", action="append", default=[], metavar="NAME",
        help="a name that the page is reached by, as that of a proxy in front; repeat for several (this machine's own "
        "names and addresses need none)",
    )  # fmt: skip
    add_engine(parser.add_argument_group("engine"))


def credentials(text: str) -> tuple[str, str]:
    """An argparse type for NAME:PASSWORD."""
    name, _, password = text.partition(":")
    if not name or not password:
        raise argparse.ArgumentTypeError("give a name and a password, as in ann:secret")
    return name, password


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted.

    Raises:
        ValueError: Gradio, PyAV or OpenCV is missing, or the port is taken.
    """
    from apps.common.allocator import share_arenas
    from apps.web.cache import cache_folder

    share_arenas()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the cache goes then too
    with cache_folder() as cache:
        url, close = start(options_of(ServeOptions, vars(args)), cache)
        try:
            print(f"{url} (stop with Ctrl-C)", flush=True)
            if args.host not in _LOCAL and not args.auth:
                print("artnet: everyone who can reach this machine can use the page; see --auth", file=sys.stderr)
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
        finally:
            close()
    return 0


def start(options: ServeOptions, cache: str) -> tuple[str, Callable[[], None]]:
    """Serve in the background; (address, function that stops it). Uploads and results go below the folder `cache`."""
    from apps.common.extras import need

    served = os.path.join(os.path.realpath(cache), "served")
    os.environ |= {
        "GRADIO_TEMP_DIR": served, "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1",
        "GRADIO_ANALYTICS_MAX_EVENTS": "1",  # Gradio's figures, which grow with every call
    }  # fmt: skip
    packages = ("gradio", "av")
    if all(map(find_spec, packages)):
        complain("starting, which takes some seconds ...")
    need("web", *packages)
    from apps.web.serving import serve

    return serve(options, options.network.load(), cache)
