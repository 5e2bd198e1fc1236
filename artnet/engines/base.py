"""What every engine does: prepare a style once, then paint pictures with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from artnet.image.chroma import Bounds
from artnet.image.postprocess import Finish
from artnet.model.config import ArtNetConfig
from artnet.model.slots import Slot

Statistics = dict[Slot, np.ndarray]
"""What a transfer took as its inputs' moments: (2, C) float32 each, channel means over channel deviations."""


@dataclass(frozen=True)
class Held:
    """Statistics of an earlier or larger picture that count in place of a share of a picture's own.

    Attributes:
        statistics: as an engine returned them, for the same number of styles and the same transfer.
        share: 0 (the picture's own only) to 1 (the held ones only: how tiles of one picture come to match).
    """

    statistics: Statistics = field(default_factory=dict)
    share: float = 0.0


NOTHING_HELD = Held()
GROUND_OF_FRAMES = 0.4
"""A share of the ground that hides the steps of 8 bits; all of it makes frames flicker by 7 % more, this by 2."""


@dataclass(frozen=True, eq=False)
class Style:
    """What a style, or a weighted mix of several, costs once. Two styles are two objects, whatever they hold.

    Attributes:
        parts: what `Engine.prepare` returned, one for each image.
        weights: a positive number for each image; only their ratios matter.
        finishes: how each image finishes what is painted in its style.
        contrasts: how strong each image's marks are (`artnet.image.contrast`).
        chromas: what each image's colours stay within (`artnet.image.chroma`).
        engine: that prepared it, and that alone can paint with it.
        scale: how many times smaller pictures are painted in it, to be enlarged (`artnet.image.drafting`).
    """

    parts: Sequence[Any]
    weights: Sequence[float] = (1.0,)
    finishes: Sequence[Finish] = ()
    contrasts: Sequence[Sequence[float]] = ()
    chromas: Sequence[Bounds] = ()
    engine: "Engine | None" = None
    scale: int = 1


@dataclass(frozen=True)
class Look:
    """How to paint; equal ones are the same style with the same settings.

    Attributes:
        style: what to paint in.
        transfer: 's2', 'adain' or 'wct'.
        strength: 0 (the content, rebuilt) to 1 (the full style).
        fixed_size: many pictures of one size will follow, as the frames of a video do: an engine may spend a moment on
            getting quicker at that size. Pictures then differ a little from those painted without, so that it must be
            said beforehand: a picture never depends on what was painted before it.
        revised: whether a draft is painted again at full size, by a network that was trained to; without, it is
            enlarged and gets the content's detail back, which takes a third of the time and flickers less.
    """

    style: Style
    transfer: str = "s2"
    strength: float = 1.0
    fixed_size: bool = False
    revised: bool = True

    @property
    def ground(self) -> float:
        """How much ground a picture gets (`artnet.image.ground`), 0..1."""
        return self.strength * (1.0 if self.revised else GROUND_OF_FRAMES)


class Engine(Protocol):
    """Runs a network, between (H, W, 3) uint8 sRGB arrays.

    Attributes:
        config: the network's shape.
        choice: what it runs on and why, for people.
        stride: picture pixels per bottleneck position along a side.
        streams: calls of `paint` that may run at once in threads of the caller, and gain by it.
        whole_pixels: of the largest picture that it paints at once in about 2 GB; larger ones should come in tiles.
    """

    config: ArtNetConfig
    choice: str
    stride: int
    streams: int
    whole_pixels: int

    def prepare(self, rgb: np.ndarray) -> Any:
        """What painting needs of a style's picture, computed once."""
        ...

    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        """The painted picture, of the same size, and with `held` the statistics that were used (else none).

        Hold NOTHING_HELD to learn a picture's own statistics.
        """
        ...

    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        """The statistics that painting a picture would use, without painting it."""
        ...


def padded_shape(height: int, width: int, stride: int) -> tuple[int, int]:
    """The size that is really painted for a picture of (height, width): multiples of stride, at least two strides.

    Two strides, because the bottleneck's features must be padded by reflection. A picture of 1 x 1,000,000 is painted
    as 16 x 1,000,000 at stride 8, so limits count these pixels.
    """
    return max(2, -(-height // stride)) * stride, max(2, -(-width // stride)) * stride


def pad_edges(rgb: np.ndarray, stride: int) -> np.ndarray:
    """Repeat the right and bottom edge of (H, W, 3) until its size is its `padded_shape`."""
    height, width = padded_shape(rgb.shape[0], rgb.shape[1], stride)
    if (height, width) == rgb.shape[:2]:
        return rgb
    return np.pad(rgb, ((0, height - rgb.shape[0]), (0, width - rgb.shape[1]), (0, 0)), mode="edge")
