"""Draft and revise: a picture is painted small first, and the enlarged draft is painted again at full size.

Drafting small and revising at full size is LapStyle's design (Lin et al., CVPR 2021), there with two networks for each
style; here one network for all styles does both. What a network of a given receptive field paints at half of a size
shows strokes twice as large: large strokes are painted smaller, draft and revision, and enlarged. That what is enlarged
gets the photo's detail back is our own addition. `artnet.model.drafts` has the same steps for tensors.
"""

from collections.abc import Callable

import numpy as np

from artnet.image.blocks import ROWS, detail_rows, enlarged_rows, light_means, light_of, light_rows, means_of
from artnet.image.guided import guided_draft
from artnet.image.memmap import empty_beside
from artnet.image.strips import for_strips, lit

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
    strips = for_strips(lambda top: means_of(content[top : top + ROWS], factor), len(content), ROWS)
    return np.concatenate(strips)


def revisable(draft: np.ndarray, content: np.ndarray) -> np.ndarray:
    """What is painted at full size: the enlarged draft, its light guided, with the content's detail, exaggerated.

    Args:
        draft: (H / factor, W / factor, 3) uint8.
        content: (H, W, 3) uint8, H and W multiples of `CELL` in `artnet.image.guided`.
    """
    factor, result = len(content) // len(draft), np.empty(content.shape, np.uint8)
    light, small = light_of(content, factor)
    drawn = outlined(guided_draft(draft, small, factor), small)
    enlarge(drawn, factor, result, lambda top: EXAGGERATION * detail_rows(light[top : top + ROWS], small, factor, top))
    return result


def shown(painted: np.ndarray, content: np.ndarray, factor: int) -> np.ndarray:
    """What was painted smaller, enlarged, with some of the content's detail: a frame, or a photo in large strokes.

    Args:
        painted: `reduced` content, painted.
        content: (H, W, 3) uint8.
        factor: how many times smaller it was painted.
    """
    block, result = 2 * factor, empty_beside(content)
    means, share = light_means(content, block), np.float32(SHOWN_DETAIL)
    enlarge(
        painted, factor, result, lambda top: share * detail_rows(light_rows(content, block, top), means, block, top)
    )
    return result


def enlarge(painted: np.ndarray, factor: int, result: np.ndarray, detail_at: Callable[[int], np.ndarray]) -> None:
    """Fill a picture with what was painted smaller, and a content's detail.

    Args:
        painted: `reduced` size.
        result: (H, W, 3) uint8.
        detail_at: levels to be added to a strip of `ROWS`, from a row on; they may reach beyond the result.
    """

    def fill(top: int) -> None:
        strip = result[top : top + ROWS]
        height, width = strip.shape[:2]
        strip[:] = lit(enlarged_rows(painted, factor, top, height)[:, :width], detail_at(top)[:height, :width])

    for_strips(fill, len(result), ROWS)


def outlined(draft: np.ndarray, light: np.ndarray) -> np.ndarray:
    """A draft whose middle detail gives way to the content's, exaggerated, where that is the stronger one.

    Like the choice of coefficients when two pictures' pyramids are fused (Burt and Kolczynski, ICCV 1993).

    Args:
        draft: (H, W, 3) uint8, H and W multiples of `BAND`.
        light: (H, W) uint8, the content's luma at the size of drafts.
    """
    both = (light, means_of(light, BAND)), light_of(draft, BAND)

    def details(top: int) -> list[np.ndarray]:
        """The content's and the draft's in a strip, float32."""
        return [detail_rows(light[top : top + ROWS], means, BAND, top) for light, means in both]

    def strengths(top: int) -> list[np.ndarray]:
        return [means_of(np.square(x), BAND) for x in details(top)]

    energies = [np.concatenate(x) for x in zip(*for_strips(strengths, len(draft), ROWS), strict=True)]

    def mix(top: int) -> np.ndarray:
        wanted, painted = details(top)
        content, strokes = (enlarged_rows(energy, BAND, top, len(wanted)) for energy in energies)
        strokes += content  # in place: new arrays take longer than sums
        strokes += np.float32(UNSEEN**2)
        content /= strokes
        wanted *= EXAGGERATION
        wanted -= painted
        wanted *= content
        return lit(draft[top : top + ROWS], wanted)

    return np.concatenate(for_strips(mix, len(draft), ROWS))
