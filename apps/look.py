"""How things are painted, the same for every front end: the options that say so, and the painting itself."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.arguments import fraction, weighted_path, whole_number

if TYPE_CHECKING:
    import numpy as np

    from artnet import Stylizer

TRANSFERS = ("s2", "adain", "wct")
ENGINES = ("auto", "openvino", "torch", "onnx")
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Look:
    """What a front end asks for beside the style.

    Attributes:
        strength: 0 (the content) to 1 (the full style).
        transfer: one of TRANSFERS.
        preserve_color: keep the content's colours, take only brightness and strokes.
        grain: 0 (none) to 1 (as much as the style has): its paper's, canvas' or film's.
    """

    strength: float = 1.0
    transfer: str = "s2"
    preserve_color: bool = False
    grain: float = 1.0

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Look":
        """The look that the arguments of `add_look` ask for."""
        return cls(args.strength, args.transfer, args.preserve_color, args.grain)

    def paint(self, stylizer: "Stylizer", rgb: "np.ndarray", **options: Any) -> "np.ndarray":
        """The stylized (H, W, 3) uint8 pixels of (H, W, 3) uint8 ones; further options as of `artnet.Stylizer`."""
        from artnet.color import preserve_color

        settings = {"strength": self.strength, "transfer": self.transfer, "grain": self.grain}
        stylized = stylizer.stylize(rgb, **settings, **options)
        return preserve_color(rgb, stylized) if self.preserve_color else stylized


def add_look(add: "argparse._ActionsContainer", *, grain: float) -> None:
    """Define the options of `Look` and --style-size; `grain` is the default of --grain."""
    add.add_argument(
        "--strength", type=fraction, default=1.0, metavar="0..1", help="from the content (0) to the full style (1)"
    )
    add.add_argument(
        "--transfer", choices=TRANSFERS, default="s2",
        help="how style enters the network: s2 (the sandwich swap transform, default), adain or wct",
    )  # fmt: skip
    add.add_argument(
        "--preserve-color", action="store_true", help="keep the content's colours, take only brightness and strokes"
    )
    add.add_argument(
        "--grain", type=fraction, default=grain, metavar="0..1",
        help="how much of the grain of the style's canvas, paper or film is added (default: %(default)g)",
    )  # fmt: skip
    add.add_argument(
        "--style-size", type=whole_number(16, 4096), metavar="PX",
        help="short side of the styles, 512 if not given: larger gives larger strokes",
    )  # fmt: skip


def add_style(add: "argparse._ActionsContainer", more: str) -> None:
    """Define --style; `more` says what several of them mean."""
    add.add_argument(
        "--style", action="append", required=True, type=weighted_path, metavar="STYLE[:WEIGHT]",
        help=f"picture that gives the style; {more}",
    )  # fmt: skip


def add_engine(add: "argparse._ActionsContainer") -> None:
    """Define --weights, --engine and --device."""
    add.add_argument("--weights", metavar="FILE", help="a checkpoint of your own (default: the bundled network)")
    add.add_argument(
        "--engine", choices=ENGINES, default="auto", help="what computes (default: the fastest one here)"
    )
    add.add_argument("--device", choices=DEVICES, default="auto", help="where it computes (default: auto)")


def engine_of(args: argparse.Namespace) -> str:
    """--engine, or the one engine that knows --transfer wct."""
    return "torch" if args.transfer == "wct" and args.engine == "auto" else args.engine


def read_styles(styles: list[tuple[Path, float]]) -> list[tuple["np.ndarray", float]]:
    """The pictures of --style, each on white where it is transparent, with their weights. PictureError on bad ones."""
    from artnet.pictures import flatten, read_picture

    return [(flatten(read_picture(path)), weight) for path, weight in styles]
