"""The Live tab: the browser's camera, painted frame by frame."""

import time
from base64 import b64encode
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
SECONDS = 600
"""How long a visitor may stay live before starting again."""


def build_live(studio: Studio, panel: Panel) -> None:
    """Place the tab's content into the current layout."""
    with gr.Row(equal_height=False):
        with gr.Column():
            camera = gr.Image(
                label="Your camera", sources=["webcam"], streaming=True, type="numpy", format="jpeg", height=360,
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
    shown = gr.State(())

    def run(rgb: np.ndarray | None, before: tuple[float, ...], *values: Any) -> list:
        if rgb is None:
            return [None, "", ()]
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
