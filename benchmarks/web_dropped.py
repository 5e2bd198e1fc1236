"""How soon the place of a client is free that goes away while its video is painted.

    python -m benchmarks.web_dropped [--chromium chromium] [--out benchmarks/results/web-dropped.json]

Each kind of client asks for a long video and goes away two seconds later; another one asks for a short video at once,
and the seconds until that is painted, less those that it takes alone, are how long the place was held. The live view's
two places are taken by pages that fall silent.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from apps.benchmark.timing import describe, save
from apps.web.visits import SEATS
from benchmarks.web_bomb_files import repeated
from benchmarks.web_server import Client, serving

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
        tab.wait_for_selector(".an-video .choose")
        tab.set_input_files(".an-video .files", long)
        tab.click(".video-whole")
        tab.wait_for_selector(".video-work:has-text('% painted')", timeout=60_000)
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


def live_held(url: str) -> float:
    """Seconds until a camera is live after the two before it have gone without a word."""
    panel = {"styles": [{"name": "wave-print"}]}

    def opened(client: Client) -> dict[str, str]:
        answer = client.http.post("/gradio_api/run/page_live_open", json={"data": [{"panel": panel}]})
        return {"x-live": answer.raise_for_status().json()["data"][0]["secret"]}

    for n in range(SEATS):  # each of an address of its own, which has one seat at most
        leaving = Client(url, f"127.0.0.{4 + n}")
        leaving.http.post("/live/turn", headers=opened(leaving))
    client = Client(url, "127.0.0.3")
    start, waiting = time.monotonic(), opened(client)
    while client.http.post("/live/turn", headers=waiting).json()["number"]:
        time.sleep(0.2)
    return time.monotonic() - start


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
        seconds["live view, two of two places"] = round(live_held(url), 1)
    print(seconds)
    save(args.out, {"machine": describe(), "seconds until the place is free": seconds})


if __name__ == "__main__":
    main()
