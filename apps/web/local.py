"""/local: the page that paints in the visitor's own browser, offered beside the one that paints here."""

import asyncio
import re
from functools import partial
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.local import HEADERS
from apps.local.folder import write_page
from apps.web.hosts import Hosts
from apps.web.requests import API, with_headers

_OURS = re.compile(r"/local(/.*)?")


class LocalPage:
    """An ASGI middleware, to be put before the gate: what it does not serve goes on to that.

    Args:
        hosts: the names that the page answers to.
        folder: not there yet; the page is written there when it is first asked for.
        weights: a checkpoint's path, or the name of bundled weights.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, folder: Path, weights: str):
        self.app, self.hosts, self.folder, self.weights = app, hosts, folder, weights
        self._building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _OURS.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if not path or not self._is_for_us(scope):
            return await self.app(scope, receive, send)
        answer, asked = await self._answer(scope, path[1]), {**scope, "path": path[1] or "/"}
        try:
            await answer(asked, receive, with_headers(send, HEADERS))
        except HTTPException as error:
            await PlainTextResponse(error.detail, error.status_code)(asked, receive, send)

    def _is_for_us(self, scope: Scope) -> bool:
        named = [value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"x-forwarded-host")]
        return scope["method"] in ("GET", "HEAD") and bool(named) and all(map(self.hosts.serve, named))

    async def _answer(self, scope: Scope, rest: str | None) -> ASGIApp:
        if not await self._is_welcome(scope):
            return RedirectResponse("/") if rest in (None, "/") else PlainTextResponse("log in first", 401)
        if rest is None:
            return RedirectResponse("/local/")
        async with self._building:
            if not self.folder.exists():
                await asyncio.to_thread(partial(write_page, self.folder, self.weights))
        return StaticFiles(directory=self.folder, html=True)

    async def _is_welcome(self, scope: Scope) -> bool:
        """Whether the page behind the gate, which knows who has logged in, takes this visitor."""
        status = 0

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        path = f"{API}/login_check"
        asked = {"path": path, "raw_path": path.encode(), "method": "GET", "query_string": b""}
        await self.app({**scope, **asked}, receive, send)
        return status == 200
