"""The Live tab: the browser's camera, painted frame by frame."""

import time
from base64 import b64decode, b64encode
from io import BytesIO
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import ImageData
from PIL import Image

from apps.web.limits import told
from apps.web.panel import Panel, wish
from apps.web.studio import Studio
from artnet.pictures import Picture, fit_short_side

QUALITY = 85  # of the JPEGs that the browser is sent
SIDE = 480  # pixels of the shorter side; cameras that cannot be told are scaled down
WINDOW = 2.0  # seconds that frames per second are counted over
MAX_FRAME_PIXELS = 4_000_000
SECONDS = 600
"""How long a visitor may stay live before starting again."""


def build_live(studio: Studio, panel: Panel) -> None:
    """Place the tab's content into the current layout."""
    with gr.Row(equal_height=False):
        with gr.Column():
            camera = gr.Image(
                label="Your camera", sources=["webcam"], streaming=True, type="filepath", format="jpeg", height=360,
                buttons=[], elem_id="camera",
                webcam_options=gr.WebcamOptions(
                    mirror=False, constraints={"video": {"width": {"ideal": 640}, "height": {"ideal": 480}}}
                ),
            )  # fmt: skip
            gr.Markdown("Click the camera, then record. Style and strength may change while it runs.")
        with gr.Column():
            painted = gr.Image(label="Live", interactive=False, height=360, buttons=["fullscreen"], elem_id="live")
            painted.postprocess = inline
            speed = gr.HTML("", padding=False, elem_id="speed")
    camera.preprocess = frame_of
    shown = gr.State(())

    def run(jpeg: bytes | None, before: tuple[float, ...], *values: Any) -> list:
        if jpeg is None:
            return [None, "", ()]
        rgb = decoded(jpeg)
        if min(rgb.shape[:2]) > SIDE:
            rgb = fit_short_side(Picture(rgb), SIDE).rgb
        start = time.perf_counter()
        result = studio.paint(rgb, wish(*values).in_motion())
        now = time.perf_counter()
        times = lately(before, now)
        rate = f"{(len(times) - 1) / (now - times[0]):.0f} frames per second, " if len(times) > 1 else ""
        return [result, f"{rate}{1000 * (now - start):.0f} ms to paint", times]

    camera.stream(
        told(run), [camera, shown, *panel.inputs], [painted, speed, shown], stream_every=0.05, time_limit=SECONDS,
        concurrency_id="live", concurrency_limit=2, show_progress="hidden", api_visibility="private",
    )  # fmt: skip


def frame_of(payload: ImageData | None) -> bytes | None:
    """What the browser sends of the camera, not looked at yet."""
    if payload is None or not (payload.url or "").startswith("data:image/"):
        return None
    return b64decode(payload.url.partition(",")[2])


def decoded(data: bytes) -> np.ndarray:
    """(H, W, 3) uint8 of a camera's frame.

    Raises:
        ValueError: not what a browser's camera gives. Frames are decoded in this process, for speed, and so only those
            that cannot take long.
    """
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > MAX_FRAME_PIXELS or image.info.get("progressive"):
                raise ValueError(f"frames of {image.width} x {image.height} are not what a camera gives")
            return np.array(image.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise ValueError("the camera's frame cannot be read") from error


def lately(times: tuple[float, ...], now: float) -> tuple[float, ...]:
    """The times of frames that are less than `WINDOW` seconds ago, and now."""
    return (*(t for t in times if now - t < WINDOW), now)


def inline(rgb: np.ndarray | None) -> ImageData | None:
    """(H, W, 3) uint8 as a JPEG inside the answer; Gradio itself would write every frame to the disk."""
    if rgb is None:
        return None
    encoded = BytesIO()
    Image.fromarray(rgb).save(encoded, "JPEG", quality=QUALITY)
    return ImageData(url="data:image/jpeg;base64," + b64encode(encoded.getvalue()).decode())
