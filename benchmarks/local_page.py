"""How large, fast and true the page is that paints in the visitor's browser.

    python -m benchmarks.local_page [--json benchmarks/results/local_page.json] [--onnxruntime-web FOLDER]

Writes the page, serves it as plain files and opens it in headless Chromium (Playwright drives it). Measures the
megabytes until the page shows a painted picture and until it has painted one itself, milliseconds to paint squares of
256, 384 and 512 pixels (style prepared, from bitmap to bitmap, grain and detail included), frames a second of
Chromium's fake camera, and the PSNR of its pictures to those of `Stylizer` with the engine of the command line and, on
torch, in single precision (WebGL and WebGPU run on Chromium's adapters of software there, so their time says nothing);
then takes the server away and reloads. FOLDER is the unpacked package onnxruntime-web, which is measured with the same
network for comparison.
"""

import argparse
import base64
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from apps import samples
from apps.benchmark.timing import describe, save
from apps.local.folder import write_page
from artnet import Stylizer
from artnet.engines.revising import as_trained
from artnet.engines.torch_engine import TorchEngine
from artnet.model.checkpoint import load_checkpoint
from benchmarks.likeness import psnr
from benchmarks.local_onnx import onnx_times

SIZES, ROUNDS = (256, 384, 512), 15
FLAGS = [
    *("--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
    *("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-unsafe-swiftshader"),
]
TIMES = """async ([sizes, rounds]) => {
    const {Painter} = await import('./js/painter.js');
    const {styles, grainSteps} = await (await fetch('page.json')).json();
    const painter = new Painter(), settings = {strength: 1, stroke_size: 512, grain: 1, preserve_color: false};
    await painter.ask('start', {grainSteps});
    const photo = await createImageBitmap(await (await fetch('photo.jpg')).blob());
    const paint = async (size) => {
        const picture = await createImageBitmap(photo, {resizeWidth: size, resizeHeight: size});
        const begin = performance.now();
        await painter.ask('paint', {picture, style: styles[0], settings, transfer: [picture]});
        return performance.now() - begin;
    };
    const times = Object.fromEntries(sizes.map((size) => [size, []]));
    for (let i = -2; i < rounds; i++)
        for (const size of sizes) { const taken = await paint(size); if (i >= 0) times[size].push(taken); }
    return times;
}"""


class Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def serve(folder: Path) -> tuple[str, ThreadingHTTPServer]:
    """A server of plain files: its address, and what shuts it down."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/", server


def open_page(browser: Browser, url: str, **options: Any) -> Page:
    page = browser.new_context(permissions=["camera"], **options).new_page()
    page.set_default_timeout(300_000)
    page.goto(url)
    page.wait_for_selector("#status:has-text('A sample')")
    return page


def until_first_picture(browser: Browser, url: str) -> dict[str, float]:
    """Megabytes and seconds, without the service worker, which loads what is left afterwards."""
    page = browser.new_context(service_workers="block").new_page()
    page.set_default_timeout(300_000)
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    begin = time.perf_counter()
    page.goto(url)
    page.wait_for_selector("#status:has-text('A sample')")
    shown, shown_bytes = time.perf_counter() - begin, sum(sizes)
    page.click(".style:nth-child(3)")
    page.wait_for_selector("#status:has-text('Painted in')")
    painted = time.perf_counter() - begin
    page.context.close()
    return {
        "MB to a painted picture": shown_bytes / 1e6, "seconds to it": shown,
        "MB to one painted here": sum(sizes) / 1e6, "seconds to that": painted,
    }  # fmt: skip


def painting_times(browser: Browser, url: str) -> dict[str, dict[str, float]]:
    """Milliseconds by size."""
    page = open_page(browser, url)
    times = page.evaluate(TIMES, [SIZES, ROUNDS])
    page.context.close()
    return {size: {"median": statistics.median(taken), "least": min(taken)} for size, taken in times.items()}


def camera(browser: Browser, url: str) -> dict[str, Any]:
    """Frames a second after ten seconds, and their size."""
    page = open_page(browser, url)
    page.click("#camera")
    page.wait_for_selector("#status:has-text('pictures a second')")
    page.wait_for_timeout(10_000)
    rates = []
    for _ in range(20):
        page.wait_for_timeout(500)
        rates.append(float(page.inner_text("#status").split()[0]))
    width, height = page.evaluate("() => ['width', 'height'].map(side => document.querySelector('.live')[side])")
    page.context.close()
    return {"frames a second": statistics.median(rates), "pixels": f"{width}x{height}"}


def truth(browser: Browser, url: str, folder: Path, size: int, photos: Sequence[str], styles: Sequence[int]) -> dict:
    """PSNR in dB of photos in some styles, to two engines."""
    engines = {
        "command line": Stylizer.load(),
        "single precision": Stylizer(as_trained(lambda: TorchEngine(load_checkpoint("artnet"), "cpu", torch.float32))),
    }
    found: dict[str, list[float]] = {name: [] for name in engines}
    for photo in photos:
        page = open_page(browser, url)
        picture = Image.open(samples.photo(photo)).convert("RGB")
        picture.thumbnail((size, size))
        stream = BytesIO()
        picture.save(stream, "PNG")
        file = {"name": "photo.png", "mimeType": "image/png", "buffer": stream.getvalue()}
        page.set_input_files("#photo", files=[file])
        page.wait_for_selector("#status:has-text('Painted in')")
        for number in styles:
            page.click(f".style:nth-child({number + 1})")
            page.wait_for_selector("#status:has-text('Painted in')")
            got = shown(page)
            for name, stylizer in engines.items():
                style = stylizer.prepare_style(folder / "styles" / f"{number:02}.jpg")
                found[name].append(psnr(got, stylizer.stylize(np.array(picture), style)))
        page.context.close()
    return found


def shown(page: Page) -> np.ndarray:
    address = page.evaluate("() => document.querySelector('.after').toDataURL('image/png')")
    return np.array(Image.open(BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB"))


def without_network(browser: Browser, folder: Path) -> dict[str, Any]:
    """Whether a second visit works without the server, and which other hosts were asked for anything."""
    url, server = serve(folder)
    page, elsewhere = open_page(browser, url), []
    page.context.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith((url, "blob:")) else None)
    page.wait_for_selector("#offline:has-text('Works without')")
    server.shutdown()
    server.server_close()
    page.reload()
    page.wait_for_selector("#status:has-text('A sample')")
    page.click(".style:nth-child(4)")
    page.wait_for_selector("#status:has-text('Painted in')")
    page.context.close()
    return {"paints without a network": True, "requests to other hosts": len(elsewhere)}


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return round(value, 2) if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/local_page.json"))
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--onnxruntime-web", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        folder = Path(place) / "page"
        write_page(folder)
        sizes = {part.name: bytes_of(part) for part in sorted(folder.iterdir())}
        url, _ = serve(folder)
        browser = driver.chromium.launch(executable_path=args.chromium, args=FLAGS)
        found: dict[str, Any] = {
            "machine": describe() | {"load": os.getloadavg()[0], "chromium": browser.version},
            "page, bytes": sizes | {"all": sum(sizes.values())},
            "first picture": until_first_picture(browser, url),
            "milliseconds": painting_times(browser, url),
            "camera": camera(browser, url),
            "PSNR at 512 px": truth(browser, url, folder, 512, list(samples.PHOTOS), [1, 2, 7]),
            "PSNR at 96 px, WebGL": truth(browser, f"{url}?backend=webgl", folder, 96, ["bee"], [1]),
            "PSNR at 96 px, WebGPU": truth(browser, f"{url}?backend=webgpu", folder, 96, ["bee"], [1]),
        } | without_network(browser, folder)
        if args.onnxruntime_web:
            found["ONNX Runtime Web"] = onnx_times(browser, args.onnxruntime_web, SIZES, ROUNDS)
        browser.close()
    save(args.json, rounded(found))
    print(args.json.read_text())


def bytes_of(path: Path) -> int:
    return sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file())


if __name__ == "__main__":
    main()
