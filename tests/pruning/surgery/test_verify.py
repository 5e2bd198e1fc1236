"""Surgery, masking and the check of one against the other, on right and on deliberately wrong removals."""

import copy

import pytest
import torch
import torch.nn.functional as F
from pruning_nets import PATTERNS, build, conv, empty, pictures
from torch import nn

import pruning
from pruning import ChannelStatistics
from pruning.graph.layers import slice_layer


def planned(model, **options):
    statistics = pruning.record(model, pictures(1), [pictures(2)])
    return pruning.plan(model, pictures(1), statistics=statistics, **options)


class Mixed(nn.Module):
    """Moves channels between two convolutions, which no shape shows."""

    def __init__(self, move, into=8):
        super().__init__()
        self.a, self.b, self.c, self.move = conv(3, 8), conv(into, 6), conv(6, 2), move

    def forward(self, x):
        return self.c(F.relu(self.b(self.move(F.relu(self.a(x))))))


def assumed(model):
    """A plan from invented statistics, as the recorded ones never include a layer before such a move."""
    zeros = torch.tensor([0.0, 0, 1, 1, 0, 1, 1, 1])
    return pruning.plan(model, pictures(1), statistics={"a": ChannelStatistics(zeros, zeros, 1)})


@pytest.mark.parametrize(
    "move", [lambda x: x.roll(1, 1), lambda x: F.softmax(x, 1), lambda x: x[:, [1, 0, *range(2, 8)]]]
)
def test_what_would_go_wrong_in_silence_is_refused_before_surgery(move):
    with pytest.raises(ValueError, match="channels of a cannot be pruned"):
        assumed(Mixed(move).eval())


@pytest.mark.parametrize(
    ("move", "into"),
    [(lambda x: x.flip(1), 8), (lambda x: F.pad(x, (0, 0, 0, 0, 1, 0)), 9), (lambda x: torch.cat([x, -x], 1), 16)],
)
def test_channels_are_followed_where_they_move(move, into):
    torch.manual_seed(0)
    model = Mixed(move, into).eval()
    plan = assumed(model)
    assert plan.removed == {"a": [0, 1, 4]}
    assert pruning.verify(model, plan, pruning.apply(model, plan), pictures(1)) < 1e-12


@pytest.mark.filterwarnings("ignore:the criterion cannot score")
def test_a_shuffle_by_numbers_is_refused_before_surgery():
    with pytest.raises(ValueError, match="channels of a cannot be pruned"):
        assumed(Mixed(lambda x: x.unflatten(1, (4, 2)).transpose(1, 2).flatten(1, 2)))


@pytest.mark.parametrize("function", [torch.sigmoid, F.softplus, torch.exp, torch.cos, lambda x: x + 1])
def test_activations_that_do_not_keep_zero(function):
    torch.manual_seed(0)
    model = nn.Sequential(conv(3, 8), nn.Identity(), conv(8, 2))
    model[1].forward = function
    plan = pruning.plan(model, pictures(1), criterion="l1", target={"channels": 0.5})
    assert pruning.verify(model, plan, pruning.apply(model, plan), pictures(1)) < 1e-12


def test_one_parameter_for_all_channels():
    model = nn.Sequential(conv(3, 8), nn.PReLU(), conv(8, 2))
    plan = pruning.plan(model, pictures(1), criterion="l1", target={"channels": 0.5})
    pruned = pruning.apply(model, plan)
    assert pruned[1].num_parameters == 1
    assert pruning.verify(model, plan, pruned, pictures(1)) < 1e-12


class Typed(nn.Module):
    """Asks for float32, and adds noise."""

    def __init__(self):
        super().__init__()
        self.a, self.b = conv(3, 8), conv(8, 2)

    def forward(self, x):
        if x.dtype != torch.float32:
            raise TypeError("float32 please")
        h = F.relu(self.a(x))
        return self.b(F.dropout(h + torch.randn_like(h), 0.5, training=True))


def test_noise_and_a_type_of_its_own():
    torch.manual_seed(0)
    model = Typed()
    plan = pruning.plan(model, pictures(1), criterion="l1", target={"channels": 0.5})
    pruned = pruning.apply(model, plan)
    state = torch.random.get_rng_state()
    assert pruning.verify(model, plan, pruned, pictures(1)) < 1e-5
    assert torch.equal(state, torch.random.get_rng_state())
    with torch.no_grad():
        pruned.b.weight += 0.01
    with pytest.raises(ValueError, match="b is the first layer that differs"):
        pruning.verify(model, plan, pruned, pictures(1))


def test_not_a_number_is_said():
    model = nn.Sequential(conv(3, 8), nn.Identity(), conv(8, 2))
    model[1].forward = torch.log
    plan = pruning.plan(model, pictures(1), criterion="l1", target={"channels": 0.5})
    with pytest.raises(ValueError, match="nothing can be compared: in the dense network 2 gives NaN on the example"):
        pruning.verify(model, plan, pruning.apply(model, plan), pictures(1))


