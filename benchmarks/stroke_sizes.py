"""Paints one photo with small, middle and large strokes, for the README: python -m benchmarks.stroke_sizes"""

from pathlib import Path

from PIL import Image

from apps import samples
from apps.common.contact_sheet import contact_sheet
from artnet import Stylizer
from artnet.image.files import atomic_write

STYLE, SIZES, SIDE = "scream", (256, 512, 1024), 640
TARGET = Path(__file__).parent / "results" / "stroke-sizes.jpg"


def main() -> None:
    stylizer = Stylizer.load()
    with Image.open(samples.photo()) as image:
        photo = image.convert("RGB")
    photo.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    painted = []
    for size in SIZES:
        style = stylizer.prepare_style(samples.style(STYLE), stroke_size=size)
        painted.append(stylizer.stylize(photo, style))
    labels = [f"--stroke-size {size}" for size in SIZES]
    sheet = contact_sheet([painted], [labels], cell=(SIDE * 3 // 4, photo.height * SIDE * 3 // 4 // photo.width))
    with atomic_write(TARGET) as file:
        sheet.save(file, "JPEG", quality=85, optimize=True)


if __name__ == "__main__":
    main()
