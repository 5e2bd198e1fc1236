"""Where a picture goes in a window of another shape: as large as it fits, in the middle, never squeezed."""

from typing import NamedTuple

Size = tuple[int, int]
"""Width and height in pixels."""
LEAST, MOST = 0.55, 0.85
"""Share of the desktop's height that a new window has at least, so that it is seen on fine screens, and at most of both
sides."""


class Box(NamedTuple):
    """A rectangle in a window, in pixels from its upper left corner."""

    left: int
    top: int
    width: int
    height: int


def letterbox(picture: Size, window: Size) -> Box:
    """The largest box of the picture's shape (to within a pixel) inside the window, in its middle.

    Args:
        picture, window: at least one pixel each way.
    """
    scale = min(window[0] / picture[0], window[1] / picture[1])
    width, height = (max(1, min(round(side * scale), most)) for side, most in zip(picture, window, strict=True))
    return Box((window[0] - width) // 2, (window[1] - height) // 2, width, height)


def first_size(picture: Size, desktop: Size) -> Size:
    """How large a window opens: as the picture, but neither tiny nor larger than the desktop lets it be."""
    width, height = max(1, round(desktop[0] * MOST)), max(1, round(desktop[1] * MOST))
    scale = max(1.0, desktop[1] * LEAST / picture[1])
    wanted = round(picture[0] * scale), round(picture[1] * scale)
    if wanted[0] <= width and wanted[1] <= height:
        return wanted
    box = letterbox(picture, (width, height))
    return box.width, box.height
