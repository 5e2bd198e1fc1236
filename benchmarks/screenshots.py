"""Pictures of the page and of the live view, as README and the documentation show them.

    python -m benchmarks.screenshots [--folder benchmarks/results] [--chromium chromium]

Serves the page, opens it in Chromium (Playwright drives it), and brings it into one state after the other; the camera
of the Live tab is a file. Writes page-1280.jpg (the first screen), page-result.jpg, page-blend.jpg, page-dark.jpg,
page-390.jpg and page-390-dark.jpg (a phone), page-390-settings.jpg, page-768.jpg, page-1920.jpg, page-error.jpg,
page-live.jpg and live-strip.jpg. `benchmarks.page` measures the page, `benchmarks.live_page` the live view.
"""

import argparse
import shutil
import tempfile
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from apps import samples
from apps.common.contact_sheet import contact_sheet
from artnet import Stylizer
from artnet.image import resize
from benchmarks.flicker import generated
from benchmarks.page import FLAGS, change, drop, opened, served

STRIP = ("starry-orchard", "stained-glass", "poppy-meadow", "wave-print", "paper-shapes", "ink-gorge")
TILES = 12_000  # milliseconds for the tiles with the visitor's photo
QUALITY = 86


def camera_file(path: Path, rate: int = 20) -> Path:
    """What the camera sees: 640x480 at so many frames per second, as Motion JPEG."""
    with av.open(str(path), "w", format="mjpeg") as out:
        stream = out.add_stream("mjpeg", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuvj420p"
        for content, _, _ in generated(100):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(resize(content, 480, 640), format="rgb24")))
        out.mux(stream.encode())
    return path


def take(page: Page, path: Path) -> None:
    """What the window shows, without a mouse over anything."""
    page.mouse.move(5, 300)
    page.wait_for_function("[...document.images].every((one) => one.complete || one.loading === 'lazy')")
    page.wait_for_timeout(400)
    Image.open(BytesIO(page.screenshot())).convert("RGB").save(path, quality=QUALITY, progressive=True)


def wide(browser: Browser, url: str, photo: Path, folder: Path) -> None:
    """From the first screen to an error, on a desk."""
    with opened(browser, url) as page:
        take(page, folder / "page-1280.jpg")
        drop(page, photo)
        page.wait_for_timeout(TILES)
        change(page, "great-wave")
        take(page, folder / "page-result.jpg")
        page.check(".an-panel .blend input")
        change(page, "scream")
        take(page, folder / "page-blend.jpg")
        letter = photo.with_name("letter.jpg")
        letter.write_text("Dear Sir or Madam")
        page.set_input_files("#photo .files", letter)
        page.wait_for_selector(".an-photo .problem:not([hidden])")
        take(page, folder / "page-error.jpg")
    with opened(browser, url, scheme="dark") as page:
        drop(page, photo)
        page.wait_for_timeout(TILES)
        take(page, folder / "page-dark.jpg")


def other_sizes(browser: Browser, url: str, photo: Path, folder: Path) -> None:
    """A phone, a tablet and a large screen."""
    for name, width, scheme in (("390", 390, "light"), ("390-dark", 390, "dark"), ("768", 768, "light"),
                                ("1920", 1920, "light")):  # fmt: skip
        with opened(browser, url, width, scheme) as page:
            if scheme == "light":
                drop(page, photo)
                page.wait_for_timeout(TILES)
                change(page, "great-wave")
            take(page, folder / f"page-{name}.jpg")
            if name == "390":
                page.click(".an-panel .sheet-open")
                take(page, folder / "page-390-settings.jpg")


def live(browser: Browser, url: str, path: Path) -> None:
    """The Live tab after some seconds."""
    with opened(browser, url) as page:
        page.click("#tabs button[role=tab]:has-text('Live')")
        page.click(".live-start")
        page.wait_for_selector(".an-live[data-state=live]")
        page.wait_for_timeout(6000)
        take(page, path)


def strip(stylizer: Stylizer, path: Path) -> None:
    """Six moments of the live view, each in another style."""
    contents = [resize(content, 480, 640) for n, (content, _, _) in enumerate(generated(48)) if n % 8 == 0]
    painted = []
    for name, rgb in zip(STRIP, contents, strict=True):
        painted.append(stylizer.stylize(rgb, stylizer.prepare_style(samples.style(name))))
    rows = [[Image.fromarray(np.ascontiguousarray(rgb)) for rgb in row] for row in (contents, painted)]
    contact_sheet(rows, cell=(240, 180), margin=8).save(path, quality=88)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, served() as url, sync_playwright() as driver:
        photo = Path(shutil.copy(samples.photo("bee"), Path(name) / "bee.jpg"))
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera_file(Path(name) / 'camera.mjpeg')}"]
        browser = driver.chromium.launch(executable_path=args.chromium, args=flags)
        wide(browser, url, photo, args.folder)
        other_sizes(browser, url, photo, args.folder)
        live(browser, url, args.folder / "page-live.jpg")
        browser.close()
    strip(Stylizer.load(), args.folder / "live-strip.jpg")


if __name__ == "__main__":
    main()
