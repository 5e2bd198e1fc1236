"""Every content in every style, written to a folder and, with a loss network, scored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

from artnet.image import square, write_picture
from artnet.model.tensors import to_tensor
from artnet.settings import StyleSettings
from artnet.stylizer import Stylizer
from artnet.training import losses
from artnet.training.losses import VGGTrunk

SCORES = ("content", "style", "gram", "texture")


@dataclass(frozen=True)
class Pair:
    """One stylized picture: the two names, what was seen, and how long the stylization took."""

    name: str
    content: np.ndarray
    style: np.ndarray
    painted: np.ndarray
    seconds: float


def paint_pairs(
    stylizer: Stylizer,
    contents: Sequence[Path],
    styles: Sequence[Path],
    *,
    size: int = 512,
    transfer: str = "s2",
    live: bool = False,
) -> Iterator[Pair]:
    """Paint every content in every style, both cropped to squares of `size` pixels; the style changes slowest.

    `live` paints as a frame of a video is.
    """
    squares = [square(path, size) for path in contents]
    for style_path in styles:
        style_image = square(style_path, size)
        style = stylizer.prepare_style(style_image, stroke_size=size)
        for path, content in zip(contents, squares, strict=True):
            start = perf_counter()
            painted = stylizer.stylize(content, style, StyleSettings(transfer=transfer), live=live)
            yield Pair(f"{path.stem}__{style_path.stem}", content, style_image, painted, perf_counter() - start)


def write_pair(pair: Pair, folder: Path) -> None:
    """Write a pair's picture as CONTENT__STYLE.png."""
    write_picture(folder / f"{pair.name}.png", pair.painted)


@torch.inference_mode()
def score_pair(pair: Pair, trunk: VGGTrunk) -> dict[str, float]:
    """The losses of `artnet.training.losses` for one pair, lower is better: content, style, gram and texture."""
    torch.manual_seed(0)  # the same random directions for every pair
    content, style, painted = (trunk(to_tensor(x)) for x in (pair.content, pair.style, pair.painted))
    own, wanted = ([losses.statistics(x) for x in taps] for taps in (painted, style))
    layer = losses.TEXTURE_LAYER
    return {
        "content": losses.content_loss(painted, content).item(),
        "style": losses.moment_loss(own, wanted).item(),
        "gram": losses.gram_loss(own, wanted).item(),
        "texture": losses.texture_loss(painted[layer], style[layer]).item(),
    }
