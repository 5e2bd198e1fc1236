"""The window of the live view: pictures with a line of text, and keys."""

import os
import time

import numpy as np
import pygame

TITLE = "ArtNet"
NO_DISPLAY = "there is no display for a window; give --headless, or run it on a desktop"
UNSEEN = ("dummy", "offscreen")
SILENCE = 1.0  # seconds without a picture, after which the window says so
EMPTY = np.zeros((360, 480, 3), np.uint8)
KEYS = {
    "next style": (pygame.K_RIGHT, pygame.K_n),
    "previous style": (pygame.K_LEFT, pygame.K_p),
    "stronger": (pygame.K_UP,),
    "weaker": (pygame.K_DOWN,),
    "keep colours": (pygame.K_c,),
    "side by side": (pygame.K_b,),
    "snapshot": (pygame.K_s, pygame.K_SPACE),
    "record": (pygame.K_r,),
    "help": (pygame.K_h,),
    "quit": (pygame.K_q, pygame.K_ESCAPE),
}
"""What the keys do, in the order of the help."""
_ACTIONS = {key: action for action, keys in KEYS.items() for key in keys}
_INK, _SHADE = (255, 255, 255), (0, 0, 0, 150)


class Window:
    """Use it as a context manager, in the main thread (macOS knows windows only there)."""

    def __enter__(self) -> "Window":
        try:
            pygame.display.init()
        except pygame.error as error:
            raise ValueError(f"{NO_DISPLAY} ({error})") from error
        # Where there is no screen, SDL falls back on drivers that show nothing: only right for those who ask for them.
        if pygame.display.get_driver() in UNSEEN and not os.environ.get("SDL_VIDEODRIVER"):
            pygame.quit()
            raise ValueError(NO_DISPLAY)
        pygame.font.init()
        pygame.display.set_caption(TITLE)
        self._font = pygame.font.Font(None, 24)
        self._surface: pygame.Surface | None = None
        self._empty = False
        self._shown = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        pygame.quit()

    def show(self, rgb: np.ndarray, lines: list[str]) -> None:
        """Show (H, W, 3) uint8 with lines of text in its corner; the window takes the picture's size at first."""
        self._shown = time.monotonic()
        self._draw(rgb, lines)

    def wait(self, rgb: np.ndarray | None) -> None:
        """Say that no pictures come, once that has lasted; over the last one, or on black before the first."""
        if time.monotonic() - self._shown > SILENCE:
            self._draw(EMPTY if rgb is None else rgb, ["waiting for the camera", "q: quit"])

    def _draw(self, rgb: np.ndarray, lines: list[str]) -> None:
        size = (rgb.shape[1], rgb.shape[0])
        if self._surface is None or (self._empty and rgb is not EMPTY):
            self._surface = pygame.display.set_mode(size, pygame.RESIZABLE)
            self._empty = rgb is EMPTY
        picture = pygame.image.frombuffer(np.ascontiguousarray(rgb), size, "RGB")
        if self._surface.get_size() != size:
            picture = pygame.transform.scale(picture, self._surface.get_size())
        self._surface.blit(picture, (0, 0))
        if lines:
            self._write(lines)
        pygame.display.flip()

    def actions(self) -> list[str]:
        """What was asked for since the last call: keys of KEYS."""
        found = []
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                found.append("quit")
            elif event.type == pygame.KEYDOWN and event.key in _ACTIONS:
                found.append(_ACTIONS[event.key])
        return found

    def _write(self, lines: list[str]) -> None:
        texts = [self._font.render(line, True, _INK) for line in lines]
        box = pygame.Surface((max(t.get_width() for t in texts) + 16, 22 * len(texts) + 8), pygame.SRCALPHA)
        box.fill(_SHADE)
        for row, text in enumerate(texts):
            box.blit(text, (8, 5 + 22 * row))
        self._surface.blit(box, (8, 8))


def help_lines() -> list[str]:
    """One line for every action, with its keys."""
    return [f"{' or '.join(map(pygame.key.name, keys))}: {action}" for action, keys in KEYS.items()]
