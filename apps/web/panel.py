"""The panel beside all tabs: which style, or mix of styles, and how it is painted."""

import html
import os
from contextlib import suppress
from typing import Any

import gradio as gr

from apps import samples
from apps.web.assets import EXAMPLE, URL, starting, text
from apps.web.shared_stylizer import Wish
from apps.web.uploads import MAX_STYLES, STROKES, number, settings_from
from artnet.settings import SETTINGS, Setting

SHOWN = ("strength", "stroke_size", "preserve_color")
"""The settings that the panel offers."""
MAX_SHELF = 18
"""Own styles on a page."""


def build_panel() -> None:
    """Place the panel into the current layout; the scripts of the tabs take its wishes from its own script."""
    gr.HTML(
        first_value(), html_template=markup(), js_on_load=starting("panel"), apply_default_css=False, elem_id="panel",
        most=MAX_STYLES, shelf=MAX_SHELF,
    )  # fmt: skip


def first_value() -> dict[str, Any]:
    """What the panel holds when the page opens: one style, and every setting as it is by default."""
    settings = {name: SETTINGS[name].default for name in SHOWN}
    return {"styles": [{"name": EXAMPLE[1], "weight": 1}], **settings}


def wish(value: Any) -> Wish:
    """What the panel's value asks for.

    Args:
        value: {"styles": [{"name": of a bundled style, or "file": an upload; "weight": 0..1}], "strength",
            "stroke_size", "preserve_color"}; what is missing has its default.

    Raises:
        ValueError: no such style, or a value of another kind or out of range.
    """
    if not isinstance(value, dict) or not isinstance(value.get("styles"), list):
        raise ValueError("no style is chosen: click one in the gallery")
    if len(value["styles"]) > MAX_STYLES:
        raise ValueError(f"a blend takes up to {MAX_STYLES} styles; click one of them to take it out")
    mix = [_weighted(style) for style in value["styles"]]
    keep_alive([path for path, _ in mix])
    strength, stroke_size, keep = (value.get(name, SETTINGS[name].default) for name in SHOWN)
    single = len(mix) == 1
    return Wish(
        tuple((path, 1.0 if single else weight) for path, weight in mix if weight > 0 or single),
        settings_from(strength, stroke_size, keep),
    )


def keep_alive(paths: list[str]) -> None:
    """Make the visitor's own files look new, so that they are not deleted while the page is open."""
    bundled = {str(path) for path in samples.styles().values()}
    for path in set(paths) - bundled:
        with suppress(OSError):  # gone all the same: reading it says so
            os.utime(path)


def upload_of(value: Any) -> str:
    """The path of an upload's description, as the gate has checked it. ValueError where it is none."""
    path = value.get("path") if isinstance(value, dict) else getattr(value, "path", None)
    if not isinstance(path, str):
        raise ValueError("a file of this request is none: add it again")
    return path


def _weighted(style: Any) -> tuple[str, float]:
    if not isinstance(style, dict):
        raise ValueError("a style of this request is none: choose one in the gallery")
    weight = float(number("weight", style.get("weight", 1), 0, 1))
    if style.get("file") is not None:
        return upload_of(style["file"]), weight
    return str(samples.style(str(style.get("name")))), weight


def markup() -> str:
    """The panel's HTML with a tile for every bundled style, and a control for every setting."""
    tiles = "".join(_tile(name) for name in samples.styles())
    controls = "".join(_control(SETTINGS[name]) for name in SHOWN)
    return text("panel.html").replace("<!-- tiles -->", tiles).replace("<!-- controls -->", controls)


def _tile(name: str) -> str:
    title = html.escape(samples.title(name))
    work, _, maker = title.partition(", ")
    pressed = "true" if name == EXAMPLE[1] else "false"
    return (
        f'<li data-name="{name}"><button type="button" class="tile" aria-pressed="{pressed}" title="{title}">'
        f'<img src="{URL}/tiles/styles/{name}.jpg" alt="" width="224" height="224" decoding="async">'
        f'<span class="name"><b>{work}</b>{f"<i>{maker}</i>" if maker else ""}</span>'
        f'<span class="tick" aria-hidden="true"></span></button></li>'
    )


def _control(setting: Setting) -> str:
    """A slider or a switch for a setting, with its tip."""
    name, label, tip = setting.name, html.escape(setting.label), html.escape(setting.help)
    described = f'id="an-{name}" data-setting="{name}" aria-describedby="tip-{name}"'
    tip = f'<small id="tip-{name}">{tip[:1].upper()}{tip[1:]}</small>'
    if isinstance(setting.default, bool):
        return (
            f'<div class="control switch"><label for="an-{name}">{label}</label>'
            f'<input type="checkbox" role="switch" {described}>{tip}</div>'
        )
    low, high = STROKES if name == "stroke_size" else setting.bounds or (0, 1)
    low = max(low, setting.step) if name == "stroke_size" else low
    return (
        f'<div class="control"><label for="an-{name}">{label}</label><output for="an-{name}"></output>'
        f'<input type="range" {described} min="{low:g}" max="{high:g}" step="{setting.step:g}" '
        f'value="{setting.default:g}">{tip}</div>'
    )