def test_wrong_concatenation_offset_is_caught():
    model = build("cascaded_concat")
    plan = planned(model)
    pruned = pruning.apply(model, plan)
    wrong = copy.deepcopy(model.c)
    kept = [c for c in range(12) if c not in (1, 6, 9)]
    slice_layer(wrong, "in", kept)
    slice_layer(wrong, "out", [0, 2, 3, 4])
    assert wrong.weight.shape == pruned.c.weight.shape
    pruned.c = wrong
    with pytest.raises(ValueError, match="c is the first layer that differs"):
        pruning.verify(model, plan, pruned, pictures(1))


def test_difference_that_a_bias_drowns_is_caught():
    model = build("chain")
    plan = planned(model)
    pruned = pruning.apply(model, plan)
    for net in (model, pruned):
        nn.init.constant_(net[5].bias, 1e12)
    nn.init.constant_(pruned[3].weight, 0)
    with pytest.raises(ValueError, match="3 is the first layer that differs"):
        pruning.verify(model, plan, pruned, pictures(1))


def test_network_that_does_not_run_is_caught():
    model = build("chain")
    plan = planned(model)
    pruned = pruning.apply(model, plan)
    slice_layer(pruned[3], "in", [0, 1])
    with pytest.raises(ValueError, match="the pruned network does not run: RuntimeError"):
        pruning.verify(model, plan, pruned, pictures(1))


def test_difference_behind_the_last_layer_is_caught():
    class Scaled(nn.Module):
        def __init__(self, inner, factor):
            super().__init__()
            self.inner, self.factor = inner, factor

        def forward(self, x):
            return self.inner(x) * self.factor

    model = Scaled(build("chain"), 1.0)
    plan = planned(model)
    pruned = pruning.apply(model, plan)
    pruned.factor = 1.01
    with pytest.raises(ValueError, match="the outputs differ though every layer agrees"):
        pruning.verify(model, plan, pruned, pictures(1))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_masked_channels_are_zero_and_the_rest_is_as_it_was(pattern):
    model = build(pattern)
    plan = planned(model, eps=2.0)
    masked = pruning.mask(model, plan)
    assert plan.removed
    for group in plan.groups:
        layer = dict(masked.named_modules())[group.name]
        assert not layer.weight[group.removed].any()
        assert torch.equal(layer.weight[group.kept], dict(model.named_modules())[group.name].weight[group.kept])
    assert pruning.verify(model, plan, pruning.apply(model, plan), pictures(1)) < 1e-12


@pytest.mark.parametrize("pattern", PATTERNS)
def test_mask_of_empty_channels_is_the_dense_network(pattern):
    model = build(pattern)
    x = pictures(2, seed=9).double()
    masked = pruning.mask(model, planned(model)).double()
    torch.testing.assert_close(masked(x), model.double()(x), rtol=0, atol=1e-13)


def test_normalisation_without_scale_is_masked():
    torch.manual_seed(0)
    model = nn.Sequential(conv(3, 8, bias=False), nn.BatchNorm2d(8, affine=False), nn.ReLU(), conv(8, 2)).eval()
    nn.init.normal_(model[1].running_mean)
    plan = planned(model, eps=0.9)
    pruned = pruning.apply(model, plan)
    assert pruned[1].num_features == len(pruned[1].running_mean) == pruned[0].out_channels < 8
    assert pruning.verify(model, plan, pruned, pictures(1)) < 1e-12


def test_pruned_copy_shares_nothing_and_keeps_flags():
    model = build("bn_chain").train()
    model[0].requires_grad_(False)
    plan = planned(model)
    pruned = pruning.apply(model, plan)
    assert pruned.training
    assert [p.requires_grad for p in pruned[0].parameters()] == [False, False]
    with torch.no_grad():
        for parameter in pruned.parameters():
            parameter.zero_()
    assert model[0].weight.any()
    pruned(pictures(2)).sum().backward()


def test_plan_with_nothing_to_remove_gives_an_equal_network():
    model = build("unet", emptied=False)
    with pytest.warns(UserWarning, match="removes nothing"):
        plan = planned(model)
    assert pruning.verify(model, plan, pruning.apply(model, plan), pictures(1)) == 0


def test_plan_for_another_network_is_refused():
    plan = planned(build("chain"))
    with pytest.raises(ValueError, match="does not fit the model: no group 0; its groups: a, b, up"):
        pruning.apply(build("unet"), plan)
    with pytest.raises(ValueError, match="0 has 9 channels, planned 8"):
        pruning.mask(nn.Sequential(conv(3, 9), nn.ReLU(), conv(9, 6)), plan)
    with pytest.raises(ValueError, match="0 is produced by 0, 1, planned 0"):
        pruning.apply(nn.Sequential(conv(3, 8), nn.BatchNorm2d(8), nn.ReLU(), conv(8, 6)), plan)


def test_example_may_be_given_to_apply():
    model = build("chain")
    plan = planned(model)
    assert pruning.apply(model, plan, pictures(1, 8))[0].out_channels == 6


def test_empty_channels_of_a_trained_size_are_exact_on_seen_pictures():
    torch.manual_seed(3)
    model = build("residual", emptied=False).train()
    empty(model, {"a": [0]})
    seen = pictures(4)
    plan = pruning.plan(model, seen, statistics=pruning.record(model, seen, [seen]))
    dense, small = copy.deepcopy(model).eval(), pruning.apply(model, plan).eval()
    torch.testing.assert_close(small.double()(seen.double()), dense.double()(seen.double()), rtol=0, atol=1e-13)
