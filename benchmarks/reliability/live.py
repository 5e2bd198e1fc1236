"""Half an hour of the live view: does its memory grow, does it become slower, and is a lost camera found again?

    python -m benchmarks.reliability.live [--seconds 1800] [--out benchmarks/results/live-endurance.json]

`artnet webcam` plays a clip of ten seconds, 640 x 480 with 10 frames a second, over and over in place of a camera. It
has a window (SDL's driver `dummy`), and a page with two viewers, of whom one reads nothing; every minute the style is
changed, as by the key. Latency is from a frame's capture to its showing. Then the same for a fifth of the time with a
clip of one second, which is opened twice as often altogether. Last, for a minute, a camera that OpenCV would
open (it gives the clip's pictures) is lost three times for three seconds. Linux: memory is read from /proc.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from apps.benchmark.timing import describe, save
from benchmarks.reliability.watching import open_files
from benchmarks.web_server import field
from benchmarks.webcam import MAIN, PORT, make_clip, watch

HEIGHT, WIDTH, RATE = 480, 640, 10
EVERY, WARM = 30.0, 120.0  # seconds between looks, and after which nothing should grow any more
LOST, AWAY = 15.0, 3.0  # seconds after which the camera is lost, and for which
WATCHED = """\
from apps.webcam.live import Meter
from apps.webcam.window import Window
count, actions, begin, log = Meter.count, Window.actions, time.time(), open(os.environ["FRAMES"], "w", buffering=1)
turns = [0]
def counted(self, painted):
    count(self, painted)
    log.write(f"{time.time() - begin:.3f} {time.perf_counter() - painted.shot.taken:.4f}\\n")
