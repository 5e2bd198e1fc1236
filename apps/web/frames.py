"""Frames of cameras, in and out as JPEG: the way of the live view past Gradio, whose queue costs more than painting.

An ASGI middleware right behind the gate. Pages that do not know the secret of a visit get nothing here; they get one by
a request to Gradio, and so need the login that it asks for.
"""

from io import BytesIO

import anyio
import anyio.to_thread
import numpy as np
from PIL import Image
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from apps.web.requests import RefusedError, whole
from apps.web.uploads import sentence
from apps.web.visits import IN_FLIGHT, SEATS, OverError, Visit, Visits
from artnet.image import Picture, fit_short_side

PREFIX = "/live/"
HEADER = b"x-live"
MAX_BYTES = 1_000_000
"""Of one frame: cameras are asked for 640 x 480, which takes a tenth."""
MAX_FRAME_PIXELS = 4_000_000
SIDE = 480  # pixels of the shorter side; larger frames are scaled down
QUALITY = 85  # of the JPEGs that the browser is sent
USUAL = frozenset([(480, 640), (640, 480), (360, 480), (480, 360)])
"""(height, width) that an engine may prepare itself for; the page sends these where the camera allows."""


class Frames:
    """The middleware; answers /live/frame, /live/turn and /live/leave, and hands on everything else."""

    def __init__(self, app: ASGIApp, visits: Visits):
        self.app, self.visits = app, visits
        self._threads = anyio.CapacityLimiter(SEATS * IN_FLIGHT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            return await self.app(scope, receive, send)
        headers = dict(scope["headers"])
        secret = headers.get(HEADER, b"").decode("latin-1")
        if scope["path"] == PREFIX + "leave":
            self.visits.close(secret)
            return await JSONResponse({})(scope, receive, send)
        try:
            visit, number = self.visits.turn(secret)
        except OverError as error:
            raise RefusedError(410, str(error)) from None
        if number or scope["path"] == PREFIX + "turn":
            return await JSONResponse({"number": number}, 202)(scope, receive, send)
        length = headers.get(b"content-length", b"")
        body = await whole(receive, int(length) if length.isdigit() else None, MAX_BYTES)
        await Response(await self._painted(visit, body), media_type="image/jpeg")(scope, receive, send)

    async def _painted(self, visit: Visit, frame: bytes) -> bytes:
        if not visit.places.acquire(blocking=False):
            raise RefusedError(429, f"up to {IN_FLIGHT} frames at once")
        try:
            return await anyio.to_thread.run_sync(painted, visit, frame, limiter=self._threads)
        except Exception as error:
            raise RefusedError(422, sentence(error)) from None
        finally:
            visit.places.release()


def painted(visit: Visit, frame: bytes) -> bytes:
    """A camera's frame painted as its visit wants it now, as JPEG. ValueError as `decoded`."""
    rgb = decoded(frame)
    if min(rgb.shape[:2]) > SIDE:
        rgb = fit_short_side(Picture(rgb), SIDE).rgb
    return encoded(visit.paint(rgb, rgb.shape[:2] in USUAL))


def decoded(data: bytes) -> np.ndarray:
    """(H, W, 3) uint8 of a camera's frame.

    Raises:
        ValueError: not what a browser's camera gives. Frames are decoded in this process, for speed, and so only those
            that cannot take long.
    """
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            size = f"{image.width} x {image.height}"
            if image.width * image.height <= MAX_FRAME_PIXELS and not image.info.get("progressive"):
                return np.array(image.convert("RGB"))
    except Exception as error:  # decoders fail with nearly any
        raise ValueError("the camera's frame cannot be read") from error
    raise ValueError(f"frames of {size} are not what a camera gives")


def encoded(rgb: np.ndarray) -> bytes:
    """(H, W, 3) uint8 as JPEG."""
    data = BytesIO()
    Image.fromarray(rgb).save(data, "JPEG", quality=QUALITY)
    return data.getvalue()
