"""Visitors of a server: ordinary ones, slow ones, and ones that go away in the middle."""

import hashlib
import json
import math
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image

from apps import samples
from benchmarks.web_server import META, Client, words

BUSY = "please try again"
"""In what the server says to whom it has no place for."""
PIECE, PAUSE = 20, 0.2  # bytes that a slow visitor sends or receives at once, and seconds between
LARGE_PIECE = 2000  # of the painting that slow readers read
CHECKED = 10  # every so many pictures one is asked for whose bytes are known
BOUNDARY = "----a-boundary-of-the-visitors"


class WrongError(Exception):
    """The server answered, but not as it should."""


class Visitor(Client):
    """Somebody at an address of their own, with a photo of their own, who asks for one picture after the other.

    Attributes:
        until: when everybody leaves, in seconds of time.monotonic().
        waits: seconds from asking for each picture until it was painted.
        kept: address and hash of the picture that is painted of the photo at full strength.
    """

    def __init__(self, url: str, number: int, folder: Path, until: float = math.inf):
        # Connections are closed by this side first: the server ends idle ones after 5 s, perhaps while one asks.
        limits = httpx.Limits(keepalive_expiry=2)
        transport = httpx.HTTPTransport(verify=False, local_address=f"127.0.1.{number + 1}", limits=limits)
        self.http = httpx.Client(base_url=url, transport=transport, timeout=300)
        self.number, self.until, self.chance = number, until, random.Random(number)
        self.photo_file, self.waits, self.rounds = folder / f"{number}.jpg", list[float](), 0
        self.kept: tuple[str, str] | None = None
        photo_of(number).save(self.photo_file, quality=90)

    @property
    def leaving(self) -> bool:
        return time.monotonic() > self.until

    def log_in(self, name: str, password: str) -> int:
        """The HTTP status of the answer."""
        return self.http.post("/login", data={"username": name, "password": password}).status_code

    def ask(self, file: dict, strength: float = 1.0, kind: str = "png") -> str:
        """Ask for a picture: its event's id. Raises WrongError with the server's words."""
        values = [file, None, "wave-print", strength, 512, False, kind]
        asked = self.http.post("/gradio_api/call/stylize", json={"data": values})
        if asked.status_code != 200:
            raise WrongError(words(asked))
        return asked.json()["event_id"]

    def painted(self, file: dict, strength: float = 1.0, kind: str = "png") -> str | None:
        """The address of the picture; None where the server is busy. Raises WrongError for anything else."""
        event = self.ask(file, strength, kind)
        done, said = self.answer("stylize", event)
        if done:
            return f"/gradio_api/file={said[0]['path']}"
        if BUSY in said:
            return None
        raise WrongError(said)

    def sent(self) -> dict:
        """The photo, uploaded. Raises WrongError with the server's words."""
        file = self.upload(self.photo_file)
        if isinstance(file, str):
            raise WrongError(file)
        return file

    def fetched(self, address: str) -> bytes:
        answer = self.http.get(address)
        if answer.status_code != 200:
            raise WrongError(words(answer))
        return answer.content

    @contextmanager
    def link(self, small: bool = False) -> Iterator[socket.socket]:
        """A plain connection; `small` is one that takes little at once."""
        with socket.socket() as link:
            if small:
                link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            link.settimeout(120)
            link.bind((f"127.0.1.{self.number + 1}", 0))
            link.connect(("127.0.0.1", self.http.base_url.port))
            yield link

    def upload_request(self) -> bytes:
        """All bytes of an upload of the photo."""
        name = self.photo_file.name
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        body = head.encode() + self.photo_file.read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()
        lines = ("POST /gradio_api/upload HTTP/1.1", f"Host: 127.0.0.1:{self.http.base_url.port}", "Connection: close",
                 f"Content-Type: multipart/form-data; boundary={BOUNDARY}", f"Content-Length: {len(body)}")  # fmt: skip
        return "\r\n".join([*lines, "", ""]).encode() + body


def photo_of(number: int) -> Image.Image:
    """Another part of the sample photo for every visitor, 240 x 160."""
    with Image.open(samples.photo()) as image:
        return image.resize((480, 320)).crop((number, number, number + 240, number + 160)).convert("RGB")


