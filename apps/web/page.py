"""The page: the style on one side, and tabs for photos, videos and the camera on the other."""

import gradio as gr

from apps.web.api import build_api
from apps.web.live import build_live
from apps.web.panel import build_panel
from apps.web.photo import build_photo
from apps.web.studio import Studio
from apps.web.video import build_video

HEADER = """<header><h1>ArtNet</h1><p>Any picture becomes the style of any other. Everything is computed on the machine
that serves this page.</p></header>"""

CSS = """
.gradio-container { max-width: 1240px !important; margin: 0 auto !important; }
header h1 { font-size: 1.9rem; font-weight: 650; letter-spacing: -0.02em; margin: 0; }
header p { color: var(--body-text-color-subdued); margin: 0.1rem 0 0; }
button.primary { background: var(--primary-600); }
button.primary:hover { background: var(--primary-700); }
#styles { border-width: 0 !important; background: none; overflow: visible !important; }
#styles .grid-wrap { min-height: 0; max-height: none; padding: 0; overflow: visible; }
#styles .grid-container { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 10px; padding: 2px; }
#styles .thumbnail-lg { width: 100%; }
#styles .caption-label { inset: auto 0 0 0; max-width: none; margin: 0; padding: 2px 4px; border: none;
  border-radius: 0; font-size: 0.72rem; text-align: center; background: rgb(15 23 42 / 0.62); color: white; }
#caption { text-align: center; color: var(--body-text-color-subdued); font-size: 0.85rem; }
#style-buttons { align-items: center; }
#speed, #video-state { color: var(--body-text-color-subdued); min-height: 1.5rem; }
@media (max-width: 640px) {
  .gradio-container { padding: 0.5rem !important; }
  header h1 { font-size: 1.5rem; }
}
"""

# Fonts of the visitor's own system: a page that is served locally asks no other server for anything.
FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]


def theme() -> gr.themes.Base:
    return gr.themes.Soft(
        primary_hue="indigo", neutral_hue="slate", font=FONTS, font_mono=["ui-monospace", "monospace"], radius_size="md"
    )


def build_page(studio: Studio) -> gr.Blocks:
    """The page with its API, not yet served."""
    with gr.Blocks(title="ArtNet", analytics_enabled=False) as page:
        gr.HTML(HEADER)
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=300):
                panel = build_panel()
            with gr.Column(scale=3, min_width=320), gr.Tabs():
                with gr.Tab("Photo"):
                    build_photo(studio, panel)
                with gr.Tab("Video"):
                    build_video(studio, panel)
                with gr.Tab("Live"):
                    build_live(studio, panel)
        build_api(studio)
    return page.queue(max_size=32, default_concurrency_limit=4, api_open=False)
