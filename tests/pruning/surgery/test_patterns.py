"""Every graph pattern from activations to a smaller network: exact, verified, and the user's model untouched."""

import copy

import pytest
import torch
from pruning_nets import PATTERNS, ConcatSum, Decoder, build, empty, pictures
from torch import nn
from torchvision.models import googlenet, vgg16

import pruning


def statistics_of(model, count=4, size=32):
    return pruning.record(model, pictures(1, size), pictures(count, size).split(2)).outputs


@pytest.mark.parametrize("pattern", PATTERNS)
def test_removal_of_empty_channels_is_exact(pattern):
    model, example = build(pattern), pictures(2)
    before = copy.deepcopy(model.state_dict())
    plan = pruning.plan(model, example, statistics=statistics_of(model))
    expected = {name: list(channels) for name, channels in PATTERNS[pattern][1].items()}
    if pattern == "residual":
        del expected["b"]  # the stem's group
    assert plan.removed == expected
    pruned = pruning.apply(model, plan)
    assert pruning.verify(model, plan, pruned, example) < 1e-12
    other = pictures(3, seed=7).double()
    dense = copy.deepcopy(model).double()(other)
    torch.testing.assert_close(pruned.double()(other), dense, rtol=0, atol=1e-12)
    assert plan.after["params"] == sum(p.numel() for p in pruned.parameters()) < plan.before["params"]
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("pattern", PATTERNS)
def test_traced_costs_are_those_of_the_smaller_network(pattern):
    model, example = build(pattern), pictures(2)
    plan = pruning.plan(model, example, statistics=statistics_of(model))
    pruned = pruning.apply(model, plan)
    with pytest.warns(UserWarning, match="removes nothing"):
        again = pruning.plan(pruned, example, statistics=statistics_of(pruned))
    assert again.before == plan.after


def test_residual_channel_stays_if_one_summand_is_active():
    model = build("residual", emptied=False)
    empty(model, {"stem": [1, 2], "b": [2, 5]})
    assert pruning.plan(model, pictures(2), statistics=statistics_of(model)).removed == {"stem": [2]}


def test_layer_in_two_groups_is_cut_by_both():
    torch.manual_seed(0)
    model = ConcatSum()
    for layer in (model.a, model.b, model.c):
        nn.init.constant_(layer.bias, 2.0)
    empty(model, {"a": [1], "b": [0, 4], "c": [1, 2, 4]})
    plan = pruning.plan(model, pictures(2), statistics=statistics_of(model))
    assert plan.removed == {"a": [1], "b": [0]}
    pruned = pruning.apply(model, plan)
    assert pruned.c.out_channels == 7
    assert pruning.verify(model, plan, pruned, pictures(2)) < 1e-12


def test_transposed_and_depthwise_convolutions_with_two_inputs():
    torch.manual_seed(0)
    model = Decoder().eval()
    with torch.no_grad():
        model.a.weight[[1, 4]] = 0
        model.a.bias[[1, 4]] = -1
        model.depthwise.weight[[1, 4]] = 0
        model.depthwise.bias[[1, 4]] = -1
    example = (pictures(2), pictures(2, seed=3))
    statistics = pruning.record(model, example, [example]).outputs
    assert set(statistics) == {"a", "depthwise"}  # a PReLU behind the ReLU is not followed
    plan = pruning.plan(model, example, statistics=statistics)
    assert {1, 4} <= set(plan.removed["a"])
    pruned = pruning.apply(model, plan)
    assert pruned.depthwise.groups == pruned.a.out_channels == pruned.b.in_channels == len(plan.groups[0].kept)
    assert pruning.verify(model, plan, pruned, example) < 1e-12


def test_googlenet_at_64_pixels():
    torch.manual_seed(0)
    model = googlenet(weights=None, init_weights=False, aux_logits=False).eval()
    emptied = {
        "conv2.conv": [0, 63],
        "inception3a.branch1.conv": [5],
        "inception3a.branch2.1.conv": [0, 127],
        "inception3b.branch4.1.conv": [10, 11, 12],
        "inception4c.branch3.0.conv": [2],
        "inception5b.branch2.1.conv": [383],
    }
    empty(model, emptied)
    plan = pruning.plan(model, pictures(1, 64), statistics=statistics_of(model, size=64))
    assert all(set(channels) <= set(plan.removed[name]) for name, channels in emptied.items())
    pruned = pruning.apply(model, plan)
    assert pruning.verify(model, plan, pruned, pictures(1, 64)) < 1e-9
    pictures_seen = pictures(4, 64)  # those that the statistics are of
    with torch.no_grad():
        torch.testing.assert_close(pruned(pictures_seen), model(pictures_seen), rtol=1e-4, atol=1e-5)


def test_vgg16_features_as_control():
    torch.manual_seed(0)
    model = vgg16(weights=None).features.eval()
    statistics = statistics_of(model, count=2)
    assert list(statistics) == [str(i) for i in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26)] + ["28"]
    groups = pruning.trace(model, pictures(1))
    assert [group.name for group in groups] == list(statistics)[:-1]  # the last layer makes the output
    assert [group.channels for group in groups] == [64, 64, 128, 128, *[256] * 3, *[512] * 5]
