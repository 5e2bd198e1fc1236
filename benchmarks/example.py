"""Paints the example that the web page opens with: python -m benchmarks.example"""

from PIL import Image

from apps import samples
from apps.web.assets import EXAMPLE, FOLDER
from artnet import Stylizer


def main() -> None:
    photo, painting = EXAMPLE
    stylizer = Stylizer.load()
    style = stylizer.prepare_style(samples.style(painting))
    with Image.open(samples.photo(photo)) as image:
        stylizer.stylize(image.convert("RGB"), style).save(FOLDER / "example.jpg", quality=82, progressive=True)


if __name__ == "__main__":
    main()
