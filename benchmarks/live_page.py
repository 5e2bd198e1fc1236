"""How fast the Live tab is at 640x480, the browser on the same cores; and what a frame costs each side.

    python -m benchmarks.live_page [--seconds 20] [--rounds 3] [--out benchmarks/results/live-page.json]

Serves the page in a process of its own, opens it in Chromium (Playwright drives it, without a GPU) with a file in place
of the camera, and counts what is drawn. `load before` is the machine's load average when a round begins: other work on
the same cores takes from the rate, but hardly from the processor time of a frame.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from apps.benchmark.timing import describe, save
from benchmarks.screenshots import FLAGS, camera_file
from benchmarks.web_server import family, serving

COUNT_DRAWN = """
window.drawn = [];
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...values) {
  draw.apply(this, values);
  if (this.canvas.classList.contains("live-painted")) window.drawn.push(performance.now());
};
"""
DELAYS = "performance.getEntriesByType('resource').filter(e => e.name.endsWith('/live/frame')).map(e => e.duration)"


def processor_seconds(process: int) -> float:
    """What a process and all that it has started have used so far."""
    ticks = 0
    for one in family(process):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def browser_process(folder: str) -> int:
    """The number of the Chromium that keeps its profile in a folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if folder.encode() in command and b"--type=" not in command and b"chrom" in command:
            return int(entry.name)
    raise RuntimeError("Chromium does not run")


def round_of(page: Page, server: int, browser: int, seconds: float) -> dict:
    """Live for a while; frames drawn a second, delays, and milliseconds of processor time for a frame."""
    load = os.getloadavg()[0]
    page.click(".live-start")
    page.wait_for_selector('.an-live[data-state="live"]')
    page.wait_for_timeout(3000)
    page.evaluate("performance.clearResourceTimings(); performance.setResourceTimingBufferSize(5000)")
    spent = [processor_seconds(server), processor_seconds(browser)]
    before, begin = page.evaluate("drawn.length"), time.perf_counter()
    page.wait_for_timeout(1000 * seconds)
    frames, passed = page.evaluate("drawn.length") - before, time.perf_counter() - begin
    spent = [processor_seconds(server) - spent[0], processor_seconds(browser) - spent[1]]
    delays = sorted(page.evaluate(DELAYS))
    page.click(".live-stop")
    return {
        "frames a second": round(frames / passed, 1),
        "answer, ms, median": round(statistics.median(delays)),
        "answer, ms, p95": round(delays[int(0.95 * (len(delays) - 1))]),
        "server, processor ms a frame": round(1000 * spent[0] / frames, 1),
        "browser, processor ms a frame": round(1000 * spent[1] / frames, 1),
        "load before": round(load, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--remark", help="what else the cores have to do, for the record")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/live-page.json"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving() as (url, memory), sync_playwright() as driver:
        memory.running = False  # to watch it takes a fifth of a core
        camera = camera_file(Path(folder) / "camera.mjpeg", 30)
        context = driver.chromium.launch_persistent_context(
            f"{folder}/profile", executable_path=args.chromium, viewport={"width": 1280, "height": 860},
            permissions=["camera"], args=[*FLAGS, f"--use-file-for-fake-video-capture={camera}"],
        )  # fmt: skip
        page = context.new_page()
        page.add_init_script(COUNT_DRAWN)
        page.goto(url)
        page.click('button[role=tab]:has-text("Live")')
        browser = browser_process(folder)
        rounds = [round_of(page, memory.process, browser, args.seconds) for _ in range(args.rounds)]
        context.close()
    for row in rounds:
        print(row)
    save(args.out, {"machine": describe(), "remark": args.remark, "rounds": rounds})


if __name__ == "__main__":
    main()
