"""The page's own files: the painted example, scripts and looks; and the words that go into templates."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from apps import samples

FOLDER = Path(__file__).parent / "assets"
EXAMPLE = ("bridge", "starry-night")
"""The sample photo that the page opens with, and the style that it is painted in; `benchmarks/example.py` paints it."""
TILE = 224
URL = "static/artnet"
"""Where `apps.web.shell` serves the folder, below the page's own address."""


def text(name: str) -> str:
    """The content of a template or script."""
    return (FOLDER / name).read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def tile(kind: str, name: str) -> bytes:
    """A JPEG of TILE x TILE pixels: the middle of a sample style ("styles") or photo ("photos").

    Raises:
        ValueError: no such kind or name.
    """
    found = {"styles": samples.style, "photos": samples.photo}
    if kind not in found:
        raise ValueError(f"no kind of sample {kind!r:.40}")
    encoded = BytesIO()
    with Image.open(found[kind](name)) as image:
        ImageOps.fit(image.convert("RGB"), (TILE, TILE), Image.Resampling.LANCZOS).save(encoded, "JPEG", quality=82)
    return encoded.getvalue()


def starting(module: str) -> str:
    """What a `gr.HTML` runs on load: the function `start` of one of the page's modules."""
    return f"""import(new URL("{URL}/{module}.js", document.baseURI))
  .then((module) => module.start({{ element, props, trigger, watch }}));"""
