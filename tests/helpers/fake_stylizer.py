"""A stylizer that is instant: it inverts colours."""

import numpy as np

from artnet.image.compose import blend, preserve_color
from artnet.settings import DEFAULTS


class FakeStylizer:
    """Has the interface of artnet.Stylizer; remembers what it was asked."""

    streams = 2

    def __init__(self):
        self.styles, self.stroke_size, self.calls, self.loaded, self.settings = None, None, [], None, None

    def prepare_style(self, images, *, stroke_size=512):
        """What it is given, in place of a style."""
        self.styles, self.stroke_size = images, stroke_size
        return images

    def stylize(self, content, style, settings=DEFAULTS, *, tile=None, mask=None, **_):
        assert content.dtype == np.uint8
        assert content.shape[2] == 3
        self.calls.append((settings.strength, settings.transfer))
        self.tile, self.settings = tile, settings
        painted = preserve_color(content, 255 - content) if settings.preserve_color else 255 - content
        return painted if mask is None else blend(content, painted, mask)
