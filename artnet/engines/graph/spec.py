"""What the painters of OpenVINO and ONNX Runtime have in common: what they are built for, and what they are fed.

A painter is one graph from a content's pixels to painted ones; its inputs and outputs are slots, and tensors are called
as these are. Inputs: 'rgb' (1, H, W, 3) uint8; for every style and level its moments (2, C); with s2 the arrays of
every style's patches, as in `StyleArrays`; when blended 'shares' (styles + 1,), of the content and of each style; when
moments are mixed 'held' (1,), and when these or given ones are taken, (2, C) for all statistics. Outputs: 'painted'
(1, H, W, 3) uint8 (not when it only measures), and when moments are mixed or measured the used ones, 'used/NAME'.
"""

from typing import Literal, NamedTuple

import numpy as np

from artnet.engines.base import Held, Look
from artnet.model.config import ArtNetConfig
from artnet.model.slots import BANK, Slot

Moments = Literal["own", "mixed", "given", "measured"]
"""What a painter normalises by: a picture's own moments; these mixed with held ones, and reported; held ones only; or
its own, which are reported and nothing is painted."""
RGB, SHARES, HELD = Slot("", "rgb"), Slot("", "shares"), Slot("", "held")


class GraphSpec(NamedTuple):
    """What a painter is built for, and so what goes in and comes out.

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

    def statistics(self, config: ArtNetConfig) -> list[Slot]:
        """All statistics, in the order in which the network needs them."""
        slots: list[Slot] = []
        for level in config.levels:
            slots.append(Slot(level, "content"))
            if level == config.cut and self.transfer == "s2":
                slots += [Slot(level, "swapped", i) for i in range(self.styles)]
        return slots

    def inputs(self, config: ArtNetConfig) -> list[Slot]:
        slots = [RGB, *([HELD] if self.moments == "mixed" else []), *(self.statistics(config) if self.takes else [])]
        for i in range(self.styles):
            slots += [Slot(level, "style", i) for level in config.levels]
            slots += [Slot("", role, i) for role in BANK] if self.transfer == "s2" else []
        return [*slots, SHARES] if self.blended else slots

    def outputs(self, config: ArtNetConfig) -> dict[str, Slot | None]:
        """Their names, with the statistics that they report; None for the painted picture."""
        painted: dict[str, Slot | None] = {} if self.moments == "measured" else {"painted": None}
        reported = self.statistics(config) if self.reports else []
        return painted | {f"used/{slot.name}": slot for slot in reported}


def painting_spec(look: Look, held: Held | None) -> GraphSpec:
    """The graph that paints a look. Raises ValueError for the transfer 'wct', which only torch has."""
    moments: Moments = "own" if held is None else "given" if held.share == 1 else "mixed"
    return spec_of(look, len(look.style.parts) > 1 or look.strength < 1, moments)


def measuring_spec(look: Look) -> GraphSpec:
    """The graph that measures a look's statistics. Raises ValueError for the transfer 'wct', which only torch has."""
    return spec_of(look, False, "measured")


def spec_of(look: Look, blended: bool, moments: Moments) -> GraphSpec:
    """The graph that paints a look. Raises ValueError where its transfer has no graph."""
    if look.transfer not in ("s2", "adain"):
        raise ValueError(f"transfer {look.transfer} runs on torch only: choose the engine torch, or s2 or adain")
    return GraphSpec(look.transfer, len(look.style.parts), blended, moments)


def look_inputs(look: Look, spec: GraphSpec) -> dict[Slot, np.ndarray]:
    """The inputs that stay the same for all pictures painted with a look, float32."""
    inputs: dict[Slot, np.ndarray] = {}
    for i, part in enumerate(look.style.parts):
        inputs |= {Slot(level, "style", i): moments for level, moments in part.moments.items()}
        if spec.transfer == "s2":
            inputs |= {Slot("", role, i): getattr(part, role) for role in BANK}
    if spec.blended:
        weights = np.array(look.style.weights) / np.sum(look.style.weights) * look.strength
        inputs[SHARES] = np.concatenate([[1 - look.strength], weights])
    return {slot: np.ascontiguousarray(array, dtype=np.float32) for slot, array in inputs.items()}


def held_inputs(held: Held | None, widths: dict[Slot, int]) -> dict[Slot, np.ndarray]:
    """The inputs for held statistics, float32 (none without); `widths` gives the channels of all.

    Raises:
        ValueError: some of them are missing although they count.
    """
    if held is None:
        return {}
    missing = [slot for slot in widths if slot not in held.statistics]
    if held.share and missing:
        raise ValueError(f"the held statistics lack {missing[0].name}: take them from the same transfer and styles")
    inputs = {slot: held.statistics.get(slot, np.zeros((2, width), np.float32)) for slot, width in widths.items()}
    return inputs if held.share == 1 else {**inputs, HELD: np.array([held.share], np.float32)}
