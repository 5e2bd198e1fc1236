"""The page: a header, tabs for photos, videos and the camera, and the styles beside all of them."""

import gradio as gr

from apps.web.api import build_api
from apps.web.assets import text
from apps.web.live import build_live
from apps.web.panel import build_panel
from apps.web.photo import build_photo
from apps.web.shared_stylizer import SharedStylizer
from apps.web.video import build_video

# Fonts of the visitor's own system: a page that is served locally asks no other server for anything.
FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
INK = gr.themes.Color(
    *("#faf9f6", "#f3f1ec", "#e3dfd6", "#cfc9bd", "#a49d90", "#746d61"),
    *("#5c564c", "#433e37", "#2a2723", "#1b1917", "#121110"),
)
"""Warm greys, from paper to ink."""
EARTH = gr.themes.Color(
    *("#fff4ee", "#ffe4d6", "#ffc5a8", "#ff9f73", "#ff8a5c", "#d9541e"),
    *("#b23c0c", "#92310a", "#742709", "#571e08", "#3a1405"),
)
"""The one colour of the page: burnt orange, as of a painter's earth."""


def theme() -> gr.themes.Base:
    """Gradio's parts in the page's colours; `assets/page.css` has the same for the page's own."""
    made = gr.themes.Base(
        primary_hue=EARTH, secondary_hue=EARTH, neutral_hue=INK, font=FONTS, font_mono=["ui-monospace", "monospace"],
        radius_size="md",
    )  # fmt: skip
    return made.set(
        body_background_fill="*neutral_50", body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900", body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_400",
        block_background_fill="white", block_background_fill_dark="*neutral_900",
        block_border_color="*neutral_200", block_border_color_dark="*neutral_800",
        block_label_text_color="*neutral_600", block_label_text_color_dark="*neutral_400",
        block_title_text_color="*neutral_900", block_title_text_color_dark="*neutral_100",
        block_info_text_color="*neutral_600", block_info_text_color_dark="*neutral_400",
        input_background_fill="white", input_background_fill_dark="*neutral_900",
        button_primary_background_fill="*primary_600", button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600", button_primary_background_fill_hover_dark="*primary_700",
        button_primary_text_color="white", button_primary_text_color_dark="white",
        link_text_color="*primary_600", link_text_color_dark="*primary_400",
    )  # fmt: skip


def build_page(shared: SharedStylizer) -> gr.Blocks:
    """The page with its API, not yet served."""
    with gr.Blocks(title="ArtNet", analytics_enabled=False) as page:
        gr.HTML(html_template=text("header.html"), js_on_load=None, apply_default_css=False, elem_id="header")
        with gr.Row(elem_id="shell"):
            with gr.Column(elem_id="main"), gr.Tabs(elem_id="tabs"):
                with gr.Tab("Photo", id="photo"):
                    build_photo(shared)
                with gr.Tab("Video", id="video"):
                    build_video(shared)
                with gr.Tab("Live", id="live"):
                    build_live(shared)
            with gr.Column(elem_id="side"):
                build_panel()
        build_api(shared)
    return page.queue(max_size=128, default_concurrency_limit=4, api_open=False)
