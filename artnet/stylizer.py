"""The one object behind every front end: the costly style is set once, contents are stylized many times."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar, overload

import numpy as np
from PIL import Image

from artnet.checkpoint import load_checkpoint
from artnet.engine import ENGINES, TorchEngine
from artnet.network import StyleLevels
from artnet.pictures import Picture, fit_short_side, flatten, picture_from_image, read_picture, resize
from s2transform import METHODS

STYLE_SIZE = 512
MAX_STYLE_SIDE = 4096

Source = str | Path | Image.Image | np.ndarray
"""A picture at the library's edge: a path, a PIL image, or an (H, W, 3) uint8 sRGB array."""
ArrayOrImage = TypeVar("ArrayOrImage", np.ndarray, Image.Image)


class Stylizer:
    """Paints contents in the manner of a style.

    stylizer = Stylizer.load()
    stylizer.set_style("painting.jpg")
    picture = stylizer.stylize("photo.jpg")
    """

    def __init__(self, engine: TorchEngine):
        self.engine = engine
        self.styles: list[StyleLevels] = []
        self.weights: list[float] = []

    @classmethod
    def load(cls, weights: str | Path | None = None, *, engine: str = "auto", device: str = "auto") -> "Stylizer":
        """Load a network.

        Args:
            weights: a checkpoint's path, 'artnet' (bundled, pruned; the default) or 'artnet-dense' (bundled).
            engine: 'auto' or 'torch'.
            device: 'auto', 'cpu' or 'cuda'.

        Raises:
            ValueError: unknown engine or device, or a file that is no checkpoint.
            FileNotFoundError: no such file.
        """
        if engine not in ENGINES:
            raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
        return cls(TorchEngine(load_checkpoint(weights or "artnet"), device))

    @property
    def engine_choice(self) -> str:
        """What the network runs on, and why."""
        return self.engine.choice

    def set_style(self, style: Source | Sequence[tuple[Source, float]], *, size: int | None = None) -> None:
        """Prepare a style, or a weighted mix of several, for all later `stylize` calls.

        Args:
            style: a picture, or [(picture, weight), ...] with positive weights, of which only the ratios matter.
            size: short side in pixels to which styles are resized, 512 where not given: a larger one gives larger
                strokes.

        Raises:
            ValueError: no style, weights that are not positive, a size out of 16..4096, or an unreadable picture.
        """
        mix = [(style, 1.0)] if isinstance(style, (str, Path, Image.Image, np.ndarray)) else list(style)
        size = STYLE_SIZE if size is None else size
        if not mix:
            raise ValueError("set_style needs at least one style")
        if not 16 <= size <= MAX_STYLE_SIDE:
            raise ValueError(f"style size must be between 16 and {MAX_STYLE_SIDE} pixels, got {size}")
        weights = [float(weight) for _, weight in mix]
        if not all(0 < weight < float("inf") for weight in weights):
            raise ValueError(f"style weights must be positive and finite, got {weights}")
        self.styles = [self.engine.prepare(self.engine.encode(self.fit_style(source, size))) for source, _ in mix]
        self.weights = weights

    def fit_style(self, source: Source, size: int) -> np.ndarray:
        """A style's colours at the given short side; both sides multiples of the stride, so that nothing is padded."""
        stride = self.engine.stride
        rgb = flatten(fit_short_side(as_picture(source), size))
        height, width = (max(2, min(round(side / stride), MAX_STYLE_SIDE // stride)) * stride for side in rgb.shape[:2])
        return resize(rgb, height, width)

    @overload
    def stylize(self, content: str | Path, *, strength: float = 1.0, transfer: str = "s2") -> Image.Image: ...
    @overload
    def stylize(self, content: ArrayOrImage, *, strength: float = 1.0, transfer: str = "s2") -> ArrayOrImage: ...
    def stylize(self, content: Source, *, strength: float = 1.0, transfer: str = "s2") -> Image.Image | np.ndarray:
        """Paint a content in the set style.

        Args:
            content: of any size from 1x1; the result has the same size.
            strength: 0 (the content, rebuilt) to 1 (the full style).
            transfer: 's2', 'adain' or 'wct', the transform at the bottleneck.

        Returns:
            An (H, W, 3) uint8 array for an array, else an RGB PIL image.

        Raises:
            ValueError: no style is set, options out of range, or an unreadable content.
        """
        if not self.styles:
            raise ValueError("no style is set: call set_style first")
        if not 0 <= strength <= 1:
            raise ValueError(f"strength must be between 0 and 1, got {strength}")
        if transfer not in METHODS:
            raise ValueError(f"transfer must be one of {', '.join(METHODS)}, got {transfer!r}")
        rgb = flatten(as_picture(content))
        features = self.engine.encode(rgb)
        moved = self.engine.transfer(features, self.styles, self.weights, transfer, strength)
        painted = self.engine.decode(moved, *rgb.shape[:2])
        return painted if isinstance(content, np.ndarray) else Image.fromarray(painted)


def as_picture(source: Source) -> Picture:
    """Read a path, take a PIL image of any mode, or check an array."""
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] != 3 or 0 in source.shape:
            raise ValueError(f"an array picture must be (H, W, 3) uint8, got {source.shape} {source.dtype}")
        return Picture(source)
    return picture_from_image(source) if isinstance(source, Image.Image) else read_picture(source)
