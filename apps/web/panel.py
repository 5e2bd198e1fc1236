"""The panel beside all tabs: which style, or mix of styles, and how it is painted."""

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr
from PIL import Image

from apps import samples
from apps.web.limits import MAX_STYLES, number, settings_from, thumbnail, told
from apps.web.studio import Wish

Shelf = list[tuple[str, str]]
"""(path, name) of every style in the gallery: the bundled ones, then the visitor's own."""
MAX_SHELF = 40
SHOWN = 240  # pixels of the longer side in the gallery
_KEPT = 1200  # seconds between two signs of life for a visitor's own styles; uploads live for an hour


@dataclass
class Panel:
    """The panel's inputs, in the order in which `wish` takes their values."""

    inputs: list[gr.components.Component]


def build_panel() -> Panel:
    """Place the panel into the current layout."""
    first = [(str(path), name.replace("-", " ")) for name, path in samples.styles().items()]
    shelf = gr.State(first)
    chosen = gr.State([len(first) - 2])  # starry orchard
    gallery = gr.Gallery(
        [_bundled(*style) for style in first], columns=3, rows=2, height="auto", object_fit="cover", format="jpeg",
        allow_preview=False, buttons=[], interactive=False, show_label=False, elem_id="styles",
        selected_index=len(first) - 2,
    )  # fmt: skip
    caption = gr.Markdown(first[-2][1], elem_id="caption")
    with gr.Row(elem_id="style-buttons"):
        blend = gr.Checkbox(label="Blend several", scale=1, min_width=120, container=False, elem_id="blend")
        upload = gr.UploadButton(
            "Add your own", file_types=["image"], file_count="multiple", size="sm", scale=1, min_width=120,
            elem_id="own-style",
        )  # fmt: skip
    weights = [gr.Slider(0, 1, 1, step=0.05, label="", visible=False, elem_id=f"weight-{n}") for n in range(MAX_STYLES)]
    strength = gr.Slider(0, 1, 1, step=0.05, label="Strength", elem_id="strength")
    strokes = gr.Slider(128, 1024, 512, step=64, label="Stroke size", elem_id="strokes")
    keep = gr.Checkbox(label="Keep the photo's colours", elem_id="keep")
    shown = [chosen, caption, *weights]
    quick: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
    gallery.select(told(choose), [shelf, chosen, blend], shown, **quick)
    blend.change(told(single), [shelf, chosen, blend], shown, **quick)
    upload.upload(
        told(add), [upload, shelf, chosen, blend], [shelf, gallery, *shown], show_progress="minimal",
        api_visibility="private",
    )  # fmt: skip
    gr.Timer(_KEPT).tick(told(keep_alive), shelf, None, **quick)
    return Panel([shelf, chosen, strength, strokes, keep, *weights])


def wish(shelf: Shelf, chosen: list[int], strength: float, strokes: float, keep: bool, *weights: float) -> Wish:
    """What the panel's values ask for. ValueError where one is out of range, or an own style is gone."""
    mix = [(shelf[n][0], number("weight", weight, 0, 1)) for n, weight in zip(chosen, weights, strict=False)]
    mix = [(path, float(weight)) for path, weight in mix if weight > 0]
    if len(chosen) == 1:
        mix = [(shelf[chosen[0]][0], 1.0)]
    keep_alive([style for style in shelf if style[0] in dict(mix)])
    return Wish(tuple(mix), settings_from(strength, strokes, keep))


def keep_alive(shelf: Shelf) -> None:
    """Make the visitor's own styles look new, so that they are not deleted while the page is open."""
    own = {path for path, _ in shelf} - {str(path) for path in samples.styles().values()}
    for path in own:
        with suppress(OSError):  # gone all the same: reading it says so
            os.utime(path)


def choose(shelf: Shelf, chosen: list[int], blend: bool, event: gr.SelectData) -> list:
    """A click: the style alone, or, while blending, one more or one less in the mix."""
    if not blend:
        return _show(shelf, [event.index])
    if event.index in chosen:
        rest = [n for n in chosen if n != event.index]
        return _show(shelf, rest or chosen)
    if len(chosen) == MAX_STYLES:
        raise ValueError(f"a blend takes up to {MAX_STYLES} styles; click one of them to take it out")
    return _show(shelf, [*chosen, event.index])


def single(shelf: Shelf, chosen: list[int], blend: bool) -> list:
    """Blending was switched: without it only the last style stays."""
    return _show(shelf, chosen if blend else chosen[-1:])


def add(paths: list[str], shelf: Shelf, chosen: list[int], blend: bool) -> list:
    """Pictures of the visitor: the last one, or while blending all that fit, are chosen at once."""
    if len(shelf) + len(paths) > MAX_SHELF:
        raise ValueError(f"the gallery holds up to {MAX_SHELF} styles; load the page anew to start with an empty one")
    longer = [*shelf, *((path, f"yours {len(shelf) + n - len(samples.styles()) + 1}") for n, path in enumerate(paths))]
    new = list(range(len(shelf), len(longer)))
    now = [*chosen, *new][:MAX_STYLES] if blend else new[-1:]
    gallery = gr.update(value=[_shown(*style) for style in longer], selected_index=now[-1])
    return [longer, gallery, *_show(longer, now)]


def _show(shelf: Shelf, chosen: list[int]) -> list:
    """`chosen`, its names, and one slider for every style of a mix."""
    names = [shelf[n][1] for n in chosen]
    shown = [gr.update(visible=True, label=name) for name in names if len(names) > 1]
    return [chosen, " + ".join(names), *shown, *([gr.update(visible=False)] * (MAX_STYLES - len(shown)))]


def _shown(path: str, name: str) -> tuple[Image.Image, str]:
    """What the gallery shows of a style."""
    if path in map(str, samples.styles().values()):
        return _bundled(path, name)
    return thumbnail(path, SHOWN, "style"), name


def _bundled(path: str, name: str) -> tuple[Image.Image, str]:
    with Image.open(path) as image:
        small = image.convert("RGB")
    small.thumbnail((SHOWN, SHOWN))
    return small, name