def ordinary(visitor: Visitor) -> str:
    """Send the photo, ask for a picture, fetch it, and look whether it is right."""
    visitor.rounds += 1
    known = visitor.rounds % CHECKED == 1
    file, begin = visitor.sent(), time.monotonic()
    address = visitor.painted(file, 1.0 if known else visitor.chance.uniform(0.1, 0.99))
    if address is None:
        return busy(visitor)
    visitor.waits.append(time.monotonic() - begin)
    content = visitor.fetched(address)
    with Image.open(BytesIO(content)) as image:
        image.load()
        if image.size != (240, 160):
            raise WrongError(f"a picture of {image.size}")
    if known:
        digest = hashlib.sha256(content).hexdigest()
        if visitor.kept and visitor.kept[1] != digest:
            raise WrongError("another picture of the same photo")
        visitor.kept = address, digest
    return "painted"


def busy(visitor: Visitor) -> str:
    """Come again a little later."""
    time.sleep(visitor.chance.uniform(1, 3))
    return "asked to come again"


def slow(visitor: Visitor) -> str:
    """Send the photo and receive the picture at a hundred bytes a second."""
    if not visitor.rounds:
        photo_of(visitor.number).resize((96, 64)).save(visitor.photo_file, quality=80)
    visitor.rounds += 1
    request = visitor.upload_request()
    with visitor.link() as link:
        for start in range(0, len(request), PIECE):
            if visitor.leaving:
                return "went away"
            link.sendall(request[start : start + PIECE])
            time.sleep(PAUSE)
        status, body = parts(received(link, visitor, PIECE))
    if visitor.leaving:
        return "went away"
    if status != 200:
        raise WrongError(f"HTTP {status}: {body[:200]!r}")
    file = {"path": json.loads(body)[0], "orig_name": visitor.photo_file.name, "meta": META}
    address = visitor.painted(file, kind="jpg")
    if address is None:
        return busy(visitor)
    right = visitor.fetched(address)
    with visitor.link(small=True) as link:
        link.sendall(get_request(visitor, address))
        _, body = parts(received(link, visitor, PIECE))
    if visitor.leaving:
        return "went away"
    if body != right:
        raise WrongError(f"{len(body)} bytes of {len(right)}")
    return "painted"


def slow_reader(visitor: Visitor) -> str:
    """Have a larger photo painted, read ten kilobytes of it a second for a minute, and break off."""
    if not visitor.rounds:
        photo_of(visitor.number).resize((1200, 800)).save(visitor.photo_file)
    visitor.rounds += 1
    address = visitor.painted(visitor.sent())
    if address is None:
        return busy(visitor)
    end = time.monotonic() + 60
    with visitor.link(small=True) as link:
        link.sendall(get_request(visitor, address))
        content = bytearray()
        while not visitor.leaving and time.monotonic() < end:
            content += link.recv(LARGE_PIECE)
            time.sleep(PAUSE)
    if not visitor.leaving and parts(bytes(content))[0] != 200:
        raise WrongError(bytes(content[:200]).decode("latin-1"))
    return "went away"


def drops_upload(visitor: Visitor) -> str:
    """Go away in the middle of sending, every other time without the usual goodbye."""
    visitor.rounds += 1
    request = visitor.upload_request()
    with visitor.link() as link:
        link.sendall(request[: visitor.chance.randrange(len(request))])
        time.sleep(visitor.chance.uniform(0.1, 1))
        if visitor.rounds % 2:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return "went away"


def drops_wait(visitor: Visitor) -> str:
    """Ask for a picture, and go away while it is waited for; every third time without having listened."""
    visitor.rounds += 1
    event = visitor.ask(visitor.sent(), visitor.chance.uniform(0.1, 0.99))
    if visitor.rounds % 3:
        with visitor.http.stream("GET", f"/gradio_api/call/stylize/{event}"):
            time.sleep(visitor.chance.uniform(0, 1))
    time.sleep(1)
    return "went away"


def get_request(visitor: Visitor, address: str) -> bytes:
    host = f"127.0.0.1:{visitor.http.base_url.port}"
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
    return f"GET {address} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: {cookies}\r\n\r\n".encode()


def received(link: socket.socket, visitor: Visitor, piece: int) -> bytes:
    """All that comes, read slowly; what is there when everybody leaves."""
    content = bytearray()
    while not visitor.leaving and (some := link.recv(piece)):
        content += some
        time.sleep(PAUSE)
    return bytes(content)


def parts(answer: bytes) -> tuple[int, bytes]:
    """(status, body) of an HTTP answer that was ended by the end of its connection; (0, b"") of none."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first = head.split(b" ", 2)
    return (int(first[1]), body) if len(first) > 1 else (0, b"")


KINDS: dict[Callable[[Visitor], str], int] = {ordinary: 38, slow: 4, slow_reader: 2, drops_upload: 3, drops_wait: 3}
"""How many of each kind there are, 50 in all."""
