"""Compiled models on disk: compiling takes a few tenths of a second that a second start need not pay."""

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import numpy as np
from platformdirs import user_cache_path

from artnet.image.files import atomic_write
from artnet.model.config import ArtNetConfig

Compiled = TypeVar("Compiled")
DIGEST = 32  # bytes of the SHA-256 that a file starts with


def cache_folder() -> Path | None:
    """Where compiled models lie: $ARTNET_CACHE, or the user's cache folder; None for a user who has no home."""
    with suppress(RuntimeError):
        return Path(os.environ.get("ARTNET_CACHE") or user_cache_path("artnet"))
    return None


def fingerprint(config: ArtNetConfig, state: Mapping[str, np.ndarray], *versions: str) -> str:
    """A short name for a network and what compiles it; whatever changes either changes the name."""
    digest = hashlib.sha256(config.to_json().encode())
    for name in sorted(state):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(state[name]).data)
    for version in (*versions, code_version()):
        digest.update(version.encode() + b"\0")
    return digest.hexdigest()[:20]


def code_version() -> str:
    """Changes when any code that builds the graphs may have changed."""
    specs = [find_spec(package) for package in ("artnet", "s2transform")]  # not imported: that would import torch
    folders = [Path(folder) for spec in specs if spec for folder in spec.submodule_search_locations or ()]
    sources = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def cached(
    name: str,
    *,
    load: Callable[[bytes], Compiled],
    build: Callable[[], Compiled],
    dump: Callable[[Compiled], bytes],
) -> Compiled:
    """A compiled model from the cache folder, or built and then written there.

    Files are replaced whole, so that processes that start together at worst both build. A damaged file (its checksum
    does not fit) a folder that cannot be written, and none at all, cost only time.
    """
    folder = cache_folder()
    if folder is None:
        return build()
    path = folder / f"{name}.blob"
    with suppress(OSError, RuntimeError):
        content = path.read_bytes()
        if hashlib.sha256(content[DIGEST:]).digest() == content[:DIGEST]:
            return load(content[DIGEST:])
    compiled = build()
    with suppress(OSError, RuntimeError):
        blob = dump(compiled)
        blob = blob.getvalue() if hasattr(blob, "getvalue") else bytes(blob)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(hashlib.sha256(blob).digest() + blob)
    return compiled
