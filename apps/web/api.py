"""The page's API: named endpoints for gradio_client or plain HTTP, documented at /?view=api."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import gradio as gr

from apps import samples
from apps.look import Look
from apps.video.convert import Clip
from apps.web.limits import picture_input, read_upload, told
from apps.web.photo import paint_photo
from apps.web.studio import Studio, Wish
from apps.web.video import paint_video
from artnet.pictures import write_picture

LOOK = """
    style: a picture that gives the style; where it is missing, style_name counts.
    style_name: one of the names that /styles returns.
    strength: from 0 (the original) to 1 (the full style).
    stroke_size: short side in pixels at which the style is seen, 16 to 4096: larger gives larger strokes.
    keep_colors: keep the original's colours, take only brightness and strokes."""


def build_api(studio: Studio) -> None:
    """Add the endpoints /styles, /stylize and /stylize_video to the current page; they show nothing."""
    endpoints = _endpoints(studio)
    with gr.Group(visible=False):
        look = [
            picture_input(label="style"),
            gr.Dropdown(list(samples.styles()), value="starry-orchard", label="style_name"),
            gr.Number(1.0, label="strength"),
            gr.Number(512, precision=0, label="stroke_size"),
            gr.Checkbox(False, label="keep_colors"),
        ]
        kind = gr.Dropdown(["png", "jpg"], value="png", label="format")
        side = gr.Number(360, precision=0, label="size")
        steady = gr.Checkbox(True, label="steady")
        photo, video, file = picture_input(label="photo"), gr.Video(label="video"), gr.File(label="result")
        names = gr.JSON(label="names")
        inputs = {"styles": [], "stylize": [photo, *look, kind], "stylize_video": [video, *look, side, steady]}
        for name, function in endpoints.items():
            gr.Button().click(
                told(function), inputs[name], names if name == "styles" else file, api_name=name,
                api_description=function.__doc__, concurrency_id="video" if "video" in name else "photo",
                concurrency_limit=1,
            )  # fmt: skip


def _endpoints(studio: Studio) -> dict:
    def styles() -> list[str]:
        """Names of the bundled styles."""
        return list(samples.styles())

    def stylize(
        photo: str,
        style: str | None = None,
        style_name: str = "starry-orchard",
        strength: float = 1.0,
        stroke_size: int = 512,
        keep_colors: bool = False,
        format: Literal["png", "jpg"] = "png",
    ) -> Iterator[str]:
        picture = read_upload(photo)
        painted = paint_photo(studio, picture, _wish(style, style_name, strength, stroke_size, keep_colors))
        with TemporaryDirectory(prefix="artnet-") as folder:
            path = Path(folder) / f"artnet.{format}"
            write_picture(path, painted, like=picture)
            yield str(path)

    def stylize_video(
        video: str,
        style: str | None = None,
        style_name: str = "starry-orchard",
        strength: float = 1.0,
        stroke_size: int = 512,
        keep_colors: bool = False,
        size: int = 360,
        steady: bool = True,
    ) -> Iterator[str]:
        wished = _wish(style, style_name, strength, stroke_size, keep_colors)
        if not 16 <= size <= 1080:
            raise ValueError(f"size must be from 16 to 1080 pixels, got {size}")
        with TemporaryDirectory(prefix="artnet-") as folder:
            path = Path(folder) / "artnet.mp4"
            for _ in paint_video(studio, video, path, wished, Clip(size=size, steady=steady)):
                pass
            yield str(path)

    stylize.__doc__ = f"Paint a photo; the result is a file of the same size.\n{LOOK}\n    format: png or jpg."
    stylize_video.__doc__ = (
        f"Paint a video with its sound; the result is an MP4 file.\n{LOOK}\n"
        "    size: pixels of the shorter side, 16 to 1080.\n    steady: reduce flicker."
    )
    return {"styles": styles, "stylize": stylize, "stylize_video": stylize_video}


def _wish(style: str | None, name: str, strength: float, size: int, keep: bool) -> Wish:
    """The wish behind an endpoint's arguments. ValueError on an unknown name or a strength out of range."""
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be between 0 and 1, got {strength}")
    if style is not None:
        read_upload(style, "style")
    path = str(samples.style(name)) if style is None else style
    return Wish(((path, 1.0),), int(size), Look(strength, preserve_color=keep))
