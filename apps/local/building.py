"""The page's folder: what is written by hand or by others (`assets`), the weights, and pictures made for it."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from apps import samples
from apps.local import HEADERS
from artnet import Stylizer
from artnet.image import flatten, ground, read_picture
from artnet.image.postprocess import BAND
from artnet.model.checkpoint_arrays import read_weights
from artnet.settings import SETTINGS

ASSETS = Path(__file__).parent / "assets"
MOST_BYTES = 6_000_000
"""Of the whole folder."""
GRAIN_STEPS = 27
"""Levels of the grain's pattern in one standard deviation: 8 bits hold 4.7 deviations, and it has 4.6."""
STYLE_SIDE, TILE_SIDE = 512, 232
"""Short side of a style, the default stroke size, so that the page need not scale it; and side of its square tile."""
PHOTO, PHOTO_SIDE = "bee", 900
"""Name of the photo that the page opens with, of those of `apps.samples`, and its longest side."""
OFFERED = ("strength", "stroke_size", "preserve_color", "grain")
STROKE_SIZES = (192, 1024)


def build(folder: Path, weights: str | Path, styles: Sequence[Path]) -> None:
    """Write the page into a folder that is there and empty.

    Args:
        weights: a checkpoint's path, or the name of bundled weights.
        styles: pictures to offer; without any, as many of the sample styles as fit.

    Raises:
        ValueError: no checkpoint, an unreadable picture, or a page of more than `MOST_BYTES`.
        FileNotFoundError: no such file.
    """
    shutil.copytree(ASSETS, folder, dirs_exist_ok=True)
    shutil.copy(samples.FOLDER / "SOURCES.md", folder)
    (folder / "artnet.safetensors").write_bytes(half_precision(weights))
    noise = np.random.default_rng(0).standard_normal((BAND, BAND), dtype=np.float32)
    (folder / "grain.bin").write_bytes(np.rint(GRAIN_STEPS * noise).astype(np.int8).tobytes())
    (folder / "ground.bin").write_bytes(b"".join(tile.tobytes() for tile in ground.tiles(1.0)))
    stylizer = Stylizer.load(weights)
    wanted = styles or list(samples.styles().values())
    write_sample(folder, stylizer, wanted[0])
    offered = write_styles(folder, stylizer, wanted, whole=bool(styles))
    page = {"settings": described(), "styles": offered, "grainSteps": GRAIN_STEPS}
    (folder / "page.json").write_text(json.dumps(page, indent=1), "utf-8")
    kept = inventory(folder) | {"headers": HEADERS}
    (folder / "files.js").write_text(f"self.PAGE = {json.dumps(kept)};\n", "utf-8")


def half_precision(weights: str | Path) -> bytes:
    """A checkpoint's file with all tensors in half precision, as the bundled ones are."""
    from safetensors.numpy import save

    config, state = read_weights(weights)
    return save({name: x.astype(np.float16) for name, x in state.items()}, {"artnet": config.to_json()})


def write_sample(folder: Path, stylizer: Stylizer, painting: Path) -> None:
    """The photo that the page opens with, and what it looks like in the first style."""
    photo = Image.open(samples.photo(PHOTO)).convert("RGB")
    photo.thumbnail((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.LANCZOS)
    (folder / "photo.jpg").write_bytes(jpeg(photo, 85))
    (folder / "painted.jpg").write_bytes(jpeg(stylizer.stylize(photo, stylizer.prepare_style(painting)), 85))


def write_styles(folder: Path, stylizer: Stylizer, styles: Sequence[Path], *, whole: bool) -> list[dict[str, str]]:
    """Write styles and their tiles below 'styles', and say what the page needs to know of each.

    Args:
        whole: whether all of them must fit, else the last ones are left out.
    """
    (folder / "styles").mkdir()
    left = MOST_BYTES - sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) - 10_000
    offered = []
    for number, path in enumerate(styles, 1):
        picture = Image.fromarray(stylizer.fit_style(flatten(read_picture(path)), STYLE_SIDE))
        square = min(picture.size)
        x, y = ((side - square) // 2 for side in picture.size)
        box = (x, y, x + square, y + square)
        tile = picture.resize((TILE_SIDE, TILE_SIDE), Image.Resampling.LANCZOS, box)
        written = {f"styles/{number:02}.jpg": jpeg(picture, 82), f"styles/{number:02}-tile.jpg": jpeg(tile, 75)}
        left -= sum(map(len, written.values()))
        if left < 0 and whole:
            raise ValueError(f"{path} does not fit: the page may have {MOST_BYTES / 1e6:g} MB; give fewer styles")
        if left < 0:
            break
        for name, blob in written.items():
            (folder / name).write_bytes(blob)
        source, thumbnail = written
        title = samples.title(path.stem) if path in samples.styles().values() else path.stem
        offered.append({"key": source, "name": path.stem, "title": title, "source": source, "thumbnail": thumbnail})
    return offered


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """A picture as the bytes of a JPEG file."""
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=quality, optimize=True)
    return stream.getvalue()


def described() -> list[dict]:
    """The settings of the page, in words and numbers that `artnet.settings` gives."""
    chosen = [SETTINGS[name]._asdict() for name in OFFERED]
    return [one | {"bounds": STROKE_SIZES} if one["name"] == "stroke_size" else one for one in chosen]


def inventory(folder: Path) -> dict:
    """All files of the page, for the service worker, with a version that changes when any of them does."""
    digest, names = hashlib.sha256(), []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        names.append(path.relative_to(folder).as_posix())
        digest.update(names[-1].encode() + hashlib.sha256(path.read_bytes()).digest())
    return {"version": digest.hexdigest()[:16], "files": [name for name in names if name != "sw.js"]}
