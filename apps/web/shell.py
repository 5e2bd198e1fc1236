"""The page's shell: its own files, and its own head in place of Gradio's.

An ASGI middleware behind the gate. Gradio describes every page as its own to those who share a link, and lets scripts
put the look into it only after they have run.
"""

import html
import re
from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps import samples
from apps.web.assets import FOLDER, URL, tile
from apps.web.requests import RefusedError

TITLE = "ArtNet: your photo as a painting"
DESCRIPTION = "Drop a photo and see it painted in any style, at once. It stays on the machine that serves this page."
STYLES = ("page", "panel", "photo", "live", "video")
MODULES = ("net", "share", "panel", "photo", "drops", "film", "view", "brush", "mask", "past", "tiles", "take")
_PREFIX = f"/{URL}/"
_TILE = re.compile(r"tiles/([a-z]+)/([a-z0-9-]+)\.jpg")
_FOREIGN = re.compile(rb'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*>|\s*<link rel="manifest"[^>]*>')


class Shell:
    """The middleware; files under `URL`, and the page at / with its head rewritten."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self._files, self._samples = StaticFiles(directory=FOLDER), StaticFiles(directory=samples.FOLDER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(_PREFIX):
            return await self._own(path.removeprefix(_PREFIX), scope, receive, send)
        if scope["type"] == "http" and path == "/" and scope["method"] == "GET":
            return await self.app(scope, receive, Rewriter(send, _address(scope)).send)
        await self.app(scope, receive, send)

    async def _own(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        """One of the page's own files, a sample photo, or a tile that is made of a sample."""
        wanted = _TILE.fullmatch(name)
        try:
            if wanted:
                kept = {"cache-control": "max-age=3600"}
                made = Response(tile(*wanted.groups()), media_type="image/jpeg", headers=kept)
                return await made(scope, receive, send)
            files = self._samples if name.startswith("photos/") else self._files
            await files({**scope, "path": f"/{name}", "root_path": ""}, receive, _fresh(send))
        except (ValueError, HTTPException):
            raise RefusedError(404, "there is nothing here") from None


class Rewriter:
    """Holds a page back until it is whole, and sends it with the head of this one."""

    def __init__(self, send: Send, address: str):
        self._send, self._address = send, address
        self._start: Message = {}
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        page = rewritten(bytes(self._body), self._address)
        headers = [pair for pair in self._start["headers"] if pair[0].lower() != b"content-length"]
        headers.append((b"content-length", str(len(page)).encode()))
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": page})


def rewritten(page: bytes, address: str) -> bytes:
    """Gradio's page with this one's head; one without a head, as it is."""
    return _FOREIGN.sub(b"", page).replace(b"</head>", head(address).encode() + b"</head>", 1)


def head(address: str) -> str:
    """Title, description and picture for those who share a link, the looks, and what scripts will ask for."""
    about = {"og:title": TITLE, "og:type": "website", "og:description": DESCRIPTION, "og:url": address,
             "og:image": f"{address}{URL}/example.jpg", "og:image:alt": "A bridge at night, painted"}  # fmt: skip
    lines = [f"<title>{TITLE}</title>", f'<meta name="description" content="{DESCRIPTION}">']
    lines += [f'<meta property="{name}" content="{html.escape(value)}">' for name, value in about.items()]
    lines += ['<meta name="twitter:card" content="summary_large_image">']
    lines += ['<meta name="color-scheme" content="light dark">']
    lines += [f'<link rel="icon" type="image/svg+xml" href="{URL}/icon.svg">']
    lines += _links("stylesheet", (f"{name}.css" for name in STYLES))
    lines += _links("modulepreload", (f"{name}.js" for name in MODULES))
    return "\n".join([*lines, f'<link rel="preload" as="image" href="{URL}/example.jpg">', ""])


def _links(kind: str, names: Iterable[str]) -> list[str]:
    return [f'<link rel="{kind}" href="{URL}/{name}">' for name in names]


def _address(scope: Scope) -> str:
    """The page's address as its visitor has it; the gate has looked at the name."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get(b"x-forwarded-host", headers.get(b"host", "")).split(",")[0].strip()
    scheme = headers.get(b"x-forwarded-proto", str(scope.get("scheme", "http"))).split(",")[0].strip()
    return f"{scheme}://{host}/"


def _fresh(send: Send) -> Send:
    """Browsers shall ask whether a file has changed before they use what they have of it."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"cache-control", b"no-cache")]}
        await send(message)

    return sent
