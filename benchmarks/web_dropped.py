"""How soon the place of a client is free that goes away while its video is painted.

    python -m benchmarks.web_dropped [--chromium chromium] [--out benchmarks/results/web-dropped.json]

Each kind of client asks for a long video and goes away two seconds later; another one asks for a short video at once,
and the seconds until that is painted, less those that it takes alone, are how long the place was held. The live view's
two places are taken by clients that send one frame and go.
"""

import argparse
import base64
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx

from apps.timing import describe, save
from benchmarks.web_bomb_files import repeated
from benchmarks.web_server import Client, serving, small_photo

STAYS = 2.0  # seconds
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def call(url: str, long: Path) -> None:
    """An HTTP client that asks, and never listens."""
    client = Client(url, "127.0.0.3")
    values = [client.upload(long), None, "wave-print", 1, 512, False, 360, True]
    client.http.post("/gradio_api/call/stylize_video", json={"data": values}).raise_for_status()
    time.sleep(STAYS)


def stream(url: str, long: Path) -> None:
    """One that listens, and breaks the connection."""
    client = Client(url, "127.0.0.3")
    values = [client.upload(long), None, "wave-print", 1, 512, False, 360, True]
    event = client.http.post("/gradio_api/call/stylize_video", json={"data": values}).json()["event_id"]
    with client.http.stream("GET", f"/gradio_api/call/stylize_video/{event}"):
        time.sleep(STAYS)


def session(url: str, long: Path) -> None:
    """gradio_client's way: a session's own stream, broken off."""
    client = Client(url, "127.0.0.3")
    config = client.http.get("/config").json()
    index = next(d["id"] for d in config["dependencies"] if d["api_name"] == "stylize_video")
    values = [client.upload(long), None, "wave-print", 1, 512, False, 360, True]
    body = {"data": values, "fn_index": index, "session_hash": "dropped"}
    client.http.post("/gradio_api/queue/join", json=body).raise_for_status()
    with client.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": "dropped"}):
        time.sleep(STAYS)


def page(url: str, long: Path, chromium: str) -> None:
    """The page in a browser, whose tab is closed."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        tab = browser.new_page()
        tab.goto(url)
        tab.click('button[role=tab]:has-text("Video")')
        tab.set_input_files("#video input[type=file]", long)
        tab.wait_for_selector("#video video")
        tab.click("#stylize-video")
        tab.wait_for_selector("#video-state:has-text('painted')", timeout=60_000)
        browser.close()


def held(url: str, leave: Callable[[], None], short: Path) -> float:
    """Seconds that the place was held after the client had gone."""
    other = Client(url, "127.0.0.2")
    file = other.upload(short)
    start = time.monotonic()
    other.video(file)
    alone = time.monotonic() - start
    leave()
    start = time.monotonic()
    answer = other.video(file)
    if answer != "done":
        raise RuntimeError(answer)
    return time.monotonic() - start - alone


def live_held(url: str, photo: Path) -> float:
    """Seconds until the live view takes a frame again after two clients with one frame each have gone."""
    frame = {"url": "data:image/jpeg;base64," + base64.b64encode(photo.read_bytes()).decode()}
    client = Client(url, "127.0.0.3")
    config = client.http.get("/config").json()
    job = next(d for d in config["dependencies"] if any(target[1] == "stream" for target in d["targets"]))
    types = {c["id"]: c for c in config["components"]}
    values = [frame, *(types[one]["props"].get("value") for one in job["inputs"][1:])]

    def ask(session: str, stay: float) -> float:
        body = {"data": values, "fn_index": job["id"], "session_hash": session}
        start = time.monotonic()
        client.http.post("/gradio_api/queue/join", json=body).raise_for_status()
        with (
            suppress(httpx.ReadTimeout),
            client.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as lines,
        ):
            for line in lines.iter_lines():
                if line.startswith("data: ") and json.loads(line[6:])["msg"] == "process_streaming":
                    time.sleep(stay)
                    return time.monotonic() - start
        raise RuntimeError("no frame was painted")

    first = [threading.Thread(target=ask, args=(name, 1.0)) for name in ("one", "two")]
    for thread in first:
        thread.start()
    for thread in first:
        thread.join()
    return ask("three", 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/web-dropped.json"))
    args = parser.parse_args()
    seconds = {}
    with tempfile.TemporaryDirectory() as name, serving() as (url, _):
        long, short = repeated(Path(name) / "long.mp4", 10_000, 25), repeated(Path(name) / "short.mp4", 5, 25)
        held(url, lambda: None, short)  # compile and warm up
        kinds: dict[str, Callable[[], None]] = {
            "call without a stream": lambda: call(url, long),
            "broken stream of a call": lambda: stream(url, long),
            "broken stream of a session": lambda: session(url, long),
        }
        if args.chromium:
            kinds["closed tab"] = lambda: page(url, long, args.chromium)
        for kind, leave in kinds.items():
            seconds[kind] = round(held(url, leave, short), 1)
            print(kind, seconds[kind], flush=True)
        seconds["live view, two of two places"] = round(live_held(url, small_photo(Path(name))), 1)
    print(seconds)
    save(args.out, {"machine": describe(), "seconds until the place is free": seconds})


if __name__ == "__main__":
    main()
