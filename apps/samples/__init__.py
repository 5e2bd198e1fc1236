"""Sample pictures that come with the program: photographs and many styles. SOURCES.md says where each is from."""

from pathlib import Path

FOLDER = Path(__file__).parent
PHOTO_NAME = "coffee.jpg"
PHOTOS = {
    "bridge": "A bridge at night",
    "astronaut": "An astronaut",
    "bee": "A bee on a flower",
    "cat": "A cat",
}
"""Name -> title of the photos that the pages offer, in the order in which they are shown."""
TITLES = {
    "starry-night": "The Starry Night, Vincent van Gogh",
    "great-wave": "The Great Wave off Kanagawa, Hokusai",
    "water-lilies": "Bridge over a Pond of Water Lilies, Claude Monet",
    "scream": "The Scream, Edvard Munch",
    "composition-vii": "Composition VII, Wassily Kandinsky",
    "wheat-field": "Wheat Field with Cypresses, Vincent van Gogh",
    "udnie": "Udnie, Francis Picabia",
    "cap-negre": "Cap Nègre, Henri-Edmond Cross",
    "figure-5": "I Saw the Figure 5 in Gold, Charles Demuth",
    "primavesi": "Mäda Primavesi, Gustav Klimt",
    "shipwreck": "The Shipwreck of the Minotaur, J. M. W. Turner",
    "lake-suwa": "Lake Suwa in Shinano Province, Hokusai",
    "brittany": "A Farm in Brittany, Paul Gauguin",
    "cypresses": "Cypresses, Vincent van Gogh",
    "nini-garden": "Nini in the Garden, Auguste Renoir",
    "edtaonisl": "Edtaonisl, Francis Picabia",
    "starry-orchard": "Starry orchard",
    "stained-glass": "Stained glass",
    "poppy-meadow": "Poppy meadow",
    "wave-print": "Wave print",
    "paper-shapes": "Paper shapes",
    "ink-gorge": "Ink gorge",
}
"""Name -> title of every sample style, in the order in which they are shown: the best known and most unlike first."""


def photo(name: str | None = None) -> Path:
    """The path of a photo of `PHOTOS`; without a name, of the one that examples are shown on.

    Raises:
        ValueError: there is no photo of that name.
    """
    if name is None:
        return FOLDER / PHOTO_NAME
    if name not in PHOTOS:
        raise ValueError(f"no sample photo {name!r:.40}; there are {', '.join(PHOTOS)}")
    return FOLDER / "photos" / f"{name}.jpg"


def styles() -> dict[str, Path]:
    """Name ('starry-orchard') -> path of every sample style, in the order of `TITLES`."""
    return {name: FOLDER / f"{name}.jpg" for name in TITLES}


def title(name: str) -> str:
    """What a sample style is called: the work and its maker. Raises ValueError as `style`."""
    return TITLES[style(name).stem]


def style(name: str) -> Path:
    """The path of one sample style.

    Raises:
        ValueError: there is no style of that name.
    """
    found = styles()
    if name not in found:
        raise ValueError(f"no sample style {name!r}; there are {', '.join(found)}")
    return found[name]
