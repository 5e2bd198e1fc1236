"""How fast the live view is: frames a second and latency by size, with a window and with viewers of the stream.

    python -m benchmarks.webcam [--rounds 3] [--json benchmarks/results/webcam.json]

Plays clips of 30 frames a second in place of a camera (the sample photo under a panning window) through `artnet webcam`
with one style, and keeps its reports: the median round by frames a second of every row. `latency` is from a frame's
capture to its showing, `paint` what painting took of it. The window draws into memory (SDL's driver `dummy`), so it
costs what it costs but for the screen; it is 1920x1080, which all pictures are scaled to. Of the two viewers of the
stream, one reads as fast as it can and the other not at all. `first word` and `first painting` are seconds from the
start of the process, files cached, the default styles.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.request import urlopen

import av

from apps.benchmark.timing import describe, save
from artnet.image import resize
from benchmarks.flicker import generated

SIZES = {480: (480, 640), 720: (720, 1280), 1080: (1080, 1920)}
RATE, SECONDS, PORT = 30, 4, 8765
SCREEN = "import apps.webcam.window as w; w.first_size = lambda picture, desktop: (1920, 1080)\n"
MARKS = """\
from apps.webcam.window import Window
show, seen = Window.show, []
def marked(self, rgb, words):
    show(self, rgb, words)
    if (rgb is None) not in seen:
        seen.append(rgb is None)
        what = "first word" if rgb is None else "first painting"
        print(what, time.time() - float(os.environ["START"]), flush=True)
Window.show = marked
"""
MAIN = "import os, sys, time\nfrom apps.cli import main\n%ssys.exit(main(sys.argv[1:]))"


def make_clip(path: Path, height: int, width: int, rate: int = RATE, seconds: int = SECONDS) -> Path:
    """Some seconds of what a camera might see, easy to decode."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "tune": "fastdecode"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for content, _, _ in generated(rate * seconds):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(resize(content, height, width), format="rgb24")))
        out.mux(stream.encode())
    return path


def webcam(clip: Path, size: int, *options: str, patch: str = "") -> subprocess.Popen:
    """The command on a clip; `patch` is run before it."""
    command = [sys.executable, "-c", MAIN % patch, "webcam", "--camera", str(clip), "--size", str(size), *options]
    env = os.environ | {"SDL_VIDEODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1", "START": str(time.time())}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def row(clip: Path, size: int, frames: int, kind: str) -> dict:
    """One report of the command: headless, with a window, or with viewers."""
    options = ["--style", "great-wave", "--frames", str(frames), "--report"]
    if kind == "window":
        run = webcam(clip, size, *options, patch=SCREEN)
    else:
        run = webcam(clip, size, *options, "--headless", *(["--web", str(PORT)] if kind == "viewers" else []))
    if kind == "viewers":
        threading.Thread(target=watch, args=[run], daemon=True).start()
    out, _ = run.communicate()
    return json.loads(out)


def watch(run: subprocess.Popen) -> None:
    """Read the stream to its end, while somebody else asks for it and then reads nothing."""
    while run.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", PORT)) as idle:
                idle.sendall(f"GET /stream.mjpg HTTP/1.0\r\nHost: localhost:{PORT}\r\n\r\n".encode())
                with urlopen(f"http://127.0.0.1:{PORT}/stream.mjpg") as stream:
                    while stream.read(1 << 20):
                        pass
        except OSError:
            time.sleep(0.05)


def firsts(clip: Path) -> dict[str, float]:
    """Seconds to the first word and to the first painting, in a window."""
    run = webcam(clip, 480, "--frames", "2", patch=MARKS)
    out, _ = run.communicate()
    return {line.rpartition(" ")[0]: round(float(line.rpartition(" ")[2]), 2) for line in out.splitlines()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows: dict[str, list[dict]] = {}
    starts = []
    with tempfile.TemporaryDirectory() as folder:
        clips = {size: make_clip(Path(folder) / f"{size}.mp4", *shape) for size, shape in SIZES.items()}
        firsts(clips[480])  # fills the caches
        for _ in range(args.rounds):
            starts.append(firsts(clips[480]))
            for size, clip in clips.items():
                for kind in ("headless", "window", "viewers"):
                    rows.setdefault(f"{size} {kind}", []).append(row(clip, size, args.frames, kind))
    middle = args.rounds // 2
    found = {name: sorted(reports, key=lambda report: report["fps"])[middle] for name, reports in rows.items()}
    start = sorted(starts, key=lambda times: times["first painting"])[middle]
    for name, report in found.items():
        print(f"{name:14} {report['fps']:6.1f} fps, latency {report['latency_ms']}, paint {report['paint_ms']}")
    print(start)
    if args.json:
        facts = {"machine": describe(), "load": [round(load, 1) for load in os.getloadavg()], "rounds": args.rounds}
        save(args.json, facts | {"start": start, "rows": found})


if __name__ == "__main__":
    main()
