"""The options of every command that paints: how, in which style, and on what."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from apps.common.arguments import fraction, weighted_style, whole_number
from artnet.engines import DEVICES, ENGINES
from artnet.settings import SETTINGS

if TYPE_CHECKING:
    import numpy as np


def add_settings(add: "argparse._ActionsContainer") -> None:
    """Define an option for every one of `StyleSettings`."""
    for setting in SETTINGS.values():
        option, default = "--" + setting.name.replace("_", "-"), setting.default
        if isinstance(default, bool):
            add.add_argument(option, action="store_true", help=setting.help)
        elif setting.choices:
            add.add_argument(
                option, choices=setting.choices, default=default, help=f"{setting.help} (default: {default})"
            )
        else:
            low, high = setting.bounds or (0, 1)
            kind = whole_number(int(low), int(high)) if isinstance(default, int) else fraction
            words = f"{setting.help} (default: {default:g})"
            add.add_argument(option, type=kind, default=default, metavar=f"{low:g}..{high:g}", help=words)


def add_style(add: "argparse._ActionsContainer", more: str) -> None:
    """Define --style; `more` says what several of them mean."""
    add.add_argument(
        "--style", action="append", required=True, type=weighted_style, metavar="STYLE[:WEIGHT]",
        help=f"picture that gives the style, or the name of a bundled one (`artnet styles` lists them); {more}",
    )  # fmt: skip


def add_engine(add: "argparse._ActionsContainer") -> None:
    """Define --weights, --engine and --device; see `apps.common.network.NetworkOptions`."""
    add.add_argument("--weights", metavar="FILE", help="a checkpoint of your own (default: the bundled network)")
    add.add_argument("--engine", choices=ENGINES, default="auto", help="what computes (default: the fastest one here)")
    add.add_argument("--device", choices=DEVICES, default="auto", help="where it computes (default: auto)")


def read_styles(styles: list[tuple[Path, float]]) -> list[tuple["np.ndarray", float]]:
    """The pictures of --style, each on white where it is transparent, with their weights. PictureError on bad ones."""
    from artnet.image import flatten, read_picture

    return [(flatten(read_picture(path)), weight) for path, weight in styles]
