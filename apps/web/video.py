"""The Video tab: a clip with its sound, progress while it is painted, and a way to stop."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from apps.video.convert import Clip
from apps.web import confined, reading
from apps.web.limits import path_input, told
from apps.web.panel import Panel, wish
from apps.web.studio import Studio, Wish

SIZES = {"360 pixels": 360, "480 pixels": 480, "720 pixels": 720, "As it is, up to 1080": None}
BOUNDS = confined.Bounds(memory=600_000_000, seconds=60)
MAX_WORK = 3600
"""Seconds that one video may take to be painted."""


def build_video(studio: Studio, panel: Panel) -> None:
    """Place the tab's content into the current layout."""
    with gr.Row(equal_height=False):
        with gr.Column():
            source = path_input(
                gr.Video(label="Your video", sources=["upload"], height=360, buttons=[], elem_id="video")
            )
            with gr.Row():
                size = gr.Dropdown(list(SIZES), value="360 pixels", label="Shorter side", elem_id="video-size")
                steady = gr.Checkbox(True, label="Reduce flicker", elem_id="steady", container=False)
            with gr.Row():
                go = gr.Button("Stylize", variant="primary", elem_id="stylize-video")
                stop = gr.Button("Cancel", elem_id="cancel-video", scale=0, min_width=110)
        with gr.Column():
            result = gr.Video(label="Painted", interactive=False, height=360, buttons=["download"], elem_id="painted")
            state = gr.Markdown("", elem_id="video-state")

    def run(path: str | None, size: str, steady: bool, *values: Any) -> Iterator[list]:
        clip, check = Clip(size=SIZES[size], steady=steady), studio.clients.check()
        with studio.folder() as folder:
            target = folder / "artnet.mp4"
            for done, whole, left in paint_video(studio, path, target, wish(*values), clip, check):
                yield [gr.skip(), f"**{done:.1f} of {whole:.1f} s** painted, {_clock(left)} left"]
            yield [str(target), "Done."]

    job = go.click(told(run), [source, size, steady, *panel.inputs], [result, state], concurrency_id="video",
                   concurrency_limit=1, show_progress="minimal", api_visibility="private")  # fmt: skip
    stop.click(lambda: "Cancelled.", None, state, cancels=[job], queue=False, api_visibility="private")


def paint_video(
    studio: Studio,
    source: str | None,
    target: Path,
    wished: Wish,
    clip: Clip,
    check: Callable[[], None] | None = None,
    limits: reading.VideoLimits | None = None,
) -> Iterator[tuple[float, float, float]]:
    """Paint; yields (seconds done, seconds in all, seconds of waiting left), at most four a second.

    Another process reads and writes. Closing the iterator, or an exception of `check`, ends it at once.

    Raises:
        ValueError: no video, one that cannot be read or goes over the limits, or that takes longer than MAX_WORK.
    """
    if source is None:
        raise ValueError("no video yet: add one first")
    prepared = studio.prepare(wished.mix, wished.settings.stroke_size, check)
    start, shown = time.monotonic(), 0.0
    arguments = (source, str(target), wished.in_motion().settings, clip, limits or reading.VideoLimits())
    with confined.started(reading.video, *arguments, bounds=BOUNDS, what="video") as messages:
        for kind, value in messages(check):
            now = time.monotonic()
            if check:
                check()
            if now - start > MAX_WORK:
                raise ValueError(f"this video takes more than {MAX_WORK // 60} minutes to paint: cut it, or scale it")
            if kind == "paint":
                messages.answer(reading.answers(prepared.stylize, *value))
            elif now - shown > 0.25:
                shown, (done, whole) = now, value
                yield done, whole, (now - start) * (whole - done) / max(done, 1e-3)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
