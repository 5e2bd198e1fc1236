"""What stands before Gradio: who may ask, for what, and how much; and who still waits for an answer.

An ASGI middleware. Gradio serves many routes that this page does not need (it fetches addresses, cuts videos with
ffmpeg, keeps whole pages as links); here everything is closed that is not on the list.
"""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.web import bodies
from apps.web.clients import Clients
from apps.web.hosts import Hosts
from apps.web.logins import LONGEST, Logins
from apps.web.multipart import UploadCheck, UploadError
from apps.web.quota import Quota
from apps.web.requests import API, JOB, RefusedError, answer, refusing, replay, whole

_READ = re.compile(
    rf"/|/config/?|/logout|/favicon\.ico|/robots\.txt|/manifest\.json|/theme\.css|/(assets|static|svelte)/.+"
    rf"|{API}/(info/?|openapi\.json|startup-events|theme\.css|user/?|login_check/?|token/?|app_id/?|upload_progress"
    rf"|queue/(data|status)|heartbeat/[^/]+|file=.+|call/(v2/)?[^/]+/[^/]+)|/app_id/?|/token/?|/user/?|/login_check/?"
)
_WRITE = re.compile(rf"/login/?|{API}/(upload|cancel|reset/?|queue/join|run/[^/]+/?|call/(v2/)?[^/]+/?)")
_LIVE = re.compile(r"/live/(frame|turn|leave)")  # `apps.web.frames` reads them itself
_STREAM = re.compile(rf"{API}/(?:queue/data|call/(?:v2/)?[^/]+/([^/]+))")
_KEPT = 60  # seconds for which a result waits for a client that has not listened yet
_SMALL = 65_536  # bytes of bodies that hold no job


@dataclass
class Rules:
    """What the gate goes by.

    Attributes:
        folder: where uploads and results are, without links in its own path.
        inputs: gives the input components of a job by its request's JSON and the endpoint's name, None where there is
            no such job.
        forget: called with the key of a client that will not come back.
        max_upload: bytes of one upload.
    """

    hosts: Hosts
    clients: Clients
    logins: Logins
    quota: Quota
    folder: Path
    inputs: Callable[[dict, str | None], list | None]
    forget: Callable[[str], None]
    max_upload: int


