"""How a picture is painted: every option with its name, default, bounds and words, for all front ends."""

from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any, NamedTuple

TRANSFERS = ("s2", "adain", "wct")


class Setting(NamedTuple):
    """What front ends need to know of one option.

    Attributes:
        name: of the field of `StyleSettings`; on the command line with dashes.
        default: what counts where nothing is chosen.
        label: two or three words.
        help: one line.
        bounds: the lowest and the highest value of a number, both allowed; None where it is none.
        step: between the values that a slider offers.
        choices: of a word; () where it is none.
    """

    name: str
    default: Any
    label: str
    help: str
    bounds: tuple[float, float] | None = None
    step: float = 0
    choices: tuple[str, ...] = ()

    def check(self, value: Any) -> None:
        """Raise ValueError where the value is out of bounds, or none of the choices."""
        words = self.name.replace("_", " ")
        if self.choices and value not in self.choices:
            raise ValueError(f"{words} must be one of {', '.join(self.choices)}, got {value!r}")
        if self.bounds and not self._is_within(value):
            low, high = self.bounds
            raise ValueError(f"{words} must be between {low:g} and {high:g}, got {value!r}")

    def _is_within(self, value: Any) -> bool:
        low, high = self.bounds or (0, 0)
        kind = Integral if isinstance(self.default, int) else Real
        return isinstance(value, kind) and not isinstance(value, bool) and bool(low <= value <= high)  # type: ignore[operator]


def _setting(default: Any, label: str, tip: str, **about: Any) -> Any:
    return field(default=default, metadata={"label": label, "help": tip, **about})


@dataclass(frozen=True)
class StyleSettings:
    """How a style is put on a picture; what is left out has its default.

    Attributes:
        strength: 0 (the content) to 1 (the full style).
        transfer: the transform at the bottleneck: 's2' (sandwich swap), 'adain', or 'wct' (torch engine only).
        stroke_size: short side in pixels to which styles are resized, 16 to 4096; it counts when a style is prepared.
        grain: share of the style's own grain that is added, 0 to 1. It stands still, so videos want none.
        preserve_color: take only brightness and strokes from the style, and colours from the content.

    Raises:
        ValueError: a value out of its bounds.
    """

    strength: float = _setting(
        1.0, "Strength", "from the photo itself (0) to the full style (1)", bounds=(0, 1), step=0.05
    )
    transfer: str = _setting(
        "s2",
        "Transfer",
        "how style enters the network: s2 (the sandwich swap transform), adain or wct",
        choices=TRANSFERS,
    )
    stroke_size: int = _setting(
        512, "Stroke size", "short side of the style in pixels: larger gives larger strokes", bounds=(16, 4096), step=64
    )
    grain: float = _setting(
        0.0,
        "Grain",
        "how much of the grain of the style's canvas, paper or film is added as noise (0 to 1)",
        bounds=(0, 1),
        step=0.05,
    )
    preserve_color: bool = _setting(
        False, "Keep the photo's colours", "keep the photo's colours, take only brightness and strokes"
    )

    def __post_init__(self) -> None:
        for setting in SETTINGS.values():
            setting.check(getattr(self, setting.name))

    @classmethod
    def about(cls, name: str) -> Setting:
        """What front ends say of one option. Raises KeyError where there is none of that name."""
        return SETTINGS[name]


def _described() -> dict[str, Setting]:
    return {f.name: Setting(f.name, f.default, **f.metadata) for f in fields(StyleSettings)}


SETTINGS: dict[str, Setting] = _described()
"""Every option by its name, in their order."""
DEFAULTS = StyleSettings()
"""Of photos."""
