"""Paint one photo in two styles that come with the program. python examples/stylize.py OUTPUT_DIR"""

import sys
from pathlib import Path

from apps import samples
from artnet import StyleSettings, Stylizer

output = Path(sys.argv[1])
output.mkdir(parents=True, exist_ok=True)
stylizer = Stylizer.load()
for name in ("great-wave", "starry-night"):
    style = stylizer.prepare_style(samples.style(name))
    painted = stylizer.stylize(samples.photo(), style, StyleSettings(strength=0.9))
    painted.save(output / f"{name}.jpg", quality=92)
    print(output / f"{name}.jpg")
