"""What a report of a fault needs to say of the program and the machine; nothing of who uses them."""

import locale
import os
import platform
import re
import sys
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from artnet import __version__

_EXTRA = re.compile(r"""extra\s*==\s*['"](.+?)['"]""")
_DEVELOPMENT = ("dev", "docs")  # extras that no fault comes of
_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES")


def about() -> dict[str, Any]:
    """Versions of the program, of Python and of every package that it may use, and what the machine is."""
    from artnet.model.checkpoint_arrays import BUNDLED, weights_path

    return {
        "artnet": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": platform.platform(),
        "machine": {"cpu": cpu_name(), "cores": os.cpu_count(), "usable cores": _usable_cores(), "memory": _memory()},
        "engine": _engine(),
        "weights": {name: sha256(weights_path(name).read_bytes()).hexdigest()[:16] for name in BUNDLED},
        "packages": _packages(),
        "codecs": _codecs(),
        "encoding": {"files": sys.getfilesystemencoding(), "text": locale.getpreferredencoding(False)},
        "set": {
            name: "yes" if name == "ARTNET_CACHE" else os.environ[name] for name in _SETTINGS if name in os.environ
        },
    }


def cpu_name() -> str:
    """What the processor calls itself."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def _usable_cores() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _memory() -> str | None:
    """Of the machine, in GB."""
    with suppress(AttributeError, OSError, ValueError):
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB"
    return None


def _engine() -> str | None:
    """What 'auto' would paint with, and in which precision."""
    with suppress(Exception):  # whatever is wrong with an installation, the rest is still to be told
        from artnet import Stylizer

        return Stylizer.load().engine_choice
    return None


def _packages() -> dict[str, str | None]:
    """Every package that the program or an extra of it needs -> its version, None where it is not installed."""
    names = []
    with suppress(PackageNotFoundError):
        for line in requires("artnet") or ():
            extra = _EXTRA.search(line)
            if not extra or extra[1] not in _DEVELOPMENT:
                names.append(re.split(r"[^\w.-]", line, maxsplit=1)[0])
    return {name: installed(name) for name in sorted(set(names) - {"artnet"}, key=str.lower)}


def installed(name: str) -> str | None:
    """The version of a package; None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _codecs() -> dict[str, str | None]:
    """Versions of the libraries in C that decode pictures and videos."""
    from PIL import features

    found = {name: features.version(name) for name in ("jpg", "libjpeg_turbo", "zlib", "libtiff", "webp", "avif")}
    with suppress(ImportError):
        import av

        found["ffmpeg"] = " ".join(f"{name} {'.'.join(map(str, v))}" for name, v in sorted(av.library_versions.items()))
    with suppress(Exception):
        import pyvips

        found["libvips"] = ".".join(str(pyvips.version(n)) for n in range(3))
    return found
