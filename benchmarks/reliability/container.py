"""The Dockerfile, built and run by podman: does it serve and paint without rights, without network, read-only?

    python -m benchmarks.reliability.container [--json benchmarks/results/container.json]

No registry of images is asked: the image that the Dockerfile begins with is made here, of the same release of Debian
and its own Python 3.11, from the mirror that apt uses. All else is the Dockerfile's, of the last commit. What pip is
told by environment variables here, it is told there. Needs root, and `apt-get install mmdebstrap podman runc`.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from apps import samples
from apps.benchmark.timing import describe, save
from benchmarks.likeness import in_words
from benchmarks.reliability.checkout import ROOT, last_commit
from benchmarks.reliability.debian import mirror

BASE = """\
FROM scratch
ADD base.tar /
RUN ln -s /usr/bin/python3 /usr/local/bin/python
"""
LOCKED = ("--read-only", "--tmpfs", "/tmp", "--network", "none", "--cap-drop", "all",
          "--security-opt", "no-new-privileges")  # fmt: skip
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")  # podman's own are above what may be asked for
WHO = "import os; print(os.getuid(), *(line.split()[1] for line in open('/proc/1/status') if line[:6] == 'CapEff'))"
ASK = """
import shutil
from gradio_client import Client, handle_file
from PIL import Image
from apps import samples

shutil.copy(samples.photo(), "/tmp/photo.jpg")
client = Client("http://127.0.0.1:7860", verbose=False, analytics_enabled=False)
painted = client.predict(handle_file("/tmp/photo.jpg"), style_name="scream", api_name="/stylize")
with Image.open(painted) as image:
    print("{} of {} x {}".format(image.format, *image.size))
"""


class Podman:
    """Podman with images and containers in a folder of its own."""

    def __init__(self, folder: Path):
        self.start = ["podman", "--runtime", "runc", "--root", str(folder / "store"), "--runroot", str(folder / "run")]
        self.environment = os.environ | {"TMPDIR": str(folder)}

    def __call__(self, *words: str, check: bool = True, timeout: float = 1800) -> str:
        """Standard output. Raises RuntimeError with the last line of the other where it fails."""
        done = subprocess.run([*self.start, *words], env=self.environment, capture_output=True, text=True,
                              timeout=timeout, check=False)  # fmt: skip
        if check and done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
        return done.stdout.strip()

    def build(self, context: Path, file: Path, tag: str, *options: str) -> int:
        """Build an image; its bytes."""
        self("build", "--isolation", "chroot", "--network", "host", "--pull=never", "--format", "docker",
             "--file", str(file), "--tag", tag, *options, str(context))  # fmt: skip
        return int(self("image", "inspect", "--format", "{{.Size}}", tag))


@contextmanager
def opened(folder: Path) -> Iterator[Podman]:
    """Podman in that folder, and nothing of it left there."""
    podman = Podman(folder)
    try:
        yield podman
    finally:
        podman("system", "reset", "--force", check=False)
        subprocess.run(["umount", "--quiet", folder / "store" / "overlay"], check=False)  # podman mounts it onto itself


def base(podman: Podman, folder: Path) -> int:
    """The image that the Dockerfile begins with; its bytes."""
    name, release = re.findall(r"^FROM (\S+:\S+-(\w+))$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[-1]
    packages = "--include=python3-venv,ca-certificates"
    command = ["mmdebstrap", "--quiet", "--variant=minbase", packages, release, str(folder / "base.tar"), mirror()]
    subprocess.run(command, check=True)
    (folder / "Dockerfile").write_text(BASE)
    return podman.build(folder, folder / "Dockerfile", f"docker.io/library/{name}")


def told_to_pip(folder: Path) -> list[str]:
    """Options that give the build what pip is told here, and the certificates that it may be told of."""
    told = {name[4:].lower().replace("_", "-"): value for name, value in os.environ.items() if name[:4] == "PIP_"}
    lines = (f"{name} = {value}" for name, value in told.items())
    (folder / "pip.conf").write_text("\n".join(["[global]", *lines, ""]))
    volumes = (f"{folder / 'pip.conf'}:/etc/pip.conf", "/etc/ssl/certs:/etc/ssl/certs")
    return [word for volume in volumes for word in ("--volume", f"{volume}:ro")]


def painted(podman: Podman, desk: Path) -> dict[str, Any]:
    """A photo in a folder of somebody's, as the page on integrations has it, beside the same painted here."""
    shutil.copy(samples.photo(), desk / "photo.jpg")
    os.chown(desk, 1234, 1234)
    words = ("stylize", "photo.jpg", "--style", "scream", "-o")
    somebody = ("--volume", f"{desk}:/work", "--user", "1234")
    podman("run", "--rm", *LOCKED, *LIMITS, *somebody, "artnet", *words, "there.png")
    here = [sys.executable, "-m", "apps.cli", *words, "here.png"]
    subprocess.run(here, cwd=desk, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    near = in_words(*(np.asarray(Image.open(desk / name)) for name in ("there.png", "here.png")))
    return {"written by user": (desk / "there.png").stat().st_uid, "beside the same here": near}


def served(podman: Podman) -> dict[str, Any]:
    """The page: when it is healthy, who it runs as, a photo that it paints, and how it ends."""
    begin = time.monotonic()
    name = podman("run", "--detach", *LOCKED, *LIMITS, "artnet")
    while subprocess.run([*podman.start, "healthcheck", "run", name], capture_output=True, check=False).returncode:
        if time.monotonic() > begin + 120:
            raise RuntimeError(podman("logs", name))
        time.sleep(1)
    found: dict[str, Any] = {"seconds until healthy": round(time.monotonic() - begin, 1)}
    user, rights = podman("exec", name, "python", "-c", WHO).split()
    found |= {"user": int(user), "rights": "none" if int(rights, 16) == 0 else rights}
    found["painted by the page"] = podman("exec", name, "python", "-c", ASK)
    begin = time.monotonic()
    podman("stop", "--time", "20", name)
    found["seconds until it had ended"] = round(time.monotonic() - begin, 1)
    found["exit code"] = int(podman("inspect", "--format", "{{.State.ExitCode}}", name))
    podman("rm", name)
    return found


def measured(podman: Podman, folder: Path, smallest: int) -> dict[str, Any]:
    """Build the image on a base of so many bytes, and use it."""
    source, desk = last_commit(folder / "source"), folder / "desk"
    desk.mkdir()
    begin = time.monotonic()
    size = podman.build(source, source / "Dockerfile", "artnet", *told_to_pip(folder))
    return {
        "machine": describe(), "podman": podman("version", "--format", "{{.Client.Version}}"),
        "seconds to build": round(time.monotonic() - begin), "MB beside the base": round((size - smallest) / 1e6),
        "python": podman("run", "--rm", *LOCKED, *LIMITS, "--entrypoint", "python", "artnet", "--version"),
        "painted": painted(podman, desk), "served": served(podman),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/container.json"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="artnet-container-") as name, opened(Path(name)) as podman:
        result = measured(podman, Path(name), base(podman, Path(name)))
    print(json.dumps(result, indent=2))
    save(args.json, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
