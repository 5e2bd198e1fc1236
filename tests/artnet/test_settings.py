"""The options of a painting: defaults, bounds, and the words that front ends show."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artnet import StyleSettings
from artnet.settings import SETTINGS, TRANSFERS


def test_defaults():
    assert dataclasses.astuple(StyleSettings()) == (1.0, "s2", 512, 0.0, False)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"strength": 1.01}, "strength must be between 0 and 1, got 1.01"),
        ({"strength": float("nan")}, "strength must be between 0 and 1, got nan"),
        ({"strength": "1"}, "strength must be between 0 and 1, got '1'"),
        ({"strength": True}, "strength must be between 0 and 1, got True"),
        ({"grain": -1}, "grain must be between 0 and 1, got -1"),
        ({"stroke_size": 15}, "stroke size must be between 16 and 4096, got 15"),
        ({"stroke_size": 64.5}, "stroke size must be between 16 and 4096, got 64.5"),
        ({"transfer": "gram"}, "transfer must be one of s2, adain, wct, got 'gram'"),
    ],
)
def test_values_out_of_bounds_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        StyleSettings(**values)


@given(st.tuples(st.floats(0, 1), st.sampled_from(TRANSFERS), st.integers(16, 4096), st.floats(0, 1), st.booleans()))
def test_values_within_bounds_are_taken(values):
    assert dataclasses.astuple(StyleSettings(*values)) == values


def test_numbers_of_numpy_are_numbers():
    assert StyleSettings(np.float32(0.5), stroke_size=np.int64(64)).stroke_size == 64


def test_every_option_is_described():
    assert list(SETTINGS) == [field.name for field in dataclasses.fields(StyleSettings)]
    for name, setting in SETTINGS.items():
        assert StyleSettings.about(name) is setting
        assert setting.default == getattr(StyleSettings(), name)
        assert setting.label
        assert "\n" not in setting.help
        setting.check(setting.default)
