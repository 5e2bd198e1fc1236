"""Feature transforms for style transfer: AdaIN, whitening/colouring, patch swap, and the sandwich swap transform S2.

Every transform exists as a function (`adain`, `wct`, `style_swap`, `s2`) and as a Module (`AdaIN`, `WCT`, `StyleSwap`,
`S2`). Features are (N, C, H, W) float tensors; content and style may differ in H and W, never in C. What a transform
needs of a style is computed once by `prepare_style`.
"""

from importlib.util import find_spec

if not find_spec("torch"):
    raise ImportError("s2transform needs torch: pip install 'artnet[torch]'")

from s2transform.modules import S2, WCT, AdaIN, StyleSwap
from s2transform.moments import adain, channel_moments
from s2transform.sandwich import METHODS, VARIANTS, blend, s2, transfer
from s2transform.style import PreparedStyle, prepare_style
from s2transform.swap import PatchBank, build_patch_bank, match_patches, style_swap
from s2transform.whitening import wct

__all__ = [
    "METHODS",
    "S2",
    "VARIANTS",
    "WCT",
    "AdaIN",
    "PatchBank",
    "PreparedStyle",
    "StyleSwap",
    "adain",
    "blend",
    "build_patch_bank",
    "channel_moments",
    "match_patches",
    "prepare_style",
    "s2",
    "style_swap",
    "transfer",
    "wct",
]
