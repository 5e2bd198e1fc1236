"""ONNX Runtime Web on the network of the local page, for `benchmarks.local_page`."""

import json
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Browser

from apps import samples
from apps.export import ExportOptions, fixed_style

FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
WORKER = """
import * as ort from './ort.wasm.min.mjs';
onmessage = async ({data: {sizes, rounds}}) => {
    [ort.env.wasm.numThreads, ort.env.wasm.wasmPaths] = [1, new URL('./', import.meta.url).href];
    const session = await ort.InferenceSession.create(new URL('painter.onnx', import.meta.url).href);
    const times = Object.fromEntries(sizes.map((size) => [size, []]));
    for (let i = -2; i < rounds; i++)
        for (const size of sizes) {
            const pixels = Uint8Array.from({length: 3 * size * size}, (_, j) => (7919 * j ^ 31 * (j >> 7)) & 255);
            const begin = performance.now();
            const {painted} = await session.run({rgb: new ort.Tensor('uint8', pixels, [1, size, size, 3])});
            if (i >= 0 && painted.data.length) times[size].push(performance.now() - begin);
        }
    postMessage(times);
};
"""
RUN = """(asked) => new Promise((resolve, reject) => {
    const worker = new Worker('worker.js', {type: 'module'});
    [worker.onmessage, worker.onerror] = [({data}) => resolve(data), ({message}) => reject(new Error(message))];
    worker.postMessage(asked);
})"""


def onnx_times(browser: Browser, package: Path, sizes: Sequence[int], rounds: int) -> dict[str, Any]:
    """Version, bytes and milliseconds by size, on WASM in one thread: the network alone, from pixels to pixels."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in FILES:
            shutil.copy(package / "dist" / name, folder)
        (folder / "worker.js").write_text(WORKER)
        (folder / "index.html").write_text("<title>ONNX Runtime Web</title>")
        (folder / "painter.onnx").write_bytes(painter())
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=place))
        Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        times = page.evaluate(RUN, {"sizes": sizes, "rounds": rounds})
        page.close()
        server.shutdown()
    return {
        "version": json.loads((package / "package.json").read_text())["version"],
        "bytes": sum((package / "dist" / name).stat().st_size for name in FILES),
        "milliseconds": {s: {"median": statistics.median(t), "least": min(t)} for s, t in times.items()},
    }


def painter() -> bytes:
    """The bundled network with a style built in, as `artnet export --style` writes it."""
    return fixed_style(ExportOptions([(next(iter(samples.styles().values())), 1.0)], 512, "s2", "artnet"))
