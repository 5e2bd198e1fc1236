"""What the benchmarks on folders of contents and styles have in common: their options and their pictures."""

import argparse
from pathlib import Path

import numpy as np

from artnet.image import square
from artnet.training.data import find_pictures


def folders_parser(description: str | None, weights: str) -> argparse.ArgumentParser:
    """CONTENT, STYLE, --vgg, --weights and --json."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("content", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--vgg", type=Path, required=True)
    parser.add_argument("--weights", default=weights)
    parser.add_argument("--json", type=Path)
    return parser


def squares(folder: Path, limit: int, size: int) -> list[np.ndarray]:
    """The first pictures of a folder by name, each as a (size, size, 3) uint8 square."""
    return [square(path, size) for path in find_pictures(folder)[:limit]]
