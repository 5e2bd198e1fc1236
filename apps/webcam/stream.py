"""The painting as a page for browsers and OBS: Motion JPEG, served to this machine alone.

Every viewer has a thread that takes the newest picture when the last one went out, so a slow one misses pictures and
holds nobody up. A picture becomes a JPEG once for all viewers, in one of their threads; without any it never does.
"""

import os
import select
import socket
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np

from apps.webcam.page import PAGE

ADDRESS = "127.0.0.1"
QUALITY = 88
VIEWERS = 16
"""Streams at once; those that come later are refused."""
GLANCE = 0.5
"""Seconds between looks whether a viewer left, while no pictures come."""
PATIENCE = 10.0
"""Seconds in which a viewer must take something."""
BUFFER = 1 << 17
"""Bytes on their way to a viewer. What waits there is old by the time it is seen, so it is little."""
BOUNDARY = "painting"
_NAMES = ("localhost", ADDRESS)


class Pictures:
    """The newest picture, as a JPEG for those who ask. Safe between threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._encoding = threading.Lock()
        self._rgb: np.ndarray | None = None
        self._number, self._encoded = 0, (0, b"")
        self.closed = False

    def put(self, rgb: np.ndarray) -> None:
        """Show (H, W, 3) uint8 from now on; never waits for a viewer."""
        with self._changed:
            self._rgb = rgb
            self._number += 1
            self._changed.notify_all()

    def close(self) -> None:
        """No pictures will come any more."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def newer(self, than: int, timeout: float) -> tuple[int, bytes] | None:
        """(number, JPEG) of the newest picture if it is newer than that of the number; waits so long for one."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._number > than, timeout)
            if self.closed or self._number <= than:
                return None
        with self._encoding:
            with self._changed:
                number, rgb = self._number, self._rgb
            if self._encoded[0] != number and rgb is not None:
                self._encoded = number, _jpeg(rgb)
            return self._encoded


class Stream:
    """Serves the paintings it is shown; use it as a context manager.

    Args:
        port: 0 for any that is free.
    """

    def __init__(self, port: int):
        self.pictures, self._port = Pictures(), port

    def __enter__(self) -> "Stream":
        """Begin to serve. Raises ValueError where the port cannot be had."""
        try:
            self._server = _Server((ADDRESS, self._port), _Handler)
        except OSError as error:
            reason = error.strerror or error
            raise ValueError(f"port {self._port} cannot be had ({reason}); choose another for --web") from error
        self._server.pictures = self.pictures
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.1], name="stream", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.pictures.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Of the page."""
        return f"http://{ADDRESS}:{self._server.server_port}/"

    def show(self, rgb: np.ndarray) -> None:
        """Send (H, W, 3) uint8 to all viewers; never waits for them."""
        self.pictures.put(rgb)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # where it would let two programs have one port
    pictures: Pictures

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.room = threading.BoundedSemaphore(VIEWERS)
        self.run = f'"{time.time_ns():x}"'

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # viewers leave as they like, also in the middle of a picture
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE

    def do_GET(self) -> None:
        if not self._names_us():
            return self._refuse(HTTPStatus.FORBIDDEN, "this server answers to localhost and 127.0.0.1 only")
        path = self.path.partition("?")[0]
        if path == "/":
            return self._send("text/html; charset=utf-8", PAGE.encode(), ETag=self.server.run)
        if path == "/snapshot.jpg":
            return self._snapshot()
        if path == "/stream.mjpg":
            return self._stream()
        return self._refuse(HTTPStatus.NOT_FOUND, "there are /, /stream.mjpg and /snapshot.jpg")

    do_HEAD = do_GET  # noqa: N815

    def _names_us(self) -> bool:
        """Whether the request is for one of our names: a page elsewhere can point a name of its own to this machine."""
        name, _, port = self.headers.get("Host", "").lower().partition(":")
        return name in _NAMES and port in ("", str(self.server.server_port))

    def _snapshot(self) -> None:
        found = self.server.pictures.newer(0, 0)
        if found is None:
            return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "there is no picture yet")
        return self._send("image/jpeg", found[1])

    def _stream(self) -> None:
        if not self.server.room.acquire(blocking=False):
            return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, f"{VIEWERS} viewers are watching already")
        try:
            self._begin(HTTPStatus.OK, f"multipart/x-mixed-replace; boundary={BOUNDARY}")
            if self.command == "GET":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._send_pictures()
        finally:
            self.server.room.release()

    def _send_pictures(self) -> None:
        """Until the viewer leaves, or there are no more."""
        pictures, number = self.server.pictures, 0
        # The next head goes along with a picture: browsers show it only when they see that another one begins.
        head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n".encode()
        self.wfile.write(head)
        while not pictures.closed:
            found = pictures.newer(number, GLANCE)
            if found is None:
                if _has_left(self.connection):
                    return
                continue
            number, jpeg = found
            self.wfile.write(jpeg + b"\r\n" + head)

    def _send(self, kind: str, body: bytes, **headers: str) -> None:
        self._begin(HTTPStatus.OK, kind, **headers, **{"Content-Length": str(len(body))})
        if self.command == "GET":
            self.wfile.write(body)

    def _begin(self, status: HTTPStatus, kind: str, **headers: str) -> None:
        self.send_response(status)
        headers |= {
            "Content-Type": kind,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",  # pages elsewhere cannot embed the camera
            "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
            "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        body = f"{why}\n".encode()
        self._begin(status, "text/plain; charset=utf-8", **{"Content-Length": str(len(body))})
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is for what goes wrong."""


def _jpeg(rgb: np.ndarray) -> bytes:
    good, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not good:
        raise ValueError(f"a picture of {rgb.shape[1]} x {rgb.shape[0]} cannot be a JPEG")
    return data.tobytes()


def _has_left(connection: socket.socket) -> bool:
    """Whether a viewer, who has nothing more to say, closed the connection."""
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and not connection.recv(1024)
