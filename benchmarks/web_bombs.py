"""Hostile requests to the page: what each is answered, what the server takes, and how long others wait meanwhile.

    python -m benchmarks.web_bombs [--only WORD] [--out benchmarks/results/web-bombs.json]

Starts `artnet serve` with the bundled network on this machine and sends it the bombs of `benchmarks.web_bomb_files`,
one after the other, and a few of many requests at once, while another client asks for a small photo all the time.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from apps.benchmark.timing import describe, save
from benchmarks.web_bomb_files import PICTURES, VIDEOS, layer_bomb, plain
from benchmarks.web_server import Bystander, Client, Memory, serving, small_photo, words

MOST_MEGABYTES, MOST_SECONDS = 2000, 5


def requests(folder: Path, client: Client) -> dict[str, Callable[[], str]]:
    """Name -> sends a bomb that is no single file, and returns the answer in words."""
    good = plain(folder / "good.png", 64, 64)

    def raw(path: str, content: bytes, kind: str = "application/json") -> str:
        answer = client.http.post(path, content=content, headers={"content-type": kind})
        return f"{answer.status_code}: {answer.json().get('error')}"

    def many(count: int, send: Callable[[], str]) -> str:
        with ThreadPoolExecutor(count) as pool:
            answers = sorted(pool.map(lambda _: send(), range(count)))
        return "; ".join(f"{answers.count(answer)} x {answer}" for answer in dict.fromkeys(answers))

    def file(value: Path) -> dict | str:
        return client.upload(value)

    def field() -> str:
        body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"a" * 150_000_000 + b"\r\n--x--\r\n"
        return raw("/gradio_api/upload", body, "multipart/form-data; boundary=x")

    def mask() -> str:
        panel = {"styles": [{"name": "wave-print"}]}
        ask = {"photo": file(good), "panel": panel, "place": "inside", "mask": file(layer_bomb(folder))}
        return words(client.http.post("/gradio_api/run/page_preview", json={"data": [ask]}))

    big = plain(folder / "50-megapixels.png", 8160, 6120)
    heavy = folder / "20-megabytes.bin"
    heavy.write_bytes(bytes(20_000_000))
    return {
        "stroke size 1,000,000,000": lambda: client.photo(file(good), stroke_size=10**9),
        "stroke size not a number": lambda: raw("/gradio_api/call/stylize", b'{"data": [null, null, "x", NaN]}'),
        "JSON of 50 MB": lambda: raw("/gradio_api/call/stylize", b'{"data": ["' + b"a" * 50_000_000 + b'"]}'),
        "JSON, 100,000 deep": lambda: raw("/gradio_api/call/stylize", b'{"data": ' + b"[" * 100_000 + b"]" * 100_000),
        "JSON of 900,000 objects": lambda: raw("/gradio_api/queue/join", b'{"data": [' + b"{}," * 900_000 + b"1]}"),
        "upload of a 150 MB field": field,
        "mask of 900 megapixels": mask,
        "30 uploads of 20 MB at once": lambda: many(30, lambda: str(type(file(heavy)).__name__)),
        "photo of 50 megapixels": lambda: client.photo(file(big)),
        "8 photos of 50 megapixels at once": lambda: many(8, lambda: client.photo(file(big))),
    }  # fmt: skip


def measure(name: str, send: Callable[[], str], url: str, memory: Memory, photo: Path) -> dict:
    """One row of the table."""
    bystander = Bystander(url, photo)
    bystander.start()
    memory.reset()
    start = time.monotonic()
    answer = send()
    seconds = time.monotonic() - start
    longest = bystander.stop()
    row = {"bomb": name, "answer": " ".join(answer.split())[:200], "seconds": round(seconds, 1),
           "server MB": round(memory.server), "with helpers MB": round(memory.whole),
           "others wait, s": round(longest, 1), "others get": sorted(bystander.answers)}  # fmt: skip
    print(*row.values(), sep=" | ", flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="bombs with this word in their name")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/web-bombs.json"))
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name, serving() as (url, memory):
        folder, client = Path(name), Client(url, "127.0.0.1")
        photo = small_photo(folder)
        client.photo(client.upload(photo))  # compile and warm up
        kinds: dict[str, Callable[[], str]] = {}
        for kind, make in PICTURES.items():
            kinds[kind] = lambda make=make: client.photo(client.upload(make(folder)))
        for kind in ("style of 20000 x 40", "style of 40 x 20000"):
            width, height = (int(word) for word in kind.split()[2::2])
            kinds[kind] = lambda w=width, h=height: client.photo(
                client.upload(photo), style=client.upload(plain(folder / f"{w}.png", w, h))
            )
        for kind, make in VIDEOS.items():
            kinds[kind] = lambda make=make: client.video(client.upload(make(folder)))
        kinds |= requests(folder, client)
        for kind, send in kinds.items():
            if args.only in kind:
                rows.append(measure(kind, send, url, memory, photo))
    worst = {"server MB": max(r["server MB"] for r in rows), "with helpers MB": max(r["with helpers MB"] for r in rows),
             "others wait, s": max(r["others wait, s"] for r in rows)}  # fmt: skip
    print(len(rows), "bombs:", worst, "limits:", MOST_MEGABYTES, "MB,", MOST_SECONDS, "s")
    if not args.only:
        save(args.out, {"machine": describe(), "worst": worst, "bombs": rows})


if __name__ == "__main__":
    main()