def acted(self):
    passed = time.time() - begin
    if passed > float(os.environ["SECONDS"]):
        return ["quit"]
    turn, turns[0] = int(passed // 60) > turns[0], int(passed // 60)
    return [*actions(self), *(["next style"] if turn else [])]
Meter.count, Window.actions = counted, acted
"""
CAMERA = """\
import av, cv2
class Camera:
    opened = lost = 0.0
    def __init__(self, source):
        self.there = time.time() >= Camera.lost + float(os.environ["AWAY"])
        if self.there:
            Camera.opened, self.due, self.pictures = time.time(), time.time(), self.play()
    def play(self):
        while True:
            with av.open(os.environ["CLIP"]) as clip:
                for frame in clip.decode(video=0):
                    yield frame.to_ndarray(format="bgr24")
    def isOpened(self):
        return self.there
    def read(self):
        if time.time() > Camera.opened + float(os.environ["LOST"]):
            Camera.lost = time.time()
            return False, None
        self.due += 0.1
        time.sleep(max(0.0, self.due - time.time()))
        return True, next(self.pictures)
    def set(self, *_): pass
    get = release = set
cv2.VideoCapture = Camera
"""


class View:
    """The running command.

    Args:
        camera: what it is given as --camera; "0" for the one that is lost time and again.
    """

    def __init__(self, desk: Path, clip: Path, camera: str, seconds: float):
        self.frames_file, self.begin = desk / f"frames-{Path(camera).stem}", time.monotonic()
        patch = WATCHED + (CAMERA if camera == "0" else "")
        env = os.environ | {
            "SDL_VIDEODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1", "FRAMES": str(self.frames_file),
            "SECONDS": str(seconds), "CLIP": str(clip), "LOST": str(LOST), "AWAY": str(AWAY),
        }  # fmt: skip
        options = ["--style", "great-wave", "--style", "wave-print", "--web", str(PORT), "--report"]
        self.run = subprocess.Popen(
            [sys.executable, "-c", MAIN % patch, "webcam", "--camera", camera, *options], env=env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def looks(self) -> list[dict[str, float]]:
        """What is seen of it until it ends, twice a minute."""
        threading.Thread(target=watch, args=[self.run], daemon=True).start()
        rows, due = [], self.begin
        while self.run.poll() is None:
            time.sleep(0.5)
            if time.monotonic() >= due + EVERY:
                due += EVERY
                rows.append({
                    "seconds": round(time.monotonic() - self.begin), "load": round(os.getloadavg()[0], 1),
                    "MB": round(field(self.run.pid, "status", "VmRSS") / 1000, 1),
                    "threads": field(self.run.pid, "status", "Threads"), "open files": open_files(self.run.pid),
                })  # fmt: skip
                print(rows[-1], flush=True)
        return rows

    def end(self) -> tuple[dict, list[str]]:
        """(its report, what it said on standard error); RuntimeError where it failed."""
        out, said = self.run.communicate()
        if self.run.returncode:
            raise RuntimeError(f"exit code {self.run.returncode}: {said}")
        return json.loads(out), said.splitlines()

    def frames(self) -> list[tuple[float, float]]:
        """(seconds from the start, seconds of latency) of every frame that was shown."""
        lines = (line.split() for line in self.frames_file.read_text().splitlines())
        return [(float(when), float(latency)) for when, latency in lines]


def by_minute(frames: list[tuple[float, float]]) -> list[float]:
    """The median latency of every minute in ms."""
    minutes: dict[int, list[float]] = {}
    for when, latency in frames:
        minutes.setdefault(int(when // 60), []).append(latency)
    return [round(1000 * statistics.median(minutes[minute]), 1) for minute in sorted(minutes)]


def flatness(looks: list[dict[str, float]], warm: float) -> dict[str, float]:
    """How far memory goes from where it was after warm-up, in MB and per cent of that, and where it ends."""
    held = [row["MB"] for row in looks if row["seconds"] >= warm]
    farthest = max(held, key=lambda megabytes: abs(megabytes - held[0]))
    facts = {"after warm-up, MB": held[0]}
    for name, megabytes in {"farthest": farthest, "at the end": held[-1]}.items():
        facts |= {f"{name}, MB": megabytes, f"{name}, %": round(100 * (megabytes / held[0] - 1), 1)}
    return facts


def endurance(desk: Path, clip: Path, seconds: float) -> dict[str, Any]:
    """The long run."""
    view = View(desk, clip, str(clip), seconds)
    looks = view.looks()
    report, said = view.end()
    frames, minutes = view.frames(), by_minute(view.frames())
    part = 300 if seconds > 900 else seconds / 4
    end = frames[-1][0]
    first = [latency for when, latency in frames if part / 5 <= when < part / 5 + part]  # without the very first
    last = [latency for when, latency in frames if when >= end - part]
    return {
        "seconds": round(seconds), "frames": len(frames), "frames a second": round(len(frames) / end, 2),
        "memory": flatness(looks, min(WARM, seconds / 2)),
        "latency, median, ms": {
            f"{part:.0f} s after the first {part / 5:.0f} s": round(1000 * statistics.median(first), 1),
            f"last {part:.0f} s": round(1000 * statistics.median(last), 1), "by minute": minutes,
        },
        "report": report, "said": said, "looks": looks,
    }  # fmt: skip


def lost(desk: Path, clip: Path, seconds: float = 60.0) -> dict[str, Any]:
    """A camera that goes away and comes back."""
    view = View(desk, clip, "0", seconds)
    view.looks()
    report, said = view.end()
    times = [when for when, _ in view.frames()]
    gaps = [round(after - before, 1) for before, after in itertools.pairwise(times) if after - before > AWAY]
    return {"seconds away": AWAY, "gaps in what was shown, s": gaps, "frames": report["frames"], "said": said[1:]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/live-endurance.json"))
    args = parser.parse_args()
    result: dict[str, Any] = {"machine": describe()}
    with tempfile.TemporaryDirectory() as name:
        desk, film = Path(name), partial(make_clip, height=HEIGHT, width=WIDTH, rate=RATE)
        clip = film(desk / "clip.mp4", seconds=10)
        phases = {
            "live": lambda: endurance(desk, clip, args.seconds),
            "opened every second": lambda: endurance(desk, film(desk / "short.mp4", seconds=1), args.seconds / 5),
            "camera lost": lambda: lost(desk, clip),
        }
        for phase, work in phases.items():
            result[phase] = work()
            print(phase, {key: value for key, value in result[phase].items() if key != "looks"}, flush=True)
            save(args.out, result)


if __name__ == "__main__":
    main()
