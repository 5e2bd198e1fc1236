"""How a photo of a visitor is painted: when its turn comes, and where on it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import numpy as np

from apps.web.asks import WHERE
from apps.web.clients import address
from apps.web.shared_stylizer import SharedStylizer, Wish
from apps.web.uploads import read_upload
from artnet.image import Picture
from artnet.image.compose import blend

LARGE = 4_000_000
"""Pixels from which only a few photos are at work at once."""
Check = Callable[[], None] | None
Told = Callable[[float], None] | None


@contextmanager
def photo_at_work(shared: SharedStylizer, path: str | None, check: Callable[[], None]) -> Iterator[Picture]:
    """The photo, read, with a place for it to be painted; waits for both. ValueError as `read_upload`."""
    client = address()
    with shared.photos.taken(client, check):
        picture = read_upload(path, check=check)
        pixels = picture.rgb.shape[0] * picture.rgb.shape[1]
        with shared.large.taken(client, check) if pixels > LARGE else nullcontext():
            yield picture


def paint_photo(
    shared: SharedStylizer,
    picture: Picture,
    wished: Wish,
    place: str = WHERE[0],
    mask: np.ndarray | None = None,
    check: Check = None,
    progress: Told = None,
) -> np.ndarray:
    """(H, W, 3) uint8: the photo painted at one of the places WHERE.

    Raises:
        ValueError: a part is asked for and nothing was painted, or two styles and there are not two.
    """
    if place == "everywhere":
        return shared.paint(picture.rgb, wished, check, progress)
    if mask is None:
        raise ValueError("nothing is marked on the photo yet: mark the part with the brush, or paint all of it")
    if place == "both":
        if len(wished.mix) != 2:
            raise ValueError("this takes two styles: switch on Blend and choose two")
        inner, outer = (
            shared.paint(picture.rgb, Wish((style,), wished.settings), check, _half(progress, n))
            for n, style in enumerate(wished.mix)
        )
        return blend(outer, inner, mask)
    return shared.paint(picture.rgb, wished, check, progress, mask if place == "inside" else 255 - mask)


def _half(progress: Told, n: int) -> Told:
    """Progress of the first or second of two paintings."""
    return None if progress is None else lambda share: progress((n + share) / 2)
