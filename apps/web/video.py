"""The Video tab: a clip with its sound, progress while it is painted, and a way to stop."""

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from apps.video.convert import Clip, VideoReader, convert
from apps.web.limits import MAX_VIDEO_SECONDS, told
from apps.web.panel import Panel, wish
from apps.web.studio import Studio, Wish

SIZES = {"360 pixels": 360, "480 pixels": 480, "720 pixels": 720, "As it is": None}


class _CancelledError(Exception):
    pass


def build_video(studio: Studio, panel: Panel) -> None:
    """Place the tab's content into the current layout."""
    with gr.Row(equal_height=False):
        with gr.Column():
            source = gr.Video(label="Your video", sources=["upload"], height=360, buttons=[], elem_id="video")
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
        if path is None:
            raise ValueError("no video yet: add one first")
        clip = Clip(size=SIZES[size], steady=steady)
        with TemporaryDirectory(prefix="artnet-") as folder:
            target = Path(folder) / "artnet.mp4"
            for done, whole, left in paint_video(studio, path, target, wish(*values), clip):
                yield [gr.skip(), f"**{done:.1f} of {whole:.1f} s** painted, {_clock(left)} left"]
            yield [str(target), "Done."]

    job = go.click(told(run), [source, size, steady, *panel.inputs], [result, state], concurrency_id="video",
                   concurrency_limit=1, show_progress="minimal", api_visibility="private")  # fmt: skip
    stop.click(lambda: "Cancelled.", None, state, cancels=[job], queue=False, api_visibility="private")


def paint_video(
    studio: Studio, source: str, target: Path, wished: Wish, clip: Clip
) -> Iterator[tuple[float, float, float]]:
    """Paint in a thread; yields (seconds done, seconds in all, seconds of waiting left) until `target` is there.

    Closing the iterator cancels the work.

    Raises:
        ValueError: as `apps.video.convert.convert`; or the video is longer than MAX_VIDEO_SECONDS.
    """
    try:
        with VideoReader(source) as reader:
            seconds = reader.seconds or 0.0
    except ValueError as error:  # the visitor did not choose the path
        raise ValueError(str(error).replace(source, "this video")) from error
    if seconds > MAX_VIDEO_SECONDS:
        raise ValueError(f"this video lasts {seconds:.0f} s; the page takes up to {MAX_VIDEO_SECONDS}: cut it first")
    prepared = studio.prepare(wished.mix, wished.size)
    news: queue.SimpleQueue = queue.SimpleQueue()
    stop = threading.Event()

    def progress(done: float, whole: float | None) -> None:
        if stop.is_set() or done > MAX_VIDEO_SECONDS:
            raise _CancelledError
        news.put((done, max(done, whole or 0.0)))

    def work() -> None:
        try:
            convert(source, target, prepared, wished.in_motion().look, clip, progress)
            news.put(None)
        except _CancelledError:
            news.put(ValueError("this video is longer than the page takes; cut it first"))
        except Exception as error:  # raised again below, in the thread that waits
            news.put(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield from _report(news)
    finally:
        stop.set()
        thread.join()


def _report(news: queue.SimpleQueue) -> Iterator[tuple[float, float, float]]:
    """The worker's news, at most four a second."""
    start, shown = time.perf_counter(), 0.0
    while (item := news.get()) is not None:
        if isinstance(item, Exception):
            raise item
        done, whole = item
        now = time.perf_counter()
        if now - shown > 0.25:
            shown = now
            yield done, whole, (now - start) * (whole - done) / max(done, 1e-3)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
