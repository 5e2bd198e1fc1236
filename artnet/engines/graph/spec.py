"""What the painters of OpenVINO and ONNX Runtime have in common: their variants, and the arrays that they are fed.

A painter is one graph from a content's pixels to painted ones. Its inputs: 'rgb' (1, H, W, 3) uint8; for style i and
level L 'L/style{i}' (2, C); with s2 'basis{i}', 'codes{i}', 'bias{i}' and 'table{i}' as in `StyleArrays`; when blended
'shares' (styles + 1,), of the content and of each style; when moments are mixed 'held' (1,), and when these or given
ones are taken, for every name N of the statistics, 'N' (2, C). Its outputs: 'painted' (1, H, W, 3) uint8 (not when it
only measures), and when moments are mixed or measured the used ones, 'used/N'.
"""

from typing import Literal, NamedTuple

import numpy as np

from artnet.engines.base import Held, Look
from artnet.model.config import ArtNetConfig

BANK = ("basis", "codes", "bias", "table")
Moments = Literal["own", "mixed", "given", "measured"]
"""What a painter normalises by: a picture's own moments; these mixed with held ones, and reported; held ones only; or
its own, which are reported and nothing is painted."""


class Variant(NamedTuple):
    """What a painter is built for.

    Attributes:
        transfer: 's2' or 'adain'.
        styles: how many.
        blended: whether these, or these and the content, are blended; False is the quicker graph for one full style.
        moments: what it normalises by.
    """

    transfer: str
    styles: int
    blended: bool
    moments: Moments = "own"

    @property
    def name(self) -> str:
        return f"{self.transfer}-{self.styles}{'-blended' if self.blended else ''}-{self.moments}"

    @property
    def takes(self) -> bool:
        """Whether statistics are among the inputs."""
        return self.moments in ("mixed", "given")

    @property
    def reports(self) -> bool:
        """Whether statistics are among the outputs."""
        return self.moments in ("mixed", "measured")

    def statistics(self, config: ArtNetConfig) -> list[str]:
        """Names of all statistics, in the order in which the network needs them."""
        names: list[str] = []
        for level in config.levels:
            names.append(f"{level}/content")
            if level == config.cut and self.transfer == "s2":
                names += [f"{level}/swapped{i}" for i in range(self.styles)]
        return names


def painting_variant(look: Look, held: Held | None) -> Variant:
    """The variant that paints a look. Raises ValueError for the transfer 'wct', which only torch has."""
    moments: Moments = "own" if held is None else "given" if held.share == 1 else "mixed"
    return variant_of(look, len(look.style.parts) > 1 or look.strength < 1, moments)


def measuring_variant(look: Look) -> Variant:
    """The variant that measures a look's statistics. Raises ValueError for the transfer 'wct', which only torch has."""
    return variant_of(look, False, "measured")


def variant_of(look: Look, blended: bool, moments: Moments) -> Variant:
    """The variant that paints a look. Raises ValueError where its transfer has no graph."""
    if look.transfer not in ("s2", "adain"):
        raise ValueError(f"transfer {look.transfer} runs on torch only: choose the engine torch, or s2 or adain")
    return Variant(look.transfer, len(look.style.parts), blended, moments)


def look_inputs(look: Look, variant: Variant) -> dict[str, np.ndarray]:
    """The inputs that stay the same for all pictures painted with a look, float32."""
    inputs: dict[str, np.ndarray] = {}
    for i, part in enumerate(look.style.parts):
        inputs |= {f"{level}/style{i}": moments for level, moments in part.moments.items()}
        if variant.transfer == "s2":
            inputs |= {f"{name}{i}": getattr(part, name) for name in BANK}
    if variant.blended:
        weights = np.array(look.style.weights) / np.sum(look.style.weights) * look.strength
        inputs["shares"] = np.concatenate([[1 - look.strength], weights])
    return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in inputs.items()}


def held_inputs(held: Held | None, widths: dict[str, int]) -> dict[str, np.ndarray]:
    """The inputs for held statistics, float32 (none without); `widths` gives the channels of all by name.

    Raises:
        ValueError: some of them are missing although they count.
    """
    if held is None:
        return {}
    missing = [name for name in widths if name not in held.statistics]
    if held.share and missing:
        raise ValueError(f"the held statistics lack {missing[0]}: take them from the same transfer and styles")
    inputs = {name: held.statistics.get(name, np.zeros((2, width), np.float32)) for name, width in widths.items()}
    return inputs if held.share == 1 else {**inputs, "held": np.array([held.share], np.float32)}
