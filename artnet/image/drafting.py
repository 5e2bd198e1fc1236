"""Draft and revise: a picture is painted small first, and the enlarged draft is painted again at full size.

What a network of a given receptive field paints at half the size shows twice the strokes, so the size of strokes sets
that of the draft. Drafting small and revising at full size is LapStyle's design (Lin et al., CVPR 2021), there with two
networks for each style; here one network for all styles does both. `artnet.model.drafts` has the same two steps for
tensors.
"""

from functools import cache

import numpy as np
from PIL import Image

from artnet.image.blocks import ROWS, detail_rows, enlarged_rows, light_of, means_of
from artnet.image.guided import guided_draft
from artnet.image.strips import add_to_channels, for_strips, in_channels

FACTOR = 2
"""How many times smaller a draft is in training, and for strokes of middle size."""
MOST_FACTOR = 4
SMALL, LARGE = 384, 768
"""Stroke sizes in pixels below which there is no draft, and from which it is as small as it gets."""
EXAGGERATION = 2
"""How many times the content's detail is given to a draft that is painted again, which weakens it."""
BAND = 4
"""Pixels of a draft whose mean is not detail."""
UNSEEN = 2.0
"""Detail of so many levels of 255 counts half as much as it is strong: noise, the sky's gradient."""
SHOWN_DETAIL = 0.8
"""Share of the content's detail that is given to an enlarged draft that is shown as it is."""
MIDDLE = 128
"""The level that stands for no detail where detail is held in bytes; what exceeds their range is cut off."""


def factor_of(stroke_size: int) -> int:
    """How many times smaller a draft is: 1, where there is none, 2 or 4."""
    return 1 if stroke_size < SMALL else FACTOR if stroke_size < LARGE else MOST_FACTOR


def reduced(content: np.ndarray, factor: int) -> np.ndarray:
    """An (H, W, 3) uint8 picture at the size of drafts; H and W multiples of the factor."""
    return np.asarray(Image.fromarray(content).reduce(factor))


def revisable(draft: np.ndarray, content: np.ndarray) -> np.ndarray:
    """What is painted at full size: the enlarged draft, its light guided, with the content's detail, exaggerated.

    Args:
        draft: (H / factor, W / factor, 3) uint8.
        content: (H, W, 3) uint8, H and W multiples of `CELL` in `artnet.image.guided`.
    """
    factor = len(content) // len(draft)
    light, small = light_of(content, factor)
    drawn = outlined(guided_draft(draft, small, factor), small)
    return detailed(drawn, light, small, shares_of(1.0), EXAGGERATION)


def shown(draft: np.ndarray, content: np.ndarray) -> np.ndarray:
    """The enlarged draft with some of the content's detail, for frames that are painted once.

    Args:
        draft: (H / factor, W / factor, 3) uint8.
        content: (H, W, 3) uint8, H and W multiples of twice the factor.
    """
    light, small = light_of(content, 2 * len(content) // len(draft))
    return detailed(draft, light, small, shares_of(SHOWN_DETAIL))


def detailed(
    draft: np.ndarray, light: np.ndarray, smooth: np.ndarray, shares: np.ndarray, times: int = 1
) -> np.ndarray:
    """The enlarged draft, with what the content's luma has beyond its means in blocks, a share of it some times over.

    Args:
        light, smooth: `light_of` the content.
        shares: `shares_of`.
    """
    small, means, result = Image.fromarray(draft), Image.fromarray(smooth), np.empty((*light.shape, 3), np.uint8)
    factor, block = len(light) // len(draft), len(light) // len(smooth)

    def mix(top: int) -> None:
        strip = result[top : top + ROWS]
        strip[:] = enlarged_rows(small, factor, top, len(strip))
        difference = detail_rows(light[top : top + ROWS], means, block, top, np.int16)
        detail = np.take(shares, np.clip(difference + MIDDLE, 0, 255).astype(np.uint8))
        for _ in range(times):
            add_to_channels(strip, detail)

    for_strips(mix, len(light), ROWS)
    return result


@cache
def shares_of(share: float) -> np.ndarray:
    """By how much detail of each level changes a sample, int8 from -127 on."""
    return np.array([max(-127, round(share * (level - MIDDLE))) for level in range(256)], np.int8)


def outlined(draft: np.ndarray, light: np.ndarray) -> np.ndarray:
    """A draft whose middle detail gives way to the content's, exaggerated, where that is the stronger one.

    Like the choice of coefficients when two pictures' pyramids are fused (Burt and Kolczynski, ICCV 1993).

    Args:
        draft: (H, W, 3) uint8, H and W multiples of `BAND`.
        light: (H, W) uint8, the content's luma at the size of drafts.
    """
    own, smooth = light_of(draft, BAND)
    both = (light, Image.fromarray(light).reduce(BAND)), (own, Image.fromarray(smooth))
    result = np.empty_like(draft)

    def details(top: int) -> list[np.ndarray]:
        """The content's and the draft's in a strip, float32."""
        return [detail_rows(light[top : top + ROWS], means, BAND, top, np.float32) for light, means in both]

    def strengths(top: int) -> list[np.ndarray]:
        return [means_of(np.square(x), BAND) for x in details(top)]

    energies = [Image.fromarray(np.concatenate(x)) for x in zip(*for_strips(strengths, len(draft), ROWS), strict=True)]

    def mix(top: int) -> None:
        wanted, painted = details(top)
        content, strokes = (enlarged_rows(energy, BAND, top, len(wanted)) for energy in energies)
        change = content / (content + strokes + np.float32(UNSEEN**2)) * (EXAGGERATION * wanted - painted)
        mixed = in_channels(np.rint(change, out=change).astype(np.int16))
        mixed += draft[top : top + ROWS]
        result[top : top + ROWS] = np.clip(mixed, 0, 255, out=mixed)

    for_strips(mix, len(draft), ROWS)
    return result
