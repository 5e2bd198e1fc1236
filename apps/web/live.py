"""The Live tab: the browser's camera, painted frame by frame.

Frames pass Gradio by (`apps.web.frames`); it only opens a visit, and tells it of every change of the panel.
"""

from typing import Any

import gradio as gr

from apps.web.asks import object_of
from apps.web.assets import starting, text
from apps.web.clients import address
from apps.web.panel import wish
from apps.web.shared_stylizer import SharedStylizer
from apps.web.uploads import told
from apps.web.visits import Paint


def build_live(shared: SharedStylizer) -> None:
    """Place the tab's content into the current layout; its script takes the panel's wishes from the panel's."""
    gr.HTML(html_template=text("live.html"), js_on_load=starting("live"), apply_default_css=False, elem_id="live")
    with gr.Group(visible=False):
        asked, said = gr.JSON(label="ask"), gr.JSON(label="said")
        for name, function in calls(shared).items():
            gr.Button().click(
                told(function), asked, said, api_name=f"page_{name}", queue=False, api_visibility="undocumented",
                show_progress="hidden",
            )  # fmt: skip


def calls(shared: SharedStylizer) -> dict:
    """The endpoints by their names; each takes a JSON object that the gate has looked through for files."""

    def live_open(value: Any) -> dict:
        """Stand in line; the secret that frames are sent with."""
        return {"secret": shared.visits.open(address(), _wanted(shared, value))}

    def live_change(value: Any) -> dict:
        """Paint differently from now on."""
        secret = object_of(value).get("secret")
        if isinstance(secret, str) and shared.visits.has(secret):
            shared.visits.change(secret, _wanted(shared, value))
        return {}

    return {"live_open": live_open, "live_change": live_change}


def _wanted(shared: SharedStylizer, value: Any) -> Paint:
    """What paints as the panel's value says. Raises ValueError as `wish` and `SharedStylizer.style` do."""
    wished = wish(object_of(value).get("panel")).in_motion()
    style = shared.style(wished)
    return lambda rgb, usual: shared.stylizer.stylize(rgb, style, wished.settings, live=True, fixed_size=usual)
