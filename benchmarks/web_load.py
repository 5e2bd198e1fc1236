"""Many clients at once: how long they wait for photos, and what those hear whom the server has no place for.

    python -m benchmarks.web_load [--before FOLDER] [--rounds 3] [--out benchmarks/results/web-load.json]

20 clients, each at an address of its own, ask for three small photos one after the other; then 50 do. With --before,
another checkout of this repository is served in turn with this one, so that both meet the same machine. At last 50
pages want to be live at once, and two of them send frames of 640 x 480 for a while.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections import Counter
from io import BytesIO
from pathlib import Path

from PIL import Image

from apps import samples
from apps.timing import describe, save
from benchmarks.web_server import Client, serving, small_photo

PHOTOS = 3  # of each client
FRAMES = 60
PANEL = {"styles": [{"name": "great-wave"}]}


def together(count: int, work) -> float:
    """work(n) in so many threads at once; the seconds that all of it took."""
    begin = time.monotonic()
    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - begin


def photos(url: str, count: int, photo: Path) -> dict:
    """What so many clients wait for their photos in seconds, and what they hear besides 'done'."""
    clients = [Client(url, f"127.0.1.{n + 1}") for n in range(count)]
    files = [client.upload(photo) for client in clients]
    waits, answers = [], Counter()

    def work(n: int) -> None:
        for _ in range(PHOTOS):
            begin = time.monotonic()
            said = clients[n].photo(files[n])
            answers[said] += 1
            if said == "done":
                waits.append(time.monotonic() - begin)

    seconds = together(count, work)
    return {
        "clients": count,
        "seconds, median": round(statistics.median(waits), 2),
        "seconds, p95": round(sorted(waits)[int(0.95 * (len(waits) - 1))], 2),
        "photos a second": round(len(waits) / seconds, 1),
        "answers": dict(answers),
    }


def live(url: str, count: int) -> dict:
    """So many pages want to be live at once."""
    heard, secrets, lock = Counter(), [], threading.Lock()

    def work(n: int) -> None:
        client = Client(url, f"127.0.1.{n + 1}")
        answer = client.http.post("/gradio_api/run/page_live_open", json={"data": [{"panel": PANEL}]})
        with lock:
            if answer.status_code != 200:
                heard[answer.json()["error"]] += 1
                return
            secret = answer.json()["data"][0]["secret"]
            number = client.http.post("/live/turn", headers={"x-live": secret}).json()["number"]
            heard["live" if number == 0 else "in line"] += 1
            if number == 0:
                secrets.append((client, secret))

    together(count, work)
    return {"pages": count, "heard": dict(heard)} | frames(secrets)


def frames(pages: list) -> dict:
    """Those with a seat send frames of 640 x 480, one after the other."""
    picture, delays = BytesIO(), []
    with Image.open(samples.photo()) as image:
        image.convert("RGB").resize((640, 480)).save(picture, "JPEG", quality=85)

    def work(n: int) -> None:
        client, secret = pages[n]
        for _ in range(FRAMES):
            begin = time.monotonic()
            client.http.post("/live/frame", content=picture.getvalue(), headers={"x-live": secret}).raise_for_status()
            delays.append(time.monotonic() - begin)

    seconds = together(len(pages), work)
    milliseconds = sorted(round(1000 * delay) for delay in delays)
    return {
        "frames a second, together": round(len(delays) / seconds, 1),
        "frame, ms, median": milliseconds[len(milliseconds) // 2],
        "frame, ms, p95": milliseconds[int(0.95 * (len(milliseconds) - 1))],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, help="another checkout, served in turn with this one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/web-load.json"))
    args = parser.parse_args()
    folders = {"before": args.before, "now": Path.cwd()} if args.before else {"now": Path.cwd()}
    rows = []
    with tempfile.TemporaryDirectory() as name:
        photo = small_photo(Path(name))
        for _ in range(args.rounds):
            for which, folder in folders.items():
                with serving(folder=folder) as (url, _):
                    first = Client(url, "127.0.0.1")
                    first.photo(first.upload(photo))  # it waits for what is made once
                    for count in (20, 50):
                        load = round(os.getloadavg()[0], 1)
                        rows.append({"server": which, "load before": load} | photos(url, count, photo))
                        print(rows[-1], flush=True)
        with serving() as (url, _):
            pages = live(url, 50)
    print(pages)
    save(args.out, {"machine": describe(), "photos": rows, "live": pages})


if __name__ == "__main__":
    main()
