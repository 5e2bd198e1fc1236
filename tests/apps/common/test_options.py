"""From parsed arguments to dataclasses."""

from dataclasses import dataclass

import pytest

from apps.common.network import NetworkOptions
from apps.common.options import options_of
from artnet.settings import SETTINGS, StyleSettings


@dataclass(frozen=True)
class Options:
    size: int
    settings: StyleSettings
    network: NetworkOptions


VALUES = {"size": 3, "weights": "a", "engine": "onnx", "device": "cpu", "command": "else"}


def test_nested_dataclasses_take_their_fields_from_the_same_values():
    settings = {name: setting.default for name, setting in SETTINGS.items()} | {"strength": 0.5}
    expected = Options(3, StyleSettings(**settings), NetworkOptions("a", "onnx", "cpu"))
    assert options_of(Options, VALUES | settings) == expected


def test_every_field_needs_a_value():
    with pytest.raises(KeyError, match="strength"):
        options_of(Options, VALUES)


@pytest.mark.parametrize(
    ("engine", "transfer", "expected"),
    [("auto", "s2", "auto"), ("auto", "wct", "torch"), ("openvino", "wct", "openvino"), ("onnx", "adain", "onnx")],
)
def test_only_auto_gives_way_to_the_engine_that_knows_wct(engine, transfer, expected):
    assert NetworkOptions(engine=engine).engine_for(transfer) == expected
