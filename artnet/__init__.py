"""ArtNet: universal style transfer that runs live on an ordinary CPU.

from artnet import Stylizer
stylizer = Stylizer.load()
style = stylizer.prepare_style("painting.jpg")
image = stylizer.stylize("photo.jpg", style)
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
_HOMES = {
    "ArtNet": "artnet.model.network",
    "ArtNetConfig": "artnet.model.config",
    "Memory": "artnet.stylizer",
    "Style": "artnet.engines.base",
    "StyleSettings": "artnet.settings",
    "Stylizer": "artnet.stylizer",
    "load_checkpoint": "artnet.model.checkpoint",
    "save_checkpoint": "artnet.model.checkpoint",
}
__all__ = [
    "ArtNet", "ArtNetConfig", "Memory", "Style", "StyleSettings", "Stylizer", "load_checkpoint", "save_checkpoint",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import on first use: `import artnet` alone must not pay for torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'artnet' has no attribute {name!r}")
    try:
        return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(f"artnet.{name} needs torch: pip install 'artnet[torch]'") from error
