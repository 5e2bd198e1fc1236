"""Training pictures: random crops of a photo folder and a painting folder, drawn evenly over their sources."""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from artnet.image import READ_SUFFIXES
from artnet.image.reading import formats_of

MINIMUM_SCALE = 0.5
"""A crop's side before resizing is at least this share of the picture's short side (where that is large enough)."""

SIDE_JITTER = 0.2


def find_pictures(folder: str | Path) -> list[Path]:
    """Every picture below a folder, sorted. Raises ValueError where there is none."""
    root = Path(folder)
    if not root.is_dir():
        raise ValueError(f"{root} is not a folder: training needs a folder of pictures")
    found = sorted(p for p in root.rglob("*") if p.suffix.lower() in READ_SUFFIXES)
    if not found:
        raise ValueError(f"no pictures ({', '.join(sorted(READ_SUFFIXES))}) in {root}")
    return found


def source_of(path: Path, root: Path) -> str:
    """Where a picture comes from: its sub-folder, or what its name says before '__'."""
    parent = path.relative_to(root).parent
    return str(parent) if parent != Path() else path.stem.split("__")[0] if "__" in path.stem else ""


class PictureFolder:
    """Draws random square crops; the chance of a source grows with the square root of its size only.

    Args:
        folder: searched through all its sub-folders.
    """

    def __init__(self, folder: str | Path):
        root = Path(folder)
        self.paths = find_pictures(root)
        sources = [source_of(p, root) for p in self.paths]
        sizes = Counter(sources)
        self.cumulative = np.cumsum([sizes[s] ** -0.5 for s in sources]).tolist()

    def __len__(self) -> int:
        return len(self.paths)

    def draw(self, count: int, size: int, rng: random.Random, short_side: int = 0) -> Tensor:
        """(count, 3, size, size) float32 crops in [0, 1], see `random_crop`; unreadable pictures are passed over.

        Raises:
            ValueError: 20 unreadable pictures in a row.
        """
        crops: list[Tensor] = []
        failures = 0
        while len(crops) < count:
            path = rng.choices(self.paths, cum_weights=self.cumulative)[0]
            try:
                crops.append(random_crop(path, size, rng, short_side))
                failures = 0
            except Exception as error:  # on damaged files decoders fail with nearly any exception
                failures += 1
                if failures == 20:
                    raise ValueError(f"20 unreadable pictures in a row, the last {path}: {error}") from error
        return torch.stack(crops)


def random_crop(path: Path, size: int, rng: random.Random, short_side: int = 0) -> Tensor:
    """(3, size, size) from a random square of the picture, flipped half the time.

    Args:
        short_side: the square is cut as from a picture whose short side has this many pixels, give or take a fifth;
            0 for a square of half of the short side to all of it.
    """
    with open(path, "rb") as file, Image.open(file, formats=formats_of(str(path), file)) as opened:
        opened.draft("RGB", (3 * size, 3 * size))  # a large JPEG is decoded at a fraction of its size, quickly
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    short = min(picture.size)
    if short_side:
        side = min(short, short * size / short_side * rng.uniform(1 - SIDE_JITTER, 1 + SIDE_JITTER))
    else:
        side = rng.uniform(min(short, max(MINIMUM_SCALE * short, 0.75 * size)), short)
    left, top = (rng.uniform(0, length - side) for length in picture.size)
    crop = picture.resize((size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    if rng.random() < 0.5:
        crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return torch.from_numpy(np.array(crop)).permute(2, 0, 1).float() / 255


class Batches:
    """The batch of every step: a pure function of seed, rank and step, so that a resumed run sees the same data."""

    def __init__(
        self,
        content: PictureFolder,
        style: PictureFolder,
        *,
        batch: int,
        size: int,
        seed: int,
        rank: int = 0,
        short_side: int = 0,
    ):
        self.content, self.style = content, style
        self.batch, self.size, self.seed, self.rank = batch, size, seed, rank
        self.short_side = short_side

    def at(self, step: int) -> Sequence[Tensor]:
        """Photos and paintings of a step, each (batch, 3, size, size)."""
        rng = random.Random(f"{self.seed}/{self.rank}/{step}")
        photos, paintings = (f.draw(self.batch, self.size, rng, self.short_side) for f in (self.content, self.style))
        return photos, paintings
