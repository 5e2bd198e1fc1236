"""What `artnet stylize` was asked for."""

from dataclasses import dataclass
from pathlib import Path

from apps.common.network import NetworkOptions
from artnet.settings import StyleSettings


@dataclass(frozen=True)
class StylizeOptions:
    """The values of the command's options; `apps.stylize.command` says what each means.

    Attributes:
        content: files, folders, patterns, or '-'.
        style: paths with their weights.
        output: a file, a folder, or '-'.
        combine: 'blend', 'each' or 'pairs'.
        size: short side of the results in pixels, or None for that of the contents.
        tile: side of tiles in pixels, or None for as many as the memory needs.
        ray: address of a Ray cluster to paint on, '' for the one here, or None for this process.
    """

    content: list[str]
    style: list[tuple[Path, float]]
    output: str
    combine: str
    name: str | None
    mask: str | None
    size: int | None
    tile: int | None
    recursive: bool
    skip_existing: bool
    strip_metadata: bool
    json: bool
    settings: StyleSettings
    network: NetworkOptions
    ray: str | None = None
