"""Convolutions with the upsampling folded in, and decoders made of them."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.tiny import tiny_config
from hypothesis import given, settings
from hypothesis import strategies as st

from artnet.model.network import ArtNet
from artnet.model.upsampling import phases_bias, phases_kernel, upsampled_kernel

RANDOM = np.random.default_rng(0)
SIZES = st.integers(2, 9)


def weights(outputs, inputs):
    return RANDOM.standard_normal((outputs, inputs, 3, 3)).astype(np.float32)


def conv(x, weight, padding):
    return F.conv2d(F.pad(x, (1, 1, 1, 1), padding), torch.from_numpy(weight))


@pytest.mark.parametrize("upsampling", ["bilinear", "nearest"])
@given(height=SIZES, width=SIZES)
@settings(max_examples=15, deadline=None)
def test_a_folded_kernel_sees_the_upsampled_picture(upsampling, height, width):
    weight, x = weights(5, 4), torch.randn(2, 4, height, width)
    expected = conv(F.interpolate(x, scale_factor=2, mode=upsampling), weight, "reflect")
    found = F.pixel_shuffle(conv(x, upsampled_kernel(weight, upsampling), "replicate"), 2)
    # A bilinear picture's reflection is not its edge repeated: only there do the two differ.
    rim = 1 if upsampling == "bilinear" else 0
    inside = np.s_[..., rim : 2 * height - rim, rim : 2 * width - rim]
    torch.testing.assert_close(found[inside], expected[inside], atol=1e-4, rtol=1e-4)


@given(height=SIZES, width=SIZES)
@settings(max_examples=15, deadline=None)
def test_convolving_phases_is_convolving_the_picture_border_included(height, width):
    weight, picture = weights(3, 2), torch.randn(1, 2, 2 * height, 2 * width)
    phases = conv(F.pixel_unshuffle(picture, 2), phases_kernel(weight), "replicate")
    torch.testing.assert_close(
        F.pixel_shuffle(phases, 2), conv(picture, weight, "reflect"), atol=1e-4, rtol=1e-4
    )


def test_every_phase_has_its_channels_bias():
    assert phases_bias(np.array([1.0, 2.0])).tolist() == [1, 1, 1, 1, 2, 2, 2, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"upsampling": "nearest"},
        {"skips": ()},
        {"skips": ("pixels", "conv3"), "decoder": {8: 16, 4: 8, 2: 6, 1: 4}},
        {"decoder": {8: 16, 4: 8, 2: 6, 1: 4}},
        {"decoder": {8: 16, 4: 8}},
        {"decoder": {8: 16}, "skips": ()},
    ],
)
def test_a_folded_network_decodes_alike(changes):
    torch.manual_seed(0)
    network = ArtNet(tiny_config(**changes)).eval()
    folded = network.folded()
    with torch.inference_mode():
        features = network.encode(torch.rand(1, 3, 128, 96))
        expected, found = network.decode(features), folded.decode(features)
    assert found.shape == expected.shape
    rim = 0 if network.config.upsampling == "nearest" else 32  # what the border reaches through all layers
    inside = np.s_[..., rim : 128 - rim, rim : 96 - rim]
    torch.testing.assert_close(found[inside], expected[inside], atol=1e-5, rtol=1e-4)
    assert network.decoder is not folded.decoder
    assert folded.folded().config == network.config
