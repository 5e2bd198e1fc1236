"""A running `artnet serve` for measurements, and clients that ask it over HTTP from addresses of their own."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from apps import samples
from benchmarks.ports import free_port

META = {"_type": "gradio.FileData"}


class Client:
    """Somebody at the given loopback address."""

    def __init__(self, url: str, address: str):
        self.http = httpx.Client(base_url=url, transport=httpx.HTTPTransport(local_address=address), timeout=600)

    def upload(self, path: Path) -> dict | str:
        """The file as a value for requests, or in words why not."""
        with open(path, "rb") as file:
            answer = self.http.post("/gradio_api/upload", files={"files": (path.name, file)})
        if answer.status_code != 200:
            return words(answer)
        return {"path": answer.json()[0], "orig_name": path.name, "meta": META}

    def call(self, name: str, *data: Any) -> str:
        """Ask an endpoint, and wait: 'done', or what went wrong in words."""
        asked = self.http.post(f"/gradio_api/call/{name}", json={"data": list(data)})
        if asked.status_code != 200:
            return words(asked)
        done, said = self.answer(name, asked.json()["event_id"])
        return "done" if done else said

    def answer(self, name: str, event: str) -> tuple[bool, Any]:
        """Wait for what was asked for: (True, what came of it), or (False, what went wrong in words)."""
        lines = self.http.get(f"/gradio_api/call/{name}/{event}").text.splitlines()
        kind = next(line.partition(": ")[2] for line in reversed(lines) if line.startswith("event: "))
        content = json.loads(next(line.partition(": ")[2] for line in reversed(lines) if line.startswith("data: ")))
        if kind == "complete":
            return True, content
        return False, str(content.get("error") if isinstance(content, dict) else content)

    def photo(self, file: dict | str, **options: Any) -> str:
        """Ask for a photo: 'done', or what went wrong in words."""
        values = {"style": None, "style_name": "wave-print", "strength": 1, "stroke_size": 512, "preserve_color": False}
        values |= {"format": "png"} | options
        return file if isinstance(file, str) else self.call("stylize", file, *values.values())

    def video(self, file: dict | str, size: int = 64) -> str:
        if isinstance(file, str):
            return file
        return self.call("stylize_video", file, None, "wave-print", 1, 512, False, size, True)


def words(answer: httpx.Response) -> str:
    with suppress(ValueError, KeyError, AttributeError, TypeError):
        content = answer.json()
        return str(content.get("error") or content["detail"])
    return f"HTTP {answer.status_code}: {answer.text[:100]}"


class Memory(threading.Thread):
    """Watches the server's memory: `server` is its largest resident size in MB, `whole` with all its helpers.

    Helpers share pages with each other, and so count with their share of them.
    """

    def __init__(self, process: int):
        super().__init__(daemon=True)
        self.process, self.server, self.whole, self.running = process, 0.0, 0.0, True

    def run(self) -> None:
        while self.running:
            self.server = max(self.server, field(self.process, "status", "VmRSS") / 1000)
            shares = [field(one, "smaps_rollup", "Pss") for one in family(self.process)]
            self.whole = max(self.whole, sum(shares) / 1000)
            time.sleep(0.05)

    def reset(self) -> None:
        self.server = self.whole = 0.0


def field(process: int, file: str, name: str) -> int:
    """A number in a file of /proc, sizes in kB; 0 where there is none."""
    with suppress(OSError, StopIteration), open(f"/proc/{process}/{file}") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))
    return 0


def family(process: int) -> list[int]:
    """A process and all that it has started."""
    found = [process]
    for one in found:
        with suppress(OSError):
            tasks = Path(f"/proc/{one}/task").glob("*/children")
            found += [int(child) for task in tasks for child in task.read_text().split()]
    return found


@contextmanager
def serving(*options: str, folder: Path | None = None) -> Iterator[tuple[str, Memory]]:
    """A server of its own, of the checkout in `folder`; (its address, its memory), which is watched until the end."""
    port = free_port()
    command = [sys.executable, "-m", "apps.cli", "serve", "--port", str(port), *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder)
    memory = Memory(process.pid)
    try:
        process.stdout.readline()
        memory.start()
        yield f"http://127.0.0.1:{port}", memory
    finally:
        memory.running = False
        process.terminate()
        process.wait(30)


class Bystander(threading.Thread):
    """Another client that asks for small photos all the time; `waits` are the seconds that each took."""

    def __init__(self, url: str, photo: Path):
        super().__init__(daemon=True)
        self.client, self.photo, self.waits, self.running = Client(url, "127.0.0.2"), photo, [], True
        self.answers: set[str] = set()
        self.file = self.client.upload(photo)

    def run(self) -> None:
        while self.running:
            start = time.monotonic()
            self.answers.add(self.client.photo(self.file))
            self.waits.append(time.monotonic() - start)
            time.sleep(0.1)

    def stop(self) -> float:
        """The longest wait."""
        self.running = False
        self.join()
        return max(self.waits)


def small_photo(folder: Path) -> Path:
    from PIL import Image

    path = folder / "small.jpg"
    with Image.open(samples.photo()) as image:
        image.resize((240, 160)).save(path)
    return path
