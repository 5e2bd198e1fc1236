"""Many calls of the API without a session: the server's memory, and whether one photo has one result.

    python -m benchmarks.web_calls [--calls 2000] [--out benchmarks/results/web-calls.json]

Photos of 240 x 160 one after the other; every twentieth is the same one with the same settings, whose results must be
the same bytes. The results' hash is also compared with that of the page's own path, a job in a session.
"""

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

from apps.benchmark.timing import describe, save
from benchmarks.web_server import Client, Memory, serving, small_photo

EVERY = 20


def result(client: Client, file: dict | str, strength: float) -> bytes:
    """The PNG that the API makes of a photo."""
    return finished(client, "stylize", [file, None, "wave-print", strength, 512, False, "png"])


def finished(client: Client, name: str, values: list) -> bytes:
    """The file that a job ends with."""
    event = client.http.post(f"/gradio_api/call/{name}", json={"data": values}).json()["event_id"]
    lines = client.http.get(f"/gradio_api/call/{name}/{event}").text.splitlines()
    made = json.loads(next(line[6:] for line in reversed(lines) if line.startswith("data: ") and line != "data: null"))
    if isinstance(made, dict):
        raise RuntimeError(str(made))
    return client.http.get(f"/gradio_api/file={made[-1]['path']}").content


def page_result(client: Client, file: dict | str) -> bytes:
    """The PNG that the page saves, in a sample style."""
    ask = {"photo": file, "panel": {"styles": [{"name": "wave-print"}]}, "format": "png"}
    return finished(client, "page_save", [ask])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/web-calls.json"))
    args = parser.parse_args()
    megabytes: dict[int, float] = {}
    same: set[str] = set()
    with tempfile.TemporaryDirectory() as name, serving() as (url, memory):
        client = Client(url, "127.0.0.1")
        file = client.upload(small_photo(Path(name)))
        for n in range(args.calls + 1):
            content = result(client, file, 1.0 if n % EVERY == 0 else 1 - n % 97 / 100)
            if n % EVERY == 0:
                same.add(hashlib.sha256(content).hexdigest())
            if n in (10, 100, 200, 500) or (n and n % 500 == 0):
                megabytes[n] = _settled(memory)
                print(n, megabytes[n], flush=True)
        pages = {hashlib.sha256(page_result(client, file)).hexdigest() for _ in range(3)}
    row = {"calls": args.calls, "server MB after calls": megabytes, "results of one photo": len(same),
           "photo painted": args.calls // EVERY + 1, "results in the page": len(pages)}  # fmt: skip
    print(row)
    save(args.out, {"machine": describe()} | row)


def _settled(memory: Memory) -> float:
    memory.reset()
    while not memory.server:
        pass
    return round(memory.server)


if __name__ == "__main__":
    main()
