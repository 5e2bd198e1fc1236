"""Paint a folder of pictures from Python, keeping what was done. python examples/batch.py PHOTOS STYLE OUTPUT_DIR"""

import sys
from pathlib import Path

from artnet import Stylizer

photos, painting, output = map(Path, sys.argv[1:])
output.mkdir(parents=True, exist_ok=True)
stylizer = Stylizer.load()
style = stylizer.prepare_style(painting)
for photo in sorted(photos.glob("*.jpg")):
    target = output / photo.name
    if target.exists():
        continue
    try:
        stylizer.stylize(photo, style).save(target, quality=92)
        print(target)
    except ValueError as error:  # one bad file is no reason to stop
        print(f"{photo}: {error}", file=sys.stderr)
