"""A node for ComfyUI. Copy this file into ComfyUI/custom_nodes/, and install artnet into ComfyUI's environment."""

from functools import lru_cache
from typing import Any

import numpy as np
import torch

from artnet import StyleSettings, Stylizer
from artnet.settings import SETTINGS, Setting


class ArtNetStylize:
    """Paints every image of a batch in the style of another image; several styles are blended evenly.

    ComfyUI's images are (B, H, W, C) float tensors in [0, 1].
    """

    CATEGORY = "image/style"
    DESCRIPTION = "Paint images in the style of another one, live on the CPU (ArtNet)."
    FUNCTION = "stylize"
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("image",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, tuple]]:  # noqa: N802  (ComfyUI's name)
        options = {setting.name: widget(setting) for setting in SETTINGS.values()}
        return {"required": {"image": ("IMAGE",), "style": ("IMAGE",), **options}}

    def stylize(self, image: torch.Tensor, style: torch.Tensor, **options: Any) -> tuple[torch.Tensor]:
        """The painted batch, on the CPU, of the images' size."""
        settings = StyleSettings(**options)
        stylizer = load("torch" if settings.transfer == "wct" else "auto")
        prepared = stylizer.prepare_style([(rgb, 1.0) for rgb in to_arrays(style)], stroke_size=settings.stroke_size)
        painted = [stylizer.stylize(rgb, prepared, settings) for rgb in to_arrays(image)]
        return (torch.from_numpy(np.stack(painted)).float() / 255,)


@lru_cache
def load(engine: str) -> Stylizer:
    """The network, read when a node first runs."""
    return Stylizer.load(engine=engine)


def widget(setting: Setting) -> tuple[Any, dict[str, Any]]:
    """How ComfyUI asks for an option: its type, or the list of its choices, and what a widget needs to know."""
    about: dict[str, Any] = {"default": setting.default, "tooltip": setting.help}
    if setting.choices:
        return list(setting.choices), about
    if isinstance(setting.default, bool):
        return "BOOLEAN", about
    low, high = setting.bounds or (0, 1)
    kind = type(setting.default)
    return kind.__name__.upper(), about | {"min": kind(low), "max": kind(high), "step": kind(setting.step)}


def to_arrays(batch: torch.Tensor) -> list[np.ndarray]:
    """(B, H, W, C) float in [0, 1] -> B arrays (H, W, 3) uint8; what is beside the three colours is left out."""
    levels = batch[..., :3].detach().cpu().float().clamp(0, 1).mul(255).round()
    return list(levels.to(torch.uint8).numpy())


NODE_CLASS_MAPPINGS = {"ArtNetStylize": ArtNetStylize}
NODE_DISPLAY_NAME_MAPPINGS = {"ArtNetStylize": "ArtNet Stylize"}
