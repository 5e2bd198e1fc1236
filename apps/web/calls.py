"""What the page's scripts call: previews at once, files at full size as jobs that tell how far they are."""

import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image, ImageOps

from apps.web.asks import Ask, ask_of, photo_of, photos_of, sender_of, stem
from apps.web.assets import TILE
from apps.web.clients import GoneError, address
from apps.web.painting import paint_photo, photo_at_work
from apps.web.panel import keep_alive, upload_of, wish
from apps.web.places import Places
from apps.web.shared_stylizer import SharedStylizer
from apps.web.smalls import Smalls
from apps.web.steps import Steps
from apps.web.uploads import number, read_mask, sentence, thumbnail, told
from artnet.image import Picture, flatten, write_picture

QUALITY = 88  # of the JPEGs that the page shows
MAX_TILES = 6
"""Styles that one call for tiles may ask for."""
TILE_PHOTO = 960
"""Pixels of the longer side of the photo that tiles show the middle of."""
FORMATS = ("jpg", "png")


def build_calls(shared: SharedStylizer) -> None:
    """Add the endpoints to the current page, unseen; they are not part of its API."""
    calls = Calls(shared)
    hidden: dict[str, Any] = {"api_visibility": "undocumented", "show_progress": "hidden"}
    with gr.Group(visible=False):
        asked, said, file = gr.JSON(label="ask"), gr.JSON(label="said"), gr.File(label="file")
        for quick in (calls.preview, calls.tiles, calls.style, calls.alive):
            gr.Button().click(told(quick), asked, said, api_name=f"page_{quick.__name__}", queue=False, **hidden)
        for job in (calls.save, calls.zip):
            gr.Button().click(
                told(job), asked, [said, file], api_name=f"page_{job.__name__}", concurrency_id="photo",
                concurrency_limit=None, **hidden,
            )  # fmt: skip


class Calls:
    """The endpoints; each takes a JSON object that the gate has looked through for files."""

    def __init__(self, shared: SharedStylizer):
        self._shared, self._smalls, self._little = shared, Smalls(), Places(2, 1)

    def preview(self, value: Any) -> dict:
        """The photo painted at the size of the screen, and with "before" also as it is."""
        ask = ask_of(value)
        check = self._shared.newest.begin(ask.page, ask.number)
        with self._shared.photos.taken(address(), check):
            small = self._smalls.get(ask.photo, ask.side, check)
            picture = small.picture
            mask = _mask_of(ask, picture, check)
            painted = paint_photo(self._shared, picture, ask.wished, ask.place, mask, check)
        answer = {"image": inline(flatten(replace(picture, rgb=painted))), "full": small.full[::-1]}
        if value.get("before"):
            answer["before"] = inline(flatten(picture))
        return answer | {"notes": list(picture.warnings)}

    def tiles(self, value: Any) -> dict:
        """The middle of the photo in several styles, as small pictures; fewer where the page wants something else."""
        page, turn = sender_of(value)
        check = self._shared.newest.begin(f"{page} tiles", turn)
        styles = value.get("styles")
        if not isinstance(styles, list) or not 0 < len(styles) <= MAX_TILES:
            raise ValueError(f"this takes 1 to {MAX_TILES} styles")
        images: list[str] = []
        with suppress(GoneError), self._little.taken(address(), check):
            small = self._smalls.get(photo_of(value.get("photo")), TILE_PHOTO, check)
            middle = small.middle(int(number("side", value.get("side", 320), 64, 320)))
            for style in styles:
                check()
                images.append(inline(self._shared.paint(middle, wish({"styles": [style]}), check)))
        return {"images": images}

    def style(self, value: Any) -> dict:
        """What the gallery shows of an own style. ValueError where it is no picture."""
        square = ImageOps.fit(thumbnail(upload_of(value), 2 * TILE, "style"), (TILE, TILE))
        return {"image": inline(np.asarray(square))}

    def alive(self, value: Any) -> dict:
        """The page is still open, and wants its files to stay."""
        if not isinstance(value, list):
            raise ValueError("this request must be a list of files")
        keep_alive([upload_of(file) for file in value])
        return {}

    def save(self, value: Any) -> Iterator[list]:
        """The photo at full size, as the command line paints it."""
        ask, check = ask_of(value), self._shared.clients.check()
        kind = value.get("format", FORMATS[0])
        if kind not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {kind!r:.40}")
        yield [{"share": 0.0}, None]
        with photo_at_work(self._shared, ask.photo, check) as picture, self._shared.folder() as folder:
            mask = _mask_of(ask, picture, check)

            def work(progress: Callable[[float], None]) -> np.ndarray:
                return paint_photo(self._shared, picture, ask.wished, ask.place, mask, check, progress)

            steps = Steps(work)
            yield from ([{"share": share}, None] for share in steps)
            path = folder / f"{stem(value.get('name'))}.{kind}"
            write_picture(path, steps.result, like=picture)
            yield [{"share": 1.0}, str(path)]

    def zip(self, value: Any) -> Iterator[list]:
        """Several photos at full size in one archive; those that cannot be read are named in "failed"."""
        photos, check, failed = photos_of(value), self._shared.clients.check(), []
        wished = wish(value.get("panel"))
        with self._shared.folder() as folder:
            path = folder / f"{stem(value.get('name'))}.zip"
            names: set[str] = set()
            with zipfile.ZipFile(path, "w") as archive:
                for n, (photo, name) in enumerate(photos):
                    yield [{"share": n / len(photos), "name": name}, None]
                    try:
                        with photo_at_work(self._shared, photo, check) as picture:
                            painted = paint_photo(self._shared, picture, wished, check=check)
                            archive.write(_written(folder, picture, painted), _free(name, names))
                    except (ValueError, OSError) as error:
                        failed.append(f"{name}: {sentence(error)}")
            if not names:
                raise ValueError("; ".join(failed))
            yield [{"share": 1.0, "failed": failed}, str(path)]


def _mask_of(ask: Ask, picture: Picture, check: Callable[[], None]) -> np.ndarray | None:
    height, width = picture.rgb.shape[:2]
    return read_mask([ask.mask], height, width, check) if ask.mask else None


def inline(rgb: np.ndarray) -> str:
    """(H, W, 3) uint8 as a JPEG inside an address."""
    encoded = BytesIO()
    Image.fromarray(rgb).save(encoded, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + b64encode(encoded.getvalue()).decode()


def _written(folder: Path, picture: Any, painted: np.ndarray) -> Path:
    path = folder / "one.jpg"
    write_picture(path, painted, like=picture)
    return path


def _free(name: str, taken: set[str]) -> str:
    """A file name for the archive that it does not hold yet."""
    n, wanted = 1, name
    while wanted.casefold() in taken:
        n, wanted = n + 1, f"{name}-{n + 1}"
    taken.add(wanted.casefold())
    return f"{wanted}.jpg"
