"""The Video tab: a frame painted at once, three seconds to try, and the whole with its sound."""

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from apps.video.convert import Clip
from apps.web.asks import object_of, sender_of
from apps.web.assets import starting, text
from apps.web.calls import inline
from apps.web.clips import Progress, Stills, Waiting, file_name, paint_video
from apps.web.panel import upload_of, wish
from apps.web.reading import VideoLimits
from apps.web.shared_stylizer import SharedStylizer
from apps.web.uploads import MAX_UPLOAD, told
from artnet.image import Picture, fit_short_side

SIZES = {360: "360 lines", 480: "480 lines", 720: "720 lines", 1080: "As it is, up to 1080"}
"""Pixels of the shorter side that a video may be painted at; the first is the page's own choice."""

BESIDE = 1.7
"""How much longer a video takes than painting its frames: they are read, steadied and written too."""


def build_video(shared: SharedStylizer) -> None:
    """Place the tab's content into the current layout; its script takes the panel's wishes from the panel's."""
    gr.HTML(
        html_template=markup(), js_on_load=starting("video"), apply_default_css=False, elem_id="video", bytes=MAX_UPLOAD
    )
    films = Films(shared)
    hidden: dict[str, Any] = {"api_visibility": "undocumented", "show_progress": "hidden"}
    with gr.Group(visible=False):
        asked, said, file = gr.JSON(label="ask"), gr.JSON(label="said"), gr.File(label="file")
        gr.Button().click(told(films.still), asked, said, api_name="page_video_still", queue=False, **hidden)
        gr.Button().click(
            told(films.paint), asked, [said, file], api_name="page_video", concurrency_id="video",
            concurrency_limit=None, **hidden,
        )  # fmt: skip


def markup() -> str:
    """The tab's HTML, with the sizes and the limits."""
    options = "".join(f'<option value="{side}">{words}</option>' for side, words in SIZES.items())
    minutes = f"{VideoLimits().seconds / 60:.0f}"
    words = {"sizes": options, "megabytes": f"{MAX_UPLOAD // 1_000_000}", "minutes": minutes}
    content = text("video.html")
    for name, value in words.items():
        content = content.replace(f"<!-- {name} -->", value)
    return content


class Films:
    """The endpoints; each takes a JSON object that the gate has looked through for files."""

    def __init__(self, shared: SharedStylizer):
        self._shared, self._stills = shared, Stills()

    def still(self, value: Any) -> dict:
        """A frame of the video and the same painted, what the video is, and how long all of it takes."""
        check = self._shared.newest.begin(*sender_of(value))
        still, wished = self._stills.of(upload_of(value.get("video")), check), wish(value.get("panel")).in_motion()
        side = _side(value)
        rgb = still.rgb if min(still.rgb.shape[:2]) <= side else fit_short_side(Picture(still.rgb), side).rgb
        style = self._shared.style(wished, check)
        begin = time.perf_counter()
        painted = self._shared.stylizer.stylize(rgb, style, wished.settings, live=True)
        seconds = time.perf_counter() - begin
        takes = BESIDE * seconds * still.frames
        return {"before": inline(rgb), "image": inline(painted), "about": still.about, "takes": takes}

    def paint(self, value: Any) -> Iterator[list]:
        """The video, or a trial of it, as a file; before that, who is ahead, or the share that is done."""
        value = object_of(value)
        shared, source, wished = self._shared, upload_of(value.get("video")), wish(value.get("panel"))
        trial, clip = bool(value.get("trial")), Clip(_side(value), steady=bool(value.get("steady", True)))
        name = file_name(str(value.get("name") or "video"), wished, trial)
        with shared.folder() as folder:
            for step in paint_video(shared, source, folder / name, wished, clip, shared.clients.check(), trial=trial):
                yield [_told(step), None]
            yield [{"name": name}, str(folder / name)]


def _side(value: dict) -> int:
    side = value.get("size")
    if not isinstance(side, int) or side not in SIZES:
        raise ValueError(f"size must be one of {', '.join(map(str, SIZES))}, got {side!r:.40}")
    return side


def _told(step: Waiting | Progress) -> dict:
    if isinstance(step, Waiting):
        return {"ahead": step.ahead}
    return {"share": min(1.0, step.done / max(step.whole, 1e-3)), "left": step.left}
