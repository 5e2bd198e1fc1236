"""The window of the live view: the picture as large as it fits, words over it, and keys."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pygame

from apps.common.stdio import silenced
from apps.webcam.letterbox import Size, first_size, letterbox

TITLE = "ArtNet"
NO_DISPLAY = "there is no display for a window; give --headless, or run it on a desktop"
UNSEEN = ("dummy", "offscreen")
EMPTY = (854, 480)
"""Size of the window until the first picture comes."""
KEYS = {
    "next style": (pygame.K_RIGHT, pygame.K_n),
    "previous style": (pygame.K_LEFT, pygame.K_p),
    "stronger": (pygame.K_UP,),
    "weaker": (pygame.K_DOWN,),
    "keep colours": (pygame.K_c,),
    "side by side": (pygame.K_b,),
    "mirror": (pygame.K_m,),
    "snapshot": (pygame.K_s, pygame.K_SPACE),
    "record": (pygame.K_r,),
    "full screen": (pygame.K_f, pygame.K_F11),
    "help": (pygame.K_h,),
    "quit": (pygame.K_q, pygame.K_ESCAPE),
}
"""Action -> keys; the first of each is the one in HELP, but for the arrows."""
HELP = (
    "arrows: style, strength", "c: colours", "b: both", "m: mirror", "s: snapshot", "r: record", "f: full screen",
    "h: help", "q: quit",
)  # fmt: skip
"""What stands at the bottom, in one line where that can be read."""
_ACTIONS = {key: action for action, keys in KEYS.items() for key in keys}
_INK, _SHADE, _BLACK = (255, 255, 255), (0, 0, 0, 150), (0, 0, 0)
_GAP = "   "
_LEAST_FONT = 16  # of pygame's own font, whose letters are about half as high; smaller is hard to read


@dataclass(frozen=True)
class Words:
    """Text over the picture: lines in the upper left corner, and parts of one line at the bottom."""

    top: tuple[str, ...] = ()
    bottom: tuple[str, ...] = ()


STARTING = Words(("starting the camera…",), ("q: quit",))


class Window:
    """Use it as a context manager, in the main thread (macOS knows windows only there).

    Attributes:
        window: that of the system.
    """

    window: pygame.Window

    def __enter__(self) -> "Window":
        try:
            with silenced():  # SDL tries drivers in turn, of which some complain
                pygame.display.init()
        except pygame.error as error:
            raise ValueError(f"{NO_DISPLAY} ({error})") from error
        # Where there is no screen, SDL falls back on drivers that show nothing: only right for those who ask for them.
        if pygame.display.get_driver() in UNSEEN and not os.environ.get("SDL_VIDEODRIVER"):
            pygame.quit()
            raise ValueError(NO_DISPLAY)
        pygame.font.init()
        self._desktop: Size = pygame.display.get_desktop_sizes()[0]
        self._first = first_size(EMPTY, self._desktop)
        self.window = pygame.Window(TITLE, self._first, resizable=True)
        self._empty, self._full = True, False
        return self

    def __exit__(self, *_: object) -> None:
        self.window.destroy()
        _font.cache_clear()  # fonts end with pygame
        pygame.quit()

    def show(self, rgb: np.ndarray | None, words: Words) -> None:
        """Show (H, W, 3) uint8, or black, with words over it."""
        if rgb is not None and self._empty:
            self._take_size((rgb.shape[1], rgb.shape[0]))
        surface = self.window.get_surface()
        surface.fill(_BLACK)
        if rgb is not None:
            box = letterbox((rgb.shape[1], rgb.shape[0]), surface.get_size())
            fitted = _scaled(rgb, (box.width, box.height))
            surface.blit(pygame.image.frombuffer(fitted.data, (box.width, box.height), "RGB"), (box.left, box.top))
        _write(surface, words, centred=rgb is None)
        self.window.flip()

    def _take_size(self, picture: Size) -> None:
        """Let the window, if nobody has resized it yet, fit the first picture."""
        self._empty = False
        if not self._full and self.window.size == self._first:
            self.window.size = first_size(picture, self._desktop)
            self.window.position = pygame.WINDOWPOS_CENTERED

    def actions(self) -> list[str]:
        """What was asked for since the last call: keys of KEYS."""
        found = []
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                found.append("quit")
            elif event.type == pygame.KEYDOWN and event.key in _ACTIONS:
                leaves = event.key == pygame.K_ESCAPE and self._full
                found.append("full screen" if leaves else _ACTIONS[event.key])
        return found

    def toggle_full_screen(self) -> None:
        """Fill the whole screen, or go back to a window of the size before."""
        self._full = not self._full
        if self._full:
            self.window.set_fullscreen(desktop=True)
        else:
            self.window.set_windowed()
        pygame.mouse.set_visible(not self._full)


def _scaled(rgb: np.ndarray, size: Size) -> np.ndarray:
    if (rgb.shape[1], rgb.shape[0]) == size:
        return np.ascontiguousarray(rgb)
    import cv2  # here, as it takes longer to come than the window, which should be there at once

    return cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR)


def _write(surface: pygame.Surface, words: Words, *, centred: bool) -> None:
    """Draw words over a picture; without one (`centred`) those of the top are in the middle."""
    width, height = surface.get_size()
    size = max(_LEAST_FONT, height // 20)
    if words.top:
        block = _block(words.top, _fitting(words.top, size, width))
        middle = (width - block.get_width()) // 2, (height - block.get_height()) // 2
        surface.blit(block, middle if centred else (0, 0))
    if words.bottom:
        block = _line(words.bottom, size, width)
        surface.blit(block, ((width - block.get_width()) // 2, height - block.get_height()))


def _fitting(lines: Sequence[str], size: int, width: int) -> int:
    """The largest font up to `size` in which the lines fit the width, but none that is too small to read."""
    sizes = range(size, _LEAST_FONT, -1)
    return next((smaller for smaller in sizes if _width(lines, smaller) <= width), _LEAST_FONT)


@lru_cache(64)
def _font(size: int) -> pygame.font.Font:
    return pygame.font.Font(None, size)


def _width(lines: Sequence[str], size: int) -> int:
    """Of a block of lines in a font."""
    font = _font(size)
    return max(font.size(line)[0] for line in lines) + 2 * (size // 3)


def _block(lines: Sequence[str], size: int) -> pygame.Surface:
    """Lines of text on a shaded ground."""
    font = _font(size)
    pad, pitch = size // 3, font.get_linesize()
    block = pygame.Surface((_width(lines, size), pitch * len(lines) + pad), pygame.SRCALPHA)
    block.fill(_SHADE)
    for row, line in enumerate(lines):
        block.blit(font.render(line, True, _INK), (pad, pad // 2 + pitch * row))
    return block


@lru_cache(4)
def _line(parts: tuple[str, ...], size: int, width: int) -> pygame.Surface:
    """The parts in one line as large as the width allows, or in several where that would be too small to read."""
    for count in range(len(parts), 0, -1):
        lines = [_GAP.join(parts[start : start + count]) for start in range(0, len(parts), count)]
        smaller = _fitting(lines, size, width)
        if count == 1 or _width(lines, smaller) <= width:
            break
    return _block(lines, smaller)
