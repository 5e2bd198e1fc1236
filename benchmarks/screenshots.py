"""Pictures of the page and of the live view for README, and how fast the page is.

    python -m benchmarks.screenshots [--folder benchmarks/results] [--chromium chromium]

Serves the page, opens it in Chromium (Playwright drives it), stylizes the sample photo, and turns on the Live tab with
a file in place of the camera. Writes page-1280.jpg, page-390.jpg, page-live.jpg, live-strip.jpg and page.json: seconds
from the click to the shown result for the sample photo at 512 px, and frames per second that the Live tab shows at
640x480.
"""

import argparse
import shutil
import socket
import statistics
import tempfile
import time
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from apps import samples
from apps.contact_sheet import contact_sheet
from apps.timing import describe, save
from apps.web import start
from apps.webcam.live import Controls, Painter
from artnet import Stylizer
from artnet.pictures import resize
from artnet.settings import StyleSettings
from benchmarks.flicker import generated

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
]
COUNT_FRAMES = """() => { window.shown = 0; new MutationObserver(changes => { window.shown += changes.length })
    .observe(document.querySelector('#live'), {subtree: true, attributes: true, attributeFilter: ['src']}) }"""


def camera_file(path: Path) -> Path:
    """What the camera sees: 640x480 at 20 frames per second, as Motion JPEG."""
    with av.open(str(path), "w", format="mjpeg") as out:
        stream = out.add_stream("mjpeg", rate=20)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuvj420p"
        for content, _, _ in generated(100):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(resize(content, 480, 640), format="rgb24")))
        out.mux(stream.encode())
    return path


def take(page: Page, path: Path) -> None:
    Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB").save(path, quality=88)


def photo(page: Page, picture: Path, style: int) -> list[float]:
    """Stylize a photo with several strengths; seconds from the click to the picture, the first time left out."""
    page.set_input_files("#photo input[type=file]", picture)
    page.wait_for_selector("#photo img")
    page.click(f"#styles .gallery-item:nth-child({style}) button")
    page.wait_for_selector(f"#caption:has-text('{list(samples.styles())[style - 1].replace('-', ' ')}')")
    seconds, last = [], None
    for strength in ("0.7", "0.8", "0.9", "1"):
        page.fill("#strength input[type=number]", strength)
        page.press("#strength input[type=number]", "Enter")
        page.wait_for_timeout(500)
        begin = time.perf_counter()
        page.click("#stylize")
        page.wait_for_function("old => { const i = document.querySelectorAll('#result img'); "
                               "return i.length > 1 && i[1].src !== old && i[1].complete }", arg=last)  # fmt: skip
        seconds.append(time.perf_counter() - begin)
        last = page.evaluate("document.querySelectorAll('#result img')[1].src")
        page.wait_for_timeout(2000)  # while the files are written
    return seconds[1:]


def live(page: Page, path: Path) -> float:
    """Turn the camera on, take a picture, and count the frames shown per second."""
    page.click('button[role=tab]:has-text("Live")')
    page.click("#camera >> text=Click to Access Webcam")
    page.click('#camera button:has-text("Record")')
    page.wait_for_selector("#live img")
    page.evaluate(COUNT_FRAMES)
    page.wait_for_timeout(3000)
    before, begin = page.evaluate("window.shown"), time.perf_counter()
    page.wait_for_timeout(10_000)
    rate = (page.evaluate("window.shown") - before) / (time.perf_counter() - begin)
    take(page, path)
    page.click('#camera button:has-text("Stop")')
    return rate


def strip(stylizer: Stylizer, path: Path) -> None:
    """Six moments of the live view, each in another style."""
    styles = list(samples.styles().values())
    contents = [content for n, (content, _, _) in enumerate(generated(48)) if n % 8 == 0]
    painters = [Painter(stylizer, [style], Controls(settings=StyleSettings(grain=0.0))) for style in styles]
    painted = [painter.paint(resize(rgb, 480, 640)) for painter, rgb in zip(painters, contents, strict=True)]
    rows = [[Image.fromarray(np.ascontiguousarray(rgb)) for rgb in row] for row in (contents, painted)]
    contact_sheet(rows, cell=(240, 180), margin=8).save(path, quality=88)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    args = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"weights": None, "engine": "auto", "device": "auto", "host": "127.0.0.1", "port": port, "auth": None,
               "allow_host": []}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        small = Path(folder) / "photo.jpg"
        Image.open(samples.photo()).resize((512, 341)).save(small, quality=95)
        camera = camera_file(Path(folder) / "camera.mjpeg")
        url, close = start(argparse.Namespace(**options), folder)
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
        browser = driver.chromium.launch(executable_path=args.chromium, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 860}, permissions=["camera"])
        page.goto(url)
        seconds = photo(page, small, 6)
        take(page, args.folder / "page-1280.jpg")
        rate = live(page, args.folder / "page-live.jpg")
        narrow = browser.new_page(viewport={"width": 390, "height": 844})
        narrow.goto(url)
        photo(narrow, small, 5)
        take(narrow, args.folder / "page-390.jpg")
        browser.close()
        close()
    stylizer = Stylizer.load()
    strip(stylizer, args.folder / "live-strip.jpg")
    result = {"photo 512 px, seconds": round(statistics.median(seconds), 2), "live 640x480, fps": round(rate, 1)}
    print(result)
    save(args.folder / "page.json", {"machine": describe(), "engine": stylizer.engine_choice} | result)


if __name__ == "__main__":
    main()
