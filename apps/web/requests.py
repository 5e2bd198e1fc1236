"""Requests read whole and handed on, and refusals in words."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/gradio_api"
JOB = re.compile(rf"{API}/(?:queue/join|(?:call|run)/(?:v2/)?([^/]+)/?)")
"""Requests for a job, with the endpoint's name where they have it."""
UNFRAMED = {"X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": "frame-ancestors 'self'"}
_PATIENCE = 30  # seconds for a body that is not a file


class RefusedError(Exception):
    """A request that is answered with an HTTP status and one line."""

    def __init__(self, status: int, message: str):
        self.status, self.message = status, message


def answer(status: int, message: str, path: str) -> JSONResponse:
    """A refusal in words, where each client looks for them."""
    if JOB.fullmatch(path) and status in (413, 422):
        detail = [{"__type__": "validate", "is_valid": False, "parameter_name": "request", "message": message}]
        return JSONResponse({"detail": detail, "error": message}, 422)
    return JSONResponse({"detail": message, "error": message}, status)


@contextmanager
def refusing(status: int) -> Iterator[None]:
    """Refuse the request with the status where the block raises a ValueError."""
    try:
        yield
    except ValueError as error:
        raise RefusedError(status, str(error)) from None


async def whole(receive: Receive, length: int | None, most: int) -> bytes:
    """The body of a request, of so many bytes at most."""
    body, more = bytearray(), True
    if (length or 0) > most:
        raise RefusedError(413, f"this request is larger than {most // 1000} kB")
    while more:
        try:
            message = await asyncio.wait_for(receive(), _PATIENCE)
        except TimeoutError:
            raise RefusedError(408, "the request did not come in time") from None
        if message["type"] == "http.disconnect":
            raise RefusedError(400, "the request was broken off")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            raise RefusedError(413, f"this request is larger than {most // 1000} kB")
    return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body that was read already, then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def with_headers(send: Send, headers: Mapping[str, str]) -> Send:
    """A send that adds headers to an answer which has not got them yet."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            found = MutableHeaders(scope=message)
            for name, value in headers.items():
                found.setdefault(name, value)
        await send(message)

    return sent


class Unframed:
    """An ASGI middleware, the outermost: no page of another host shows this one within its own.

    There, visitors could be led to click on what they do not see.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, with_headers(send, UNFRAMED) if scope["type"] == "http" else send)
