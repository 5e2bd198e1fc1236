"""The Photo tab: one photo, a mask painted on it, before and after, and files to take away."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from apps.web.limits import picture_input, read_upload, told
from apps.web.panel import Panel, wish
from apps.web.studio import Studio, Wish
from artnet.color import blend
from artnet.pictures import Picture, resize, write_picture

WHERE = ("Everywhere", "Inside the painted area", "Outside it", "First style inside, second outside")
SHOWN = 1600  # pixels of the longer side, in the page; files have all
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
    private: dict[str, Any] = {"api_visibility": "private"}
    for happened in (photo.change, part.expand):
        happened(told(to_paint_on), photo, editor, show_progress="hidden", **private)

    def run(path: str | None, drawn: dict | None, place: str, *values: Any) -> Iterator[list]:
        picture = read_upload(path)
        wished = wish(*values)
        yield from files_of(picture, paint_photo(studio, picture, wished, place, mask_of(drawn, picture)))

    job = go.click(told(run), [photo, editor, where, *panel.inputs], [result, png, jpeg], concurrency_id="photo",
                   concurrency_limit=1, show_progress_on=result, **private)  # fmt: skip
    stop.click(None, cancels=[job], queue=False, **private)


def to_paint_on(path: str | None) -> Any:
    """The photo, small, as the ground of the mask editor; whatever cannot be read shows as empty."""
    if path is None:
        return None
    image = Image.fromarray(read_upload(path).rgb)
    image.thumbnail((_EDITED, _EDITED))
    return {"background": image, "layers": [], "composite": None}


def mask_of(drawn: dict | None, picture: Picture) -> np.ndarray | None:
    """(H, W) uint8 of the picture's size: 255 where something was painted; None where nothing was."""
    layers = [np.array(layer.convert("RGBA"))[..., 3] for layer in (drawn or {}).get("layers", [])]
    if not layers or not any(layer.any() for layer in layers):
        return None
    return resize(np.maximum.reduce(layers), *picture.rgb.shape[:2])


def paint_photo(
    studio: Studio, picture: Picture, wished: Wish, place: str = WHERE[0], mask: np.ndarray | None = None
) -> np.ndarray:
    """(H, W, 3) uint8: the photo painted at one of the places WHERE.

    Raises:
        ValueError: a part is asked for and nothing was painted, or two styles and there are not two.
    """
    if place == WHERE[0]:
        return studio.paint(picture.rgb, wished)
    if mask is None:
        raise ValueError("nothing is painted on the photo yet; paint the area with the brush, or choose 'Everywhere'")
    if place == WHERE[3]:
        if len(wished.mix) != 2:
            raise ValueError("this takes two styles: switch on 'Blend several' and choose two")
        inner, outer = (studio.paint(picture.rgb, Wish((style,), wished.size, wished.look)) for style in wished.mix)
        return blend(outer, inner, mask)
    return blend(picture.rgb, studio.paint(picture.rgb, wished), mask if place == WHERE[1] else 255 - mask)


def files_of(picture: Picture, painted: np.ndarray) -> Iterator[list]:
    """First what the page shows, then the files at full size."""
    pair = tuple(_shown(rgb) for rgb in (picture.rgb, painted))
    yield [pair, gr.update(interactive=False), gr.update(interactive=False)]
    with TemporaryDirectory(prefix="artnet-") as folder:
        paths = [Path(folder) / f"artnet.{suffix}" for suffix in ("png", "jpg")]
        for path in paths:
            write_picture(path, painted, like=picture)
        yield [gr.skip(), *(gr.update(value=str(path), interactive=True) for path in paths)]


def _shown(rgb: np.ndarray) -> Image.Image:
    image = Image.fromarray(rgb)
    image.thumbnail((SHOWN, SHOWN))
    return image
