"""Many clients at once: how long they wait for photos, and what those hear whom the server has no place for.

    python -m benchmarks.web_load [--before FOLDER] [--rounds 6] [--out benchmarks/results/web-load.json]

20 clients, each at an address of its own, ask for two small photos one after the other; then 50 do. With --before,
another checkout of this repository is served beside this one, and both are asked in turn, so that they meet the same
machine; the waits of all rounds count together. At last 50 pages want to be live at once, and two of them send frames
of 640 x 480 for a while.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, save
from benchmarks.web_server import Client, serving, small_photo

PHOTOS = 2  # of each client in a round
COUNTS = (20, 50)
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


class Crowd:
    """So many clients of one server; `waits` are the seconds that each photo took, `answers` all that they heard."""

    def __init__(self, url: str, count: int, photo: Path):
        self.clients = [Client(url, f"127.0.1.{n + 1}") for n in range(count)]
        self.files = [client.upload(photo) for client in self.clients]
        self.waits: list[float] = []
        self.answers: Counter[str] = Counter()

    def ask(self) -> None:
        together(len(self.clients), self._work)

    def _work(self, n: int) -> None:
        for _ in range(PHOTOS):
            begin = time.monotonic()
            said = self.clients[n].photo(self.files[n])
            self.answers[said] += 1
            if said == "done":
                self.waits.append(time.monotonic() - begin)

    def row(self) -> dict:
        return {
            "clients": len(self.clients),
            "seconds, median": round(statistics.median(self.waits), 2),
            "seconds, p95": round(sorted(self.waits)[int(0.95 * (len(self.waits) - 1))], 2),
            "answers": dict(self.answers),
        }


def photos(folders: dict[str, Path], rounds: int, photo: Path) -> list[dict]:
    """A row for every server and number of clients."""
    with ExitStack() as stack:
        urls = {which: stack.enter_context(serving(folder=folder))[0] for which, folder in folders.items()}
        crowds = {(which, count): Crowd(url, count, photo) for count in COUNTS for which, url in urls.items()}
        for crowd in crowds.values():  # what is made once, nobody else waits for
            crowd.clients[0].photo(crowd.files[0])
        for n in range(rounds):
            for crowd in crowds.values():
                crowd.ask()
            print(f"round {n + 1} of {rounds}, load {os.getloadavg()[0]:.1f}", flush=True)
    return [{"server": which} | crowd.row() for (which, _), crowd in crowds.items()]


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
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--remark", help="what else the cores have to do, for the record")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/web-load.json"))
    args = parser.parse_args()
    folders = {"before": args.before, "now": Path.cwd()} if args.before else {"now": Path.cwd()}
    with tempfile.TemporaryDirectory() as name:
        rows = photos(folders, args.rounds, small_photo(Path(name)))
        for row in rows:
            print(row)
        with serving() as (url, _):
            pages = live(url, 50)
    print(pages)
    save(args.out, {"machine": describe(), "remark": args.remark, "photos": rows, "live": pages})


if __name__ == "__main__":
    main()
