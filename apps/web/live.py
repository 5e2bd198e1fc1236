"""The Live tab: the browser's camera, painted frame by frame.

Frames pass Gradio by (`apps.web.frames`); it only opens a visit, and tells it of every change of the panel.
"""

from pathlib import Path
from typing import Any

import gradio as gr

from apps.web.clients import address
from apps.web.limits import sentence
from apps.web.panel import Panel, wish
from apps.web.studio import Studio

ASSETS = Path(__file__).parent / "assets"
SCRIPT = "\n".join((ASSETS / f"live_{part}.js").read_text() for part in ("camera", "link", "keep", "tab"))


def build_live(studio: Studio, panel: Panel) -> None:
    """Place the tab's content into the current layout."""
    page = gr.HTML(
        html_template=(ASSETS / "live.html").read_text(), css_template=(ASSETS / "live.css").read_text(),
        js_on_load=SCRIPT, apply_default_css=False, elem_id="live",
    )  # fmt: skip
    secret = gr.State(None)

    def start(*values: Any) -> list:
        try:
            opened = studio.visits.open(address(), *_wanted(studio, values))
        except Exception as error:
            return [{"secret": None, "words": sentence(error)}, None]
        return [{"secret": opened, "words": ""}, opened]

    def change(secret: str | None, *values: Any) -> Any:
        if not studio.visits.has(secret):
            return gr.skip()
        try:
            studio.visits.change(secret, *_wanted(studio, values))
        except Exception as error:
            return {"secret": secret, "words": f"The style stays as it was: {sentence(error)}"}
        return {"secret": secret, "words": ""}

    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    page.submit(start, panel.inputs, [page, secret], **quick)
    changes = [component.change for component in panel.inputs]
    gr.on(changes, change, [secret, *panel.inputs], page, trigger_mode="always_last", **quick)


def _wanted(studio: Studio, values: tuple) -> tuple:
    """The stylizer and the settings for the panel's values. Raises ValueError as `wish` and `Studio.prepare` do."""
    wished = wish(*values).in_motion()
    return studio.prepare(wished.mix, wished.settings.stroke_size), wished.settings
