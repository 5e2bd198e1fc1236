"""The Photo tab: one photo, a mask painted on it, before and after, and files to take away."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from apps.web.clients import address
from apps.web.layers import Layers
from apps.web.limits import picture_input, read_mask, read_upload, thumbnail, told
from apps.web.panel import Panel, wish
from apps.web.studio import Studio, Wish
from artnet.color import blend
from artnet.pictures import Picture, write_picture

WHERE = ("Everywhere", "Inside the painted area", "Outside it", "First style inside, second outside")
SHOWN = 1600  # pixels of the longer side, in the page; files have all
LARGE = 4_000_000  # pixels from which only a few photos are at work at once
_EDITED = 700


def build_photo(studio: Studio, panel: Panel) -> None:
    """Place the tab's content into the current layout."""
    with gr.Row(equal_height=False):
        with gr.Column():
            photo = picture_input(
                label="Your photo", sources=["upload", "clipboard"], height=360, buttons=[], elem_id="photo"
            )
            with gr.Accordion("Paint only a part of it", open=False, elem_id="part") as part:
                where = gr.Radio(WHERE, value=WHERE[0], label="Stylize", elem_id="where")
                editor = gr.ImageEditor(
                    label="Paint the area", type="pil", sources=(), transforms=(), layers=False, height=340,
                    brush=gr.Brush(default_size=48, colors=["#e11d48"], color_mode="fixed"), buttons=[],
                    elem_id="editor",
                )  # fmt: skip
            with gr.Row():
                go = gr.Button("Stylize", variant="primary", elem_id="stylize")
                stop = gr.Button("Cancel", elem_id="cancel", scale=0, min_width=110)
        with gr.Column():
            result = gr.ImageSlider(label="Before and after", format="jpeg", height=360, buttons=["fullscreen"],
                                    interactive=False, elem_id="result")  # fmt: skip
            with gr.Row():
                png = gr.DownloadButton("Download PNG", interactive=False, elem_id="png")
                jpeg = gr.DownloadButton("Download JPEG", interactive=False, elem_id="jpeg")
    Layers().attach(editor)
    private: dict[str, Any] = {"api_visibility": "private"}
    for happened in (photo.change, part.expand):
        happened(told(to_paint_on), photo, editor, show_progress="hidden", **private)

    def run(path: str | None, drawn: list[str], place: str, *values: Any) -> Iterator[list]:
        check = studio.clients.check()
        with photo_at_work(studio, path, check) as picture:
            mask = read_mask(drawn, *picture.rgb.shape[:2], check)
            yield from files_of(studio, picture, paint_photo(studio, picture, wish(*values), place, mask, check))

    job = go.click(told(run), [photo, editor, where, *panel.inputs], [result, png, jpeg], concurrency_id="photo",
                   concurrency_limit=None, show_progress_on=result, **private)  # fmt: skip
    stop.click(None, cancels=[job], queue=False, **private)


@contextmanager
def photo_at_work(studio: Studio, path: str | None, check: Callable[[], None]) -> Iterator[Picture]:
    """The photo, read, with a place for it to be painted; waits for both. ValueError as `read_upload`."""
    client = address()
    with studio.photos.taken(client, check):
        picture = read_upload(path, check=check)
        pixels = picture.rgb.shape[0] * picture.rgb.shape[1]
        with studio.large.taken(client, check) if pixels > LARGE else nullcontext():
            yield picture


def to_paint_on(path: str | None) -> Any:
    """The photo, small, as the ground of the mask editor; whatever cannot be read shows as empty."""
    if path is None:
        return None
    return {"background": thumbnail(path, _EDITED, "photo"), "layers": [], "composite": None}


def paint_photo(
    studio: Studio,
    picture: Picture,
    wished: Wish,
    place: str = WHERE[0],
    mask: np.ndarray | None = None,
    check: Callable[[], None] | None = None,
) -> np.ndarray:
    """(H, W, 3) uint8: the photo painted at one of the places WHERE.

    Raises:
        ValueError: a part is asked for and nothing was painted, or two styles and there are not two.
    """
    if place == WHERE[0]:
        return studio.paint(picture.rgb, wished, check)
    if mask is None:
        raise ValueError("nothing is painted on the photo yet; paint the area with the brush, or choose 'Everywhere'")
    if place == WHERE[3]:
        if len(wished.mix) != 2:
            raise ValueError("this takes two styles: switch on 'Blend several' and choose two")
        apart = (Wish((style,), wished.settings) for style in wished.mix)
        inner, outer = (studio.paint(picture.rgb, one, check) for one in apart)
        return blend(outer, inner, mask)
    return blend(picture.rgb, studio.paint(picture.rgb, wished, check), mask if place == WHERE[1] else 255 - mask)


def files_of(studio: Studio, picture: Picture, painted: np.ndarray) -> Iterator[list]:
    """First what the page shows, then the files at full size."""
    pair = tuple(_shown(rgb) for rgb in (picture.rgb, painted))
    yield [pair, gr.update(interactive=False), gr.update(interactive=False)]
    with studio.folder() as folder:
        paths = [folder / f"artnet.{suffix}" for suffix in ("png", "jpg")]
        for path in paths:
            write_picture(path, painted, like=picture)
        yield [gr.skip(), *(gr.update(value=str(path), interactive=True) for path in paths)]


def _shown(rgb: np.ndarray) -> Image.Image:
    image = Image.fromarray(rgb)
    image.thumbnail((SHOWN, SHOWN))
    return image
