"""Encoder, decoder and the whole network."""

import pytest
import torch
import torchvision
from helpers.tiny import tiny_config
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from artnet.model import drafts
from artnet.model.config import PIXELS, STAGES, ArtNetConfig
from artnet.model.encoder import Encoder, fold_batchnorm, load_googlenet
from artnet.model.network import ArtNet, config_of


@pytest.fixture(scope="module")
def googlenet():
    torch.manual_seed(0)
    model = torchvision.models.googlenet(weights=None, init_weights=False, aux_logits=False, transform_input=False)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
    return model.eval()


@torch.inference_mode()
def test_encoder_equals_torchvision_at_every_stage(googlenet):
    encoder = Encoder("inception5b").eval()
    load_googlenet(encoder, googlenet.state_dict())
    seen = {}
    for name in STAGES:
        getattr(googlenet, name).register_forward_hook(lambda m, i, out, name=name: seen.update({name: out}))
    picture = torch.rand(1, 3, 97, 130)
    googlenet(picture * 2 - 1)
    ours = encoder(picture, STAGES)
    for name in STAGES:
        scale = seen[name].abs().max().clamp(min=1)
        assert (ours[name] - seen[name]).abs().max() / scale <= 1e-5, name


def test_transform_input_is_the_encoders_scaling(googlenet):
    picture = torch.rand(1, 3, 64, 64)
    normalised = (picture - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)) / torch.tensor(
        [0.229, 0.224, 0.225]
    ).view(1, 3, 1, 1)
    googlenet.transform_input = True
    torch.testing.assert_close(googlenet._transform_input(normalised), picture * 2 - 1, atol=1e-5, rtol=0)
    googlenet.transform_input = False


def test_folding_by_hand():
    state = {
        "conv1.conv.weight": torch.ones(1, 1, 1, 1),
        "conv1.bn.weight": torch.tensor([2.0]),
        "conv1.bn.bias": torch.tensor([1.0]),
        "conv1.bn.running_mean": torch.tensor([3.0]),
        "conv1.bn.running_var": torch.tensor([4.0 - 1e-3]),
        "aux1.conv.conv.weight": torch.ones(1, 1, 1, 1),
        "fc.weight": torch.ones(1, 1),
    }
    folded = fold_batchnorm(state)
    assert set(folded) == {"conv1.conv.weight", "conv1.conv.bias"}
    assert folded["conv1.conv.weight"].item() == pytest.approx(1.0)
    assert folded["conv1.conv.bias"].item() == pytest.approx(1 - 3.0)


def test_googlenet_weights_must_fit(googlenet):
    with pytest.raises(ValueError, match="do not fit layer"):
        load_googlenet(Encoder("inception3a", widths={"encoder.conv1.conv": 3}), googlenet.state_dict())


@settings(max_examples=12, deadline=None)
@given(st.integers(2, 9), st.integers(2, 9))
def test_multiples_of_the_stride_come_back_at_their_size(tiny, rows, columns):
    stride = tiny.config.stride
    picture = torch.rand(1, 3, rows * stride, columns * stride)
    with torch.inference_mode():
        assert tiny(picture).shape == picture.shape


@pytest.mark.parametrize(
    "changes",
    [
        {"cut": "inception3b", "skips": ()},
        {"cut": "inception4d", "skips": ("inception3b", PIXELS)},
        {"cut": "inception5b", "skips": ("conv1", PIXELS)},
        {"encoder_padding": "zeros"},
    ],
)
def test_every_shape_of_network_paints(changes):
    network = ArtNet(tiny_config(**changes)).eval()
    content, style = torch.rand(1, 3, 64, 96), torch.rand(1, 3, 96, 64)
    with torch.inference_mode():
        features = network.encode(content)
        assert set(features) == set(network.config.levels)
        prepared = network.prepare(network.encode(style))
        for method in ("s2", "adain", "wct"):
            out = network.decode(network.transfer(features, [prepared], method=method))
            assert out.shape == content.shape
            assert torch.isfinite(out).all()