class Gate:
    """The middleware; `rules` may be set after it is made, as long as it is before the first request."""

    def __init__(self, app: ASGIApp, rules: Rules):
        self.app, self.rules = app, rules
        self._tasks: set[asyncio.Task] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send) if scope["type"] == "lifespan" else None
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._pass(scope, receive, sent)
        except RefusedError as error:
            await answer(error.status, error.message, scope["path"])(scope, receive, send)
        except ClientDisconnect:
            return  # in the middle of what it sent: nobody is there to be answered
        except Exception as error:
            if not isinstance(error.__cause__, HTTPException):  # Gradio's refusal, too late: its stream has begun
                logging.getLogger(__name__).warning("a request failed", exc_info=error)
            if begun:
                return await send({"type": "http.response.body", "body": b"", "more_body": False})
            await answer(500, "this request cannot be understood; see the API's description", "")(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        named = [headers.get("host", ""), *headers.get("x-forwarded-host", headers.get("host", "")).split(",")]
        if not all(map(self.rules.hosts.serve, named)):
            raise RefusedError(421, "this server does not serve that host; see artnet serve --help, --allow-host")
        if scope["method"] == "POST" and self.rules.hosts.is_foreign(headers):
            raise RefusedError(403, "pages of other hosts may not send anything here; see artnet serve --allow-host")
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"x-gradio-server"]
        path, method = scope["path"], scope["method"]
        if method in ("GET", "HEAD") and _READ.fullmatch(path):
            await self._read(scope, receive, send)
        elif method == "POST" and _WRITE.fullmatch(path):
            await self._write(scope, headers, receive, send)
        elif method == "OPTIONS" or (method == "POST" and _LIVE.fullmatch(path)):
            await self.app(scope, receive, send)
        else:
            raise RefusedError(404, "there is nothing here")

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path.startswith(f"{API}/file=") and not bodies.is_upload(path.partition("=")[2], self.rules.folder):
            raise RefusedError(404, "there is no such file here, or it is deleted by now")
        stream = _STREAM.fullmatch(path)
        if not stream:
            return await self.app(scope, receive, send)
        if stream[1] and not self.rules.clients.knows(stream[1]):
            raise RefusedError(404, "there is no such job, or its result has been fetched")
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        key = stream[1] or query.get("session_hash", [""])[0]
        session = self.rules.clients.opened(key)
        try:
            await self.app(scope, receive, send)
        finally:
            self.rules.clients.closed(session)
            if session == stream[1]:
                self._later(self._left(session, 0))

    async def _write(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        path, client = scope["path"], _address(scope)
        length = int(headers["content-length"]) if headers.get("content-length", "").isdecimal() else None
        if path == f"{API}/upload":
            return await self._upload(scope, headers, length, receive, send)
        job = JOB.fullmatch(path)
        most = bodies.MAX_BYTES if job else _SMALL
        body = await whole(receive, length, most)
        again = replay(body, receive)
        if path.startswith("/login"):
            return await self._login(scope, client, again, send)
        if job:
            return await self._job(scope, body, job[1], again, send)
        elif path == f"{API}/cancel":
            with refusing(422):
                self.rules.clients.cancelled(str(bodies.parsed(body).get("event_id")))
        await self.app(scope, again, send)

    async def _job(self, scope: Scope, body: bytes, name: str | None, again: Receive, send: Send) -> None:
        with refusing(422):
            content = bodies.parsed(body)
            session = content.get("session_hash")
            if session is not None and not (isinstance(session, str) and 0 < len(session) <= 64):
                raise bodies.BodyError("session_hash must be a word of up to 64 letters")
            wanted = self.rules.inputs(content, name)
            if wanted is None:
                raise bodies.BodyError("there is no such endpoint; see the API's description")
            named = "/v2/" in scope["path"]
            bodies.check_files(content if named else content.get("data"), self.rules.folder)
            if named:
                bodies.check_named(wanted, content)
            else:
                bodies.check_values(wanted, content.get("data"))
        if "/run/" in scope["path"]:
            return await self.app(scope, again, as_refusal(send))
        told = bytearray()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.body":
                told.extend(message.get("body", b"")[:1000])
                if not message.get("more_body"):
                    self._asked(bytes(told), session)
            await send(message)

        await self.app(scope, again, noted)

    def _asked(self, told: bytes, session: str | None) -> None:
        try:
            event = json.loads(told)["event_id"]
        except (ValueError, KeyError, TypeError):
            return  # refused: there is no job
        self.rules.clients.asked(event, session)
        if session is None:
            self._later(self._left(event, _KEPT))

    async def _left(self, event: str, forget_after: float) -> None:
        """A while after a client without a session has asked or left: forget it, where it does not listen."""
        await asyncio.sleep(self.rules.clients.grace + 0.2)
        if self.rules.clients.gone(event) or not self.rules.clients.knows(event):
            await asyncio.sleep(forget_after)
            self.rules.forget(event)
            self.rules.clients.forget(event)

    async def _login(self, scope: Scope, client: str, again: Receive, send: Send) -> None:
        wait = self.rules.logins.begin(client)
        if wait > LONGEST:
            raise RefusedError(429, f"too many failed logins: wait {wait:.0f} seconds")
        await asyncio.sleep(wait)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                self.rules.logins.succeeded(client)
            await send(message)

        await self.app(scope, again, noted)

    async def _upload(
        self, scope: Scope, headers: dict[str, str], length: int | None, receive: Receive, send: Send
    ) -> None:
        most = self.rules.max_upload + 100_000
        if length is None or length > most:
            reason = f"uploads take up to {most // 1_000_000} MB" if length else "say how long the upload is"
            raise RefusedError(413 if length else 411, reason)
        entry, got = self._begin(_address(scope), length), 0
        ended: list[Exception] = []
        with refusing(400):
            check = UploadCheck(headers.get("content-type", ""))

        async def watched() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            try:
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                check.feed(message.get("body", b""))
            except (ClientDisconnect, UploadError) as error:
                ended.append(error)
                raise MultiPartException("") from error  # at which alone Gradio deletes what has come so far
            return message

        async def answered(message: Message) -> None:
            if not ended:
                await send(message)

        try:
            await self.app(scope, watched, answered)
        finally:
            self.rules.quota.settle(entry, got)
        with refusing(400):
            for error in ended:
                raise error

    def _begin(self, client: str, size: int) -> list:
        with refusing(413):
            return self.rules.quota.begin(client, size)

    def _later(self, task: Any) -> None:
        started = asyncio.create_task(task)
        self._tasks.add(started)
        started.add_done_callback(self._tasks.discard)


def _address(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def as_refusal(send: Send) -> Send:
    """A send that says of an input which was refused in words that it was (422), not that the server failed (500)."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 500:
            message = {**message, "status": 422}
        await send(message)

    return sent
