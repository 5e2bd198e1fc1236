"""The Photo tab: a canvas where the photo is dropped and the painting appears."""

import html

import gradio as gr

from apps import samples
from apps.web.asks import MAX_PHOTOS
from apps.web.assets import EXAMPLE, URL, starting, text
from apps.web.calls import build_calls
from apps.web.shared_stylizer import SharedStylizer
from apps.web.uploads import MAX_UPLOAD


def build_photo(shared: SharedStylizer) -> None:
    """Place the tab's content into the current layout; its script takes the panel's wishes from the panel's."""
    gr.HTML(
        html_template=markup(), js_on_load=starting("photo"), apply_default_css=False, elem_id="photo",
        example=list(EXAMPLE), bytes=MAX_UPLOAD, photos=MAX_PHOTOS,
    )  # fmt: skip
    build_calls(shared)


def markup() -> str:
    """The tab's HTML, with the example and a button for every sample photo."""
    tries = "".join(
        f'<button type="button" class="try" data-sample="{name}" title="{html.escape(title)}">'
        f'<img src="{URL}/tiles/photos/{name}.jpg" alt="{html.escape(title)}" width="56" height="56"></button>'
        for name, title in samples.PHOTOS.items()
    )
    photo, style = EXAMPLE
    words = {"photo": f"{URL}/photos/{photo}.jpg", "style": html.escape(samples.title(style)), "samples": tries}
    content = text("photo.html")
    for name, value in words.items():
        content = content.replace(f"<!-- {name} -->", value)
    return content
