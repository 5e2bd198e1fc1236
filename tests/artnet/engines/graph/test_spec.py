"""What graphs are fed and give: every input and output has a name of its own, and engines find them by slot."""

import pytest

from artnet.engines.base import Held
from artnet.engines.graph.spec import HELD, RGB, SHARES, GraphSpec, held_inputs
from artnet.model.config import ArtNetConfig
from artnet.model.slots import Slot

CONFIG = ArtNetConfig()


@pytest.mark.parametrize("moments", ["own", "mixed", "given", "measured"])
@pytest.mark.parametrize("transfer", ["s2", "adain"])
@pytest.mark.parametrize("styles", [1, 3])
def test_names_are_unique(transfer, styles, moments):
    spec = GraphSpec(transfer, styles, styles > 1, moments)
    inputs, outputs = [slot.name for slot in spec.inputs(CONFIG)], spec.outputs(CONFIG)
    assert len(set(inputs)) == len(inputs)
    assert (RGB in spec.inputs(CONFIG), SHARES in spec.inputs(CONFIG)) == (True, styles > 1)
    assert (HELD in spec.inputs(CONFIG)) == (moments == "mixed")
    assert ("painted" in outputs) == (moments != "measured")
    assert [slot for slot in outputs.values() if slot] == (spec.statistics(CONFIG) if spec.reports else [])


def test_the_swap_has_statistics_for_every_style():
    assert GraphSpec("s2", 2, True).statistics(CONFIG)[-3:] == [
        Slot(CONFIG.cut, "content"), Slot(CONFIG.cut, "swapped", 0), Slot(CONFIG.cut, "swapped", 1),
    ]  # fmt: skip
    assert {slot.role for slot in GraphSpec("adain", 2, True).statistics(CONFIG)} == {"content"}


def test_names_of_tensors():
    assert Slot("conv3", "content").name == "conv3/content"
    assert Slot("inception3b", "swapped", 1).name == "inception3b/swapped1"
    assert Slot("", "codes", 0).name == "codes0"
    assert RGB.name == "rgb"


def test_held_statistics_that_lack_one():
    with pytest.raises(ValueError, match="the held statistics lack conv3/content"):
        held_inputs(Held({}, 0.5), {Slot("conv3", "content"): 4})
