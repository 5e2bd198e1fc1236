"""The page's API: named endpoints for gradio_client or plain HTTP, documented at /?view=api."""

from collections.abc import Iterator
from typing import Literal

import gradio as gr

from apps import samples
from apps.video.convert import Clip
from apps.web.clips import paint_video
from apps.web.painting import paint_photo, photo_at_work
from apps.web.shared_stylizer import SharedStylizer, Wish
from apps.web.uploads import STROKES, number, path_input, picture_input, settings_from, told
from artnet.image import write_picture

FORMATS = ("png", "jpg")
SIDES = (16, 1080)
LOOK = f"""
    style: a picture that gives the style; where it is missing, style_name counts.
    style_name: one of the names that /styles returns.
    strength: from 0 (the original) to 1 (the full style).
    stroke_size: short side in pixels at which the style is seen, {STROKES[0]} to {STROKES[1]}: larger gives larger
    strokes.
    preserve_color: keep the original's colours, take only brightness and strokes."""


def build_api(shared: SharedStylizer) -> None:
    """Add the endpoints /styles, /stylize and /stylize_video to the current page; they show nothing."""
    endpoints = _endpoints(shared)
    with gr.Group(visible=False):
        look = [
            picture_input(label="style"),
            gr.Dropdown(list(samples.styles()), value="starry-orchard", label="style_name"),
            gr.Number(1.0, label="strength"),
            gr.Number(512, precision=0, label="stroke_size"),
            gr.Checkbox(False, label="preserve_color"),
        ]
        kind = gr.Dropdown(list(FORMATS), value="png", label="format")
        side = gr.Number(360, precision=0, label="size")
        steady = gr.Checkbox(True, label="steady")
        photo, file, names = picture_input(label="photo"), gr.File(label="result"), gr.JSON(label="names")
        video = path_input(gr.Video(label="video"))
        inputs = {"styles": [], "stylize": [photo, *look, kind], "stylize_video": [video, *look, side, steady]}
        for name, function in endpoints.items():
            gr.Button().click(
                told(function), inputs[name], names if name == "styles" else file, api_name=name,
                api_description=function.__doc__, concurrency_id="video" if "video" in name else "photo",
                concurrency_limit=None,
            )  # fmt: skip


def _endpoints(shared: SharedStylizer) -> dict:
    def styles() -> list[str]:
        """Names of the bundled styles."""
        return list(samples.styles())

    def stylize(
        photo: str,
        style: str | None = None,
        style_name: str = "starry-orchard",
        strength: float = 1.0,
        stroke_size: int = 512,
        preserve_color: bool = False,
        format: Literal["png", "jpg"] = "png",
    ) -> Iterator[str]:
        wished, check = _wish(style, style_name, strength, stroke_size, preserve_color), shared.clients.check()
        if format not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {format!r:.40}")
        with photo_at_work(shared, photo, check) as picture, shared.folder() as folder:
            path = folder / f"artnet.{format}"
            write_picture(path, paint_photo(shared, picture, wished, check=check), like=picture)
            yield str(path)

    def stylize_video(
        video: str,
        style: str | None = None,
        style_name: str = "starry-orchard",
        strength: float = 1.0,
        stroke_size: int = 512,
        preserve_color: bool = False,
        size: int = 360,
        steady: bool = True,
    ) -> Iterator[str]:
        wished, check = _wish(style, style_name, strength, stroke_size, preserve_color), shared.clients.check()
        clip = Clip(size=int(number("size", size, *SIDES, " pixels")), steady=bool(steady))
        with shared.folder() as folder:
            path = folder / "artnet.mp4"
            for _ in paint_video(shared, video, path, wished, clip, check):
                pass
            yield str(path)

    stylize.__doc__ = f"Paint a photo; the result is a file of the same size.\n{LOOK}\n    format: png or jpg."
    stylize_video.__doc__ = (
        f"Paint a video with its sound; the result is an MP4 file.\n{LOOK}\n"
        f"    size: pixels of the shorter side, {SIDES[0]} to {SIDES[1]}.\n    steady: reduce flicker."
    )
    return {"styles": styles, "stylize": stylize, "stylize_video": stylize_video}


def _wish(style: str | None, name: str, strength: float, size: int, keep: bool) -> Wish:
    """The wish behind an endpoint's arguments. ValueError on an unknown name or a value out of range."""
    settings = settings_from(strength, size, keep)
    return Wish(((str(samples.style(str(name))) if style is None else style, 1.0),), settings)
