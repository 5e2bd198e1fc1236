"""Sample pictures that come with the program: one photograph and some styles. SOURCES.md says where each is from."""

from pathlib import Path

FOLDER = Path(__file__).parent
PHOTO_NAME = "coffee.jpg"


def photo() -> Path:
    """The sample content, a photograph."""
    return FOLDER / PHOTO_NAME


def styles() -> dict[str, Path]:
    """Name ('starry-orchard') -> path of every sample style, by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.jpg")) if path.name != PHOTO_NAME}


def style(name: str) -> Path:
    """The path of one sample style.

    Raises:
        ValueError: there is no style of that name.
    """
    found = styles()
    if name not in found:
        raise ValueError(f"no sample style {name!r}; there are {', '.join(found)}")
    return found[name]
