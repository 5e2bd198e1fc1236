"""Draft and revise: a picture is painted small first, and the enlarged draft is painted again at full size.

Drafting small and revising at full size is LapStyle's design (Lin et al., CVPR 2021), there with two networks for each
style; here one network for all styles does both. What a network of a given receptive field paints at half of a size
shows strokes twice as large: large strokes are painted smaller, draft and revision, and enlarged. That what is enlarged
gets the photo's detail back is our own addition. `artnet.model.drafts` has the same steps for tensors.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from artnet.image.blocks import ROWS, detail_rows, enlarged_rows, light_means, light_of, light_rows, means_of
from artnet.image.guided import guided_draft
from artnet.image.memmap import empty_beside
from artnet.image.strips import add_to_channels, for_strips, in_channels

FACTOR = 2
"""How many times smaller than the painting a draft is."""
SMALL, LARGE = 384, 768
"""Stroke sizes in pixels below which there is no draft, and from which pictures are painted at half of their size; from
twice as many on at a quarter."""
SHORT_SIDE = 1536
"""Pixels of a picture's short side from which on strokes grow with it, as it is painted at half of its size; from twice
as many on at a quarter. In the pictures of present cameras, strokes of some pixels would be grain."""
EXAGGERATION = 2
"""How many times the content's detail is given to a draft that is painted again, which weakens it."""
BAND = 4
"""Pixels of a draft whose mean is not detail."""
UNSEEN = 2.0
"""Detail of so many levels of 255 counts half as much as it is strong: noise, the sky's gradient."""
SHOWN_DETAIL = 0.8
"""Share of the content's detail that is given to what is shown as it is, enlarged."""
MIDDLE = 128
"""The level that stands for no detail where detail is held in bytes; what exceeds their range is cut off."""


def factor_of(stroke_size: int) -> int:
    """How many times smaller than the painting a draft is; 1 where there is none."""
    return 1 if stroke_size < SMALL else FACTOR


def scale_of_strokes(stroke_size: int) -> int:
    """How many times smaller a picture is painted, to be enlarged, for strokes of a size: 1, 2 or 4."""
    return scale_from(LARGE, stroke_size)


def scale_of_picture(height: int, width: int) -> int:
    """How many times smaller a picture of some size is painted, whatever the strokes: 1, 2 or 4."""
    return scale_from(SHORT_SIDE, min(height, width))


def scale_from(first: int, length: int) -> int:
    """1, from a first length on 2, from twice that on 4."""
    return 1 if length < first else 2 if length < 2 * first else 4


def reduced(content: np.ndarray, factor: int) -> np.ndarray:
    """An (H, W, 3) uint8 picture, so many times smaller; sides that are no multiples are rounded up."""

    def means(top: int) -> np.ndarray:
        return np.asarray(Image.fromarray(content[top : top + ROWS]).reduce(factor))

    return np.concatenate(for_strips(means, len(content), ROWS))


def revisable(draft: np.ndarray, content: np.ndarray) -> np.ndarray:
    """What is painted at full size: the enlarged draft, its light guided, with the content's detail, exaggerated.

    Args:
        draft: (H / factor, W / factor, 3) uint8.
        content: (H, W, 3) uint8, H and W multiples of `CELL` in `artnet.image.guided`.
    """
    factor, result = len(content) // len(draft), np.empty(content.shape, np.uint8)
    light, small = light_of(content, factor)
    drawn, means = outlined(guided_draft(draft, small, factor), small), Image.fromarray(small)

    def detail_at(top: int) -> np.ndarray:
        return detail_rows(light[top : top + ROWS], means, factor, top, np.int16)

    enlarge(drawn, factor, result, detail_at, shares_of(1.0), EXAGGERATION)
    return result


def shown(painted: np.ndarray, content: np.ndarray, factor: int) -> np.ndarray:
    """What was painted smaller, enlarged, with some of the content's detail: a frame, or a photo in large strokes.

    Args:
        painted: `reduced` content, painted.
        content: (H, W, 3) uint8.
        factor: how many times smaller it was painted.
    """
    block, result = 2 * factor, empty_beside(content)
    means = Image.fromarray(light_means(content, block))

    def detail_at(top: int) -> np.ndarray:
        return detail_rows(light_rows(content, block, top), means, block, top, np.int16)

    enlarge(painted, factor, result, detail_at, shares_of(SHOWN_DETAIL))
    return result


def enlarge(
    painted: np.ndarray,
    factor: int,
    result: np.ndarray,
    detail_at: Callable[[int], np.ndarray],
    shares: np.ndarray,
    times: int = 1,
) -> None:
    """Fill a picture with what was painted smaller, and a content's detail, a share of it some times over.

    Args:
        painted: `reduced` size.
        result: (H, W, 3) uint8.
        detail_at: int16 detail of a strip of `ROWS`, from a row on; it may reach beyond the result.
        shares: `shares_of`.
    """
    small = Image.fromarray(painted)

    def fill(top: int) -> None:
        strip = result[top : top + ROWS]
        height, width = strip.shape[:2]
        strip[:] = enlarged_rows(small, factor, top, -(-height // factor) * factor)[:height, :width]
        difference = np.clip(detail_at(top)[:height, :width] + MIDDLE, 0, 255)
        detail = np.take(shares, difference.astype(np.uint8))
        for _ in range(times):
            add_to_channels(strip, detail)

    for_strips(fill, len(result), ROWS)


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