@torch.inference_mode()
def test_strength_zero_rebuilds_and_batches_agree(tiny):
    contents = torch.rand(2, 3, 48, 48)
    features = tiny.encode(contents)
    prepared = tiny.prepare(tiny.encode(torch.rand(1, 3, 64, 64)))
    assert torch.equal(tiny.decode(tiny.transfer(features, [prepared], strength=0)), tiny(contents))
    together = tiny.decode(tiny.transfer(features, [prepared]))
    alone = tiny.decode(tiny.transfer(tiny.encode(contents[1:]), [prepared]))
    torch.testing.assert_close(together[1:], alone, atol=1e-4, rtol=1e-3)


@torch.inference_mode()
def test_equal_styles_mix_to_the_style(tiny):
    features = tiny.encode(torch.rand(1, 3, 48, 48))
    prepared = tiny.prepare(tiny.encode(torch.rand(1, 3, 64, 64)))
    one = tiny.transfer(features, [prepared])
    two = tiny.transfer(features, [prepared, prepared], [0.2, 3.0])
    for level in one:
        torch.testing.assert_close(one[level], two[level], atol=1e-5, rtol=1e-4)


def test_skips_receive_the_styles_moments(tiny):
    content, style = tiny.encode(torch.rand(1, 3, 64, 64)), tiny.encode(torch.rand(1, 3, 64, 64).square())
    moved = tiny.transfer(content, [tiny.prepare(style)])
    for level in tiny.config.levels:
        torch.testing.assert_close(moved[level].mean((2, 3)), style[level].mean((2, 3)), atol=1e-4, rtol=1e-4)


def test_config_of_rebuilds_the_widths(tiny):
    config = config_of(tiny)
    again = ArtNet(config)
    assert {k: v.shape for k, v in again.state_dict().items()} == {k: v.shape for k, v in tiny.state_dict().items()}
    assert ArtNetConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cut": "inception9z"}, "cut must be one of"),
        ({"skips": ("relu",)}, "unknown skip 'relu'"),
        ({"skips": ("inception4b",)}, "different strides below"),
        ({"cut": "inception4a", "skips": ("inception3a", "inception3b")}, "different strides below"),
        ({"upsampling": "cubic"}, "upsampling must be one of bilinear, nearest, got 'cubic'"),
        ({"bank_size": 0}, "bank_size must be a whole number from 1"),
        ({"match_channels": 0}, "match_channels must be a whole number from 1"),
        ({"encoder_padding": "none"}, "encoder_padding must be"),
    ],
)
def test_config_errors(changes, message):
    with pytest.raises(ValueError, match=message):
        ArtNetConfig(**changes)


def test_layers_need_channels_and_the_decoder_every_stride():
    with pytest.raises(ValueError, match=r"encoder\.conv1\.conv must be a whole number from 1"):
        ArtNet(ArtNetConfig(widths={"encoder.conv1.conv": 0}))
    with pytest.raises(ValueError, match="a width for every stride"):
        ArtNet(ArtNetConfig(decoder={8: 8, 2: 8}))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cut": "conv1"}', '{"skips": [], "decoder": {}, "extra": 1}'])
def test_config_json_errors(text):
    with pytest.raises(ValueError, match="not an ArtNet config"):
        ArtNetConfig.from_json(text)


@torch.inference_mode()
def test_two_passes_paint_the_draft_again():
    torch.manual_seed(0)
    network = ArtNet(tiny_config(passes=2)).eval()
    content, style = torch.rand(2, 3, 64, 96), torch.rand(1, 3, 64, 64)
    draft = network.paint_once(drafts.reduced(content), drafts.reduced(style), "adain")
    want = network.paint_once(drafts.revisable(draft, content), style, "adain")
    assert torch.equal(network(content, style, "adain"), want)
    assert torch.equal(network(content), network.decode(network.encode(content)))


def test_passes_are_one_or_two():
    with pytest.raises(ValueError, match="passes must be 1 or 2, got 3"):
        ArtNetConfig(passes=3)
