"""Compiled models on disk: compiling takes a few tenths of a second that a second start need not pay."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
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


def fingerprint(config: ArtNetConfig, state: Mapping[str, np.ndarray], code: Sequence[str], *versions: str) -> str:
    """A short name for a network and what compiles it; whatever changes either changes the name.

    Args:
        code: packages and modules that decide what the graphs are.
        versions: of what else does.
    """
    digest = hashlib.sha256(config.to_json().encode())
    for name in sorted(state):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(state[name]).data)
    for version in (*versions, code_version(code)):
        digest.update(version.encode() + b"\0")
    return digest.hexdigest()[:20]


def code_version(names: Sequence[str]) -> str:
    """Changes when the sources of these packages and modules do."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources(names))).hexdigest()


def sources(names: Sequence[str]) -> Iterator[Path]:
    """The files of packages (with all in them) and modules, which are not imported: that might import torch."""
    for spec in map(find_spec, names):
        if spec and spec.submodule_search_locations:
            yield from sorted(path for folder in spec.submodule_search_locations for path in Path(folder).rglob("*.py"))
        elif spec and spec.origin and Path(spec.origin).is_file():  # archives of code have none
            yield Path(spec.origin)


def cached(
    name: str,
    *,
    load: Callable[[bytes], Compiled],
    build: Callable[[], Compiled],
    dump: Callable[[Compiled], bytes],
) -> Compiled:
    """A compiled model from the cache folder, or built and then written there.

    Files are replaced whole, so that processes that start together at worst both build. A damaged file (its checksum
    does not fit), a folder that cannot be written, and none at all cost only time.
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
