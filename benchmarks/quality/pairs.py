"""Which photo is painted in which style, and under which name the result lies."""

import json
from pathlib import Path
from typing import NamedTuple

from artnet.training.data import find_pictures

PUBLISHED = "first:20"
"""The 400 pairs of the published table: the first 20 contents by name in each of the first 20 styles by name."""


class Paths(NamedTuple):
    """A content and a style, as files."""

    content: Path
    style: Path

    @property
    def name(self) -> str:
        """CONTENTSTEM__STYLESTEM, the stem of the stylized picture's file."""
        return f"{self.content.stem}__{self.style.stem}"


def pairs_of(rule: str, contents: Path, styles: Path) -> list[Paths]:
    """The pairs that a rule names, style by style, or in the order of a file.

    Args:
        rule: 'first:N' for the first N contents by name in each of the first N styles by name, or a text file with a
            content's and a style's file name on each line, a tab between them; lines that begin with # are passed over;
            or 'worst:ROW:FILE' for the worst pairs of a row in a result of benchmarks.quality.score.
        contents, styles: the folders.

    Raises:
        ValueError: a rule of no such kind, a line that is no pair, or a picture that is in neither folder.
    """
    if rule.startswith("first:"):
        count = rule.removeprefix("first:")
        if not count.isdecimal() or int(count) < 1:
            raise ValueError(f"a rule is first:N with N at least 1, or a file of pairs; got {rule!r}")
        chosen, wanted = (find_pictures(folder)[: int(count)] for folder in (contents, styles))
        return [Paths(content, style) for style in wanted for content in chosen]
    if rule.startswith("worst:"):
        row, _, result = rule.removeprefix("worst:").rpartition(":")
        worst = json.loads(Path(result).read_text()).get("worst pairs", {})
        if row not in worst:
            raise ValueError(f"{result} has no row {row!r}, but {', '.join(worst)}")
        return [_pair(f"{pair['content']}\t{pair['style']}", rule, contents, styles) for pair in worst[row]]
    lines = [line for line in Path(rule).read_text().splitlines() if line.strip() and not line.startswith("#")]
    return [_pair(line, rule, contents, styles) for line in lines]


def _pair(line: str, rule: str, contents: Path, styles: Path) -> Paths:
    names = line.split("\t")
    if len(names) != 2:
        raise ValueError(f"{rule}: a line is a content, a tab and a style; got {line!r}")
    pair = Paths(contents / names[0], styles / names[1])
    missing = [str(path) for path in pair if not path.is_file()]
    if missing:
        raise ValueError(f"{rule}: there is no {missing[0]}")
    return pair


def pictures_of(folder: Path) -> dict[str, Path]:
    """The stylized pictures in a folder by their stems; other pictures are passed over."""
    return {path.stem: path for path in find_pictures(folder) if "__" in path.stem}


def common_pairs(contents: Path, styles: Path, found: list[dict[str, Path]]) -> list[Paths]:
    """Every pair that all rows have a picture of, content by content. Raises ValueError where there is none."""
    styles_found = find_pictures(styles)
    every = (Paths(content, style) for content in find_pictures(contents) for style in styles_found)
    pairs = [pair for pair in every if all(pair.name in pictures for pictures in found)]
    if not pairs:
        raise ValueError("no pair is in every folder of outputs: pictures are named CONTENTSTEM__STYLESTEM.png")
    return pairs


def named_folders(items: list[str]) -> dict[str, Path]:
    """NAME=FOLDER arguments as a dictionary. Raises ValueError for one without a name or a name given twice."""
    named: dict[str, Path] = {}
    for item in items:
        name, equals, folder = item.partition("=")
        if not equals or not name or not folder or name in named:
            raise ValueError(f"outputs are NAME=FOLDER, each name once; got {item!r}")
        named[name] = Path(folder)
    return named
