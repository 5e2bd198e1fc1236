"""An engine of your own: here one that paints nothing but the style's mean colour. python examples/own_engine.py"""

import numpy as np

from artnet import Stylizer
from artnet.model.config import ArtNetConfig


class MeanColor:
    """The least that an engine must do; see artnet/engines/base.py."""

    choice, stride, streams, whole_pixels = "the mean colour", 1, 1, 10**9
    config = ArtNetConfig(passes=1)

    def prepare(self, rgb):
        return rgb.mean((0, 1))

    def paint(self, rgb, look, held=None):
        color = np.average(look.style.parts, axis=0, weights=look.style.weights)
        return np.rint((1 - look.strength) * rgb + look.strength * color).astype(np.uint8), {}

    def measure(self, rgb, look):
        return {}


stylizer = Stylizer(MeanColor())
style = stylizer.prepare_style(np.full((64, 64, 3), (200, 100, 50), np.uint8))
print(stylizer.stylize(np.zeros((4, 4, 3), np.uint8), style)[0, 0])
