"""The web page as its visitors meet it: accessibility, layout shift, weight and times, in a real browser.

    python -m benchmarks.page [--axe axe.min.js] [--chromium chromium] [--out benchmarks/results/page.json]

Serves the page with the bundled network and opens it in Chromium (Playwright drives it) at four widths, light and dark.
Without --axe (the script of `npm install axe-core`: node_modules/axe-core/axe.min.js) accessibility is left out.
Seconds are from the drop of a photo to its painting on the screen, medians of several styles of one session.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from apps import samples
from apps.benchmark.timing import describe, save
from apps.web.command import start
from apps.web.options import ServeOptions
from benchmarks.ports import free_port

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
]
SIZES = {390: 844, 768: 1024, 1280: 800, 1920: 1080}
STYLES = ("great-wave", "scream", "udnie", "wheat-field", "water-lilies")
SHIFT = """window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shift += entry.value }).observe({type: 'layout-shift', buffered: true})"""
AXE = "async () => (await axe.run()).violations.map(v => [v.id, v.nodes.map(n => n.target.join(' ')).join(', ')])"
PAINTED = "document.querySelector('.an-photo .state').textContent.startsWith('Painted in')"


@contextmanager
def served() -> Iterator[str]:
    """The address of a page that is there for as long as the context."""
    with tempfile.TemporaryDirectory() as folder:
        url, close = start(ServeOptions(port=free_port()), folder)
        yield url
        close()


@contextmanager
def opened(browser: Browser, url: str, width: int = 1280, scheme: Any = "light") -> Iterator[Page]:
    """The page in a window of its own, ready to be used."""
    view: Any = {"width": width, "height": SIZES[width]}
    context = browser.new_context(viewport=view, color_scheme=scheme, has_touch=width < 1000, permissions=["camera"])
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.add_init_script(SHIFT)
    page.goto(url)
    page.wait_for_selector(".an-panel .tile[aria-pressed=true]")
    page.wait_for_function("document.querySelector('#photo .after')?.complete")
    page.wait_for_timeout(500)
    yield page
    context.close()


def drop(page: Page, photo: Path) -> float:
    """Give the page a photo; seconds until its painting is shown."""
    page.evaluate("document.querySelector('.an-photo .state').textContent = ''")
    begin = time.perf_counter()
    page.set_input_files("#photo .files", photo)
    page.wait_for_function(PAINTED)
    return time.perf_counter() - begin


def change(page: Page, style: str) -> float:
    """Choose another style; seconds until it is painted, of which 0.15 are waited for a further change."""
    page.evaluate("document.querySelector('.an-photo .state').textContent = ''")
    begin = time.perf_counter()
    page.click(f".an-panel li[data-name={style}] .tile")
    page.wait_for_function(PAINTED)
    return time.perf_counter() - begin


def photos(folder: Path) -> dict[str, Path]:
    """A photo of 512 pixels, and one of 24 megapixels."""
    made = {}
    with Image.open(samples.photo("bee")) as image:
        for name, size in {"512 px": (512, 404), "24 MP": (6000, 4000)}.items():
            made[name] = folder / f"{name.replace(' ', '-')}.jpg"
            image.resize(size, Image.Resampling.LANCZOS).save(made[name], quality=92)
    return made


def weight(browser: Browser, url: str) -> dict[str, float]:
    """Kilobytes that come over the wire until the page is still, and how many requests bring them."""
    page = browser.new_page()
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url)
    page.wait_for_selector(".an-panel .tile[aria-pressed=true]")
    page.wait_for_timeout(3000)
    own = page.evaluate("performance.getEntriesByType('resource').filter(r => r.name.includes('/static/artnet/'))"
                        ".reduce((sum, r) => sum + r.transferSize, 0)")  # fmt: skip
    page.close()
    found = {"kB": sum(sizes) / 1000, "of them the page's own files, kB": own / 1000, "requests": len(sizes)}
    return {name: round(value) for name, value in found.items()}


def times(browser: Browser, url: str, files: dict[str, Path]) -> dict[str, float]:
    """Seconds of a visitor on 1280 pixels."""
    seconds: dict[str, list[float]] = {}
    for name, path in files.items():
        for _ in range(3):
            with opened(browser, url) as page:
                seconds.setdefault(f"{name}, drop to painting", []).append(drop(page, path))
                page.wait_for_timeout(6000)  # while the tiles are painted
                seconds.setdefault(f"{name}, change of style", []).extend(change(page, style) for style in STYLES)
    return {name: round(statistics.median(values), 2) for name, values in seconds.items()}


def first(browser: Browser, url: str) -> float:
    """Seconds from the address to the painted example with its styles, on an empty cache."""
    values = []
    for _ in range(3):
        context = browser.new_context(viewport={"width": 1280, "height": SIZES[1280]})
        page = context.new_page()
        begin = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_selector(".an-panel .tile[aria-pressed=true]")
        page.wait_for_function("document.querySelector('#photo .after')?.complete")
        values.append(time.perf_counter() - begin)
        context.close()
    return round(statistics.median(values), 2)


def states(page: Page, photo: Path, width: int) -> Iterator[str]:
    """Bring the page into one state after the other."""
    yield "first screen"
    drop(page, photo)
    page.wait_for_timeout(3000)
    yield "result"
    page.check(".an-panel .blend input")
    page.click(".an-panel li[data-name=scream] .tile")
    if width < 1000:
        page.click(".an-panel .sheet-open")
    page.wait_for_timeout(800)
    yield "blend"
    if width < 1000:
        page.click(".an-panel .sheet-close")
    page.click(".an-photo .part")
    page.wait_for_timeout(300)
    yield "brush"
    page.click(".an-photo .part")
    bad = photo.with_name("letter.jpg")
    bad.write_text("Dear Sir or Madam")
    page.set_input_files("#photo .files", bad)
    page.wait_for_selector(".an-photo .problem:not([hidden])")
    yield "error"
    for tab in ("Video", "Live"):
        page.click(f"#tabs button[role=tab]:has-text('{tab}')")
        page.wait_for_timeout(800)
        yield tab.lower()


def looked_through(browser: Browser, url: str, axe: str | None, photo: Path) -> Iterator[dict]:
    """What every state of the page has of layout shift so far, of width that hangs over, and of violations."""
    for width in SIZES:
        for scheme in ("light", "dark"):
            with opened(browser, url, width, scheme) as page:
                for state in states(page, photo, width):
                    row = {"width": width, "scheme": scheme, "state": state}
                    row["layout shift"] = round(page.evaluate("window.shift"), 4)
                    row["hangs over"] = page.evaluate("document.documentElement.scrollWidth > innerWidth")
                    if axe:
                        page.evaluate(axe)
                        row["violations"] = page.evaluate(AXE)
                    yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--axe", type=Path, help="axe.min.js of axe-core")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/page.json"))
    args = parser.parse_args()
    axe = args.axe.read_text() if args.axe else None
    with tempfile.TemporaryDirectory() as folder, served() as url, sync_playwright() as driver:
        files = photos(Path(folder))
        browser = driver.chromium.launch(executable_path=args.chromium, args=FLAGS)
        result: dict[str, Any] = {"machine": describe(), "seconds to the first screen": first(browser, url)}
        result["weight"] = weight(browser, url)
        result["seconds"] = times(browser, url, files)
        rows = []
        for row in looked_through(browser, url, axe, files["512 px"]):
            print(row, flush=True)
            rows.append(row)
        result |= summary(rows, axe is not None)
        browser.close()
    print(result)
    save(args.out, result | {"states": rows})


def summary(rows: list[dict], with_axe: bool) -> dict[str, Any]:
    """The worst of all states."""
    worst: Callable[[str], Any] = lambda name: max(row[name] for row in rows)  # noqa: E731
    found = {"layout shift at most": worst("layout shift"), "hangs over the side": worst("hangs over")}
    return found | ({"axe violations": sum(len(row["violations"]) for row in rows)} if with_axe else {})


if __name__ == "__main__":
    main()
