"""Groups of the tracer: members, offsets and costs, what is fixed, and what is refused."""

import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pruning_nets import PATTERNS, Net, Residual, build, conv, pictures
from torch import nn

import pruning


class Scaled(nn.Module):
    """A parameter of its own, one for each channel."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.scale = conv(3, 8), conv(8, 2), nn.Parameter(torch.ones(1, 8, 1, 1))

    def forward(self, x):
        return self.b(F.relu(self.a(x) * self.scale))


def groups_of(model, example=None, **options):
    return {
        group.name: group for group in pruning.trace(model, pictures(1, 8) if example is None else example, **options)
    }


def test_chain_group():
    [first, second] = pruning.trace(build("chain"), pictures(2, 8))
    assert (first.name, first.channels, first.producers, first.consumers) == ("0", 8, ("0",), ("3",))
    assert (second.name, second.channels, second.producers, second.consumers) == ("3", 6, ("3",), ("5",))
    assert first.macs == 8 * 8 * 9 * 3 + 4 * 4 * 9 * 6
    assert first.parameters == 9 * 3 + 1 + 9 * 6


def test_residual_group_has_all_producers():
    group = groups_of(build("residual"))["stem"]
    assert group.producers == ("stem", "b", "norm")
    assert group.consumers == ("a", "head")


def test_branch_offsets_of_inception_blocks():
    groups = groups_of(build("inception"), pictures(1, 16))
    offsets = {}
    for branch in ("branch1", "branch2.1", "branch3.1", "branch4.1"):
        group = groups[f"0.{branch}.conv"]
        starts = {member.layer: int(member.local[0]) for member in group.members if member.side == "in"}
        assert set(starts) == {"1.branch1.conv", "1.branch2.0.conv", "1.branch3.0.conv", "1.branch4.1.conv"}
        offsets[branch] = set(starts.values())
    assert offsets == {"branch1": {0}, "branch2.1": {6}, "branch3.1": {14}, "branch4.1": {19}}


def test_flattened_channels_own_a_block_of_features():
    member = next(m for m in groups_of(build("flatten"), pictures(1))["b"].members if m.layer == "hidden")
    np.testing.assert_array_equal(np.sort(member.positions([2])), np.arange(2 * 64, 3 * 64))


def test_concatenation_with_the_picture_counts_its_channels():
    group = groups_of(build("cascaded_concat"))["a"]
    starts = {member.layer: int(member.local[0]) for member in group.members if member.side == "in"}
    assert starts == {"b": 3, "c": 7, "head": 7}


def test_tensor_that_is_concatenated_with_itself():
    model = Net(lambda m, x: m.b(torch.cat([h := F.relu(m.a(x)), h], 1)), into=16)
    member = next(m for m in groups_of(model)["a"].members if m.layer == "b")
    assert sorted(member.positions([3])) == [3, 11]


def test_layer_that_is_used_twice_is_counted_twice():
    model = Net(lambda m, x: m.b(F.relu(m.c(F.relu(m.c(F.relu(m.a(x))))))), c=conv(8, 8))
    groups = groups_of(model)
    assert groups["a"].producers == ("a", "c")
    assert groups["a"].consumers == ("c", "b")
    assert groups["a"].macs == 64 * (9 * 3 + 2 * 9 * 8 + 2 * 9 * 8 + 9 * 2)


@pytest.mark.parametrize(
    ("function", "free"),
    [
        (lambda m, x: m.a(x), set()),
        (lambda m, x: F.relu(m.a(x)).flatten(1), set()),
        (lambda m, x: [F.relu(m.a(x)), m.b(F.relu(m.a(x)))], set()),
        (lambda m, x: {"deep": m.b(F.relu(m.a(x))), "size": len(x)}, {"a"}),
    ],
)
@pytest.mark.filterwarnings("ignore:the example never runs")
def test_outputs_and_inputs_are_fixed(function, free):
    assert set(groups_of(Net(function))) == free


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            Net(lambda m, x: m.b(F.relu(m.a(x)).unflatten(1, (2, 4)).transpose(1, 2).flatten(1, 2))),
            "a cannot be pruned.*trial removal.*unflatten: Provided sizes",
        ),
        (
            Net(lambda m, x: m.b(m.c(F.relu(m.a(x)))), c=nn.LayerNorm((8, 8, 8))),
            r"layer_norm over several axes in c \(LayerNorm\)",
        ),
        (Net(lambda m, x: m.b(F.relu(m.a(x)[:, :4] + m.a(x)[:, 4:])), into=4), "a cannot be pruned.*trial removal"),
        (
            Net(lambda m, x: m.b(F.relu(m.a(x)) + x.mean(1, keepdim=True).expand(-1, 8, -1, -1))),
            "a cannot be pruned.*trial removal.*must match the size",
        ),
        (Net(lambda m, x: m.b(F.relu(m.a(x)) * torch.ones(8, 1, 1))), "a cannot be pruned.*trial removal"),
        (Net(lambda m, x: m.b(F.relu(m.a(x)).roll(1, 1))), "a cannot be pruned: they are rolled"),
        (Net(lambda m, x: m.b(F.relu(m.a(x)).softmax(1))), "a cannot be pruned: it meets softmax over its channels"),
        (Net(lambda m, x: m.b(torch.linalg.qr(m.a(x))[0])), "a cannot be pruned: it meets linalg_qr, which this"),
        (
            Net(lambda m, x: m.b((h := m.a(x).flatten(2)) @ h.mT @ m.a(x).flatten(2)[..., :8, None])),
            "a cannot be pruned: it meets bmm outside a layer",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused_by_name(model, message):
    with pytest.raises(ValueError, match=message):
        groups_of(model)


@pytest.mark.parametrize("normalise", [nn.utils.spectral_norm, nn.utils.parametrizations.weight_norm])
def test_computed_weights_are_refused(normalise):
    model = Net(lambda m, x: m.b(F.relu(m.a(x))))
    normalise(model.a)
    with pytest.raises(ValueError, match=r"a computes its weight.*call torch\.nn\.utils\..*remove_"):
        groups_of(model)


@pytest.mark.filterwarnings("ignore:the example never runs")
@pytest.mark.parametrize("layer", [conv(8, 8), nn.Conv2d(8, 8, 3, padding=1, groups=8)])
def test_layers_in_a_plain_list_are_told(layer):
    model = Net(lambda m, x: m.b(F.relu(m.hidden[0](m.a(x)))))
    model.hidden = [layer]
    with pytest.raises(ValueError, match=r"weights are no parameters of the model \(layers in a list are.*ModuleList"):
        groups_of(model)
    linear = Net(lambda m, x: m.d(m.hidden[0](m.c(x))), c=nn.Linear(8, 6), d=nn.Linear(6, 2))
    linear.hidden = [nn.Linear(6, 6)]
    with pytest.raises(ValueError, match="c cannot be pruned: it meets addmm with weights that are no parameters"):
        groups_of(linear, torch.rand(3, 8), keep=["a", "b"])


def test_computed_kernels_are_told():
    model = Net(lambda m, x: m.b(F.conv2d(m.a(x), x.mean().expand(8, 1, 1, 1), groups=8)))
    with pytest.raises(ValueError, match="it meets a convolution whose weights are computed in the forward"):
        groups_of(model)


def test_a_state_that_starts_with_constants_is_refused():
    def turns(m, x):
        state = x.new_zeros(len(x), 8, *x.shape[2:])
        for _ in range(2):
            state = m.c(torch.cat([x, state], 1)).tanh()
        return m.b(state)

    model = Net(turns, c=conv(11, 8))
    with pytest.raises(ValueError, match="channels of c cannot be pruned: they take the places of constants"):
        groups_of(model)


def test_layers_whose_weights_are_read_do_run():
    model = Net(lambda m, x: m.b(F.conv2d(m.a(x), m.c.weight * 2, padding=1)), c=conv(8, 8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(groups_of(model)) == {"a"}


class Gained(nn.Linear):
    """A parameter of its own beside the weight."""

    def __init__(self, into, out):
        super().__init__(into, out)
        self.gain = nn.Parameter(torch.rand(out))

    def forward(self, x):
        return super().forward(x) * self.gain


def test_further_parameters_of_a_layer_are_counted_once():
    model = nn.Sequential(Gained(6, 12), nn.ReLU(), Gained(12, 4))
    plan = pruning.plan(model, torch.rand(3, 6), criterion="l1", target={"channels": 0.5})
    pruned = pruning.apply(model, plan)
    for one, cost in ((model, plan.before), (pruned, plan.after)):
        assert sum(p.numel() for p in one.parameters()) == cost["params"]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Sequential(nn.LazyConv2d(8, 3), nn.LazyConv2d(8, 3)), "0.weight has no values yet: run the model once"),
        (nn.Sequential(conv(3, 8), conv(8, 2)).to("meta"), "0.weight has no values yet: load the weights"),
        (lambda x: x, "the model must be a torch.nn.Module, got a function"),
    ],
)
def test_models_without_weights_are_refused(model, message):
    with pytest.raises(ValueError, match=message):
        groups_of(model)


def test_shared_weights_are_refused():
    model = Net(lambda m, x: m.b(F.relu(m.d(F.relu(m.c(F.relu(m.a(x))))))), c=conv(8, 8), d=conv(8, 8))
    model.d.weight = model.c.weight
    with pytest.raises(ValueError, match=r"a cannot be pruned: [cd] shares parameters with another layer"):
        groups_of(model)


def test_parameters_outside_layers_are_carried_along():
    model = Scaled()
    [group] = pruning.trace(model, pictures(1, 8))
    assert [(c.tensor, c.axis, c.shape) for c in group.carried] == [("scale", 1, (1, 8, 1, 1))]
    plan = pruning.plan(model, pictures(1, 8), criterion="l1", target={"channels": 0.5})
    small = pruning.apply(model, plan)
    assert torch.equal(small.scale, model.scale[:, plan.groups[0].kept])
    assert plan.after["params"] == sum(p.numel() for p in small.parameters())
    assert pruning.verify(model, plan, small, pictures(1, 8)) < 1e-12


def test_a_concatenation_with_a_constant_keeps_the_constant():
    model = Net(lambda m, x: m.b(torch.cat([torch.ones(1, 2, 8, 8), m.a(x)], 1)), into=10)
    [group] = pruning.trace(model, pictures(1, 8))
    assert group.members[-1].local.tolist() == list(range(2, 10))


def test_what_is_detached_is_followed():
    assert set(groups_of(Net(lambda m, x: m.b(F.relu(m.a(x)).detach())))) == {"a"}


def test_keep_is_looked_at_before_anything_is_refused():
    model = Net(lambda m, x: m.out(((h := m.a(x).flatten(2)) @ h.mT).flatten(1)), out=nn.Linear(64, 2))
    with pytest.warns(UserWarning, match="never runs b"), pytest.raises(ValueError, match="a cannot be pruned"):
        groups_of(model)
    with pytest.warns(UserWarning, match="never runs b"):
        assert groups_of(model, keep=["a"]) == {}


def test_what_cannot_be_pruned_can_be_skipped():
    model = Net(lambda m, x: m.b(m.c(F.relu(m.d(F.relu(m.a(x)))))), c=nn.Softmax(1), d=conv(8, 8))
    traced = pruning.trace(model, pictures(1, 8), on_unsupported="skip")
    assert [group.name for group in traced] == ["a"]
    assert list(traced.skipped) == ["d"]
    assert "softmax over its channels" in traced.skipped["d"]
    plan = pruning.plan(traced, criterion="l1", target={"channels": 0.5}, on_unsupported="skip")
    assert plan.skipped == traced.skipped
    with pytest.raises(ValueError, match="channels of d cannot be pruned"):
        pruning.plan(traced, criterion="l1", target={"channels": 0.5})
    with pytest.warns(UserWarning, match="the target is missed: macs can be brought to"):
        pruning.plan(traced, criterion="l1", target={"macs": 0.01}, on_unsupported="skip")
    with pytest.raises(ValueError, match="on_unsupported must be 'raise' or 'skip', got 'ignore'"):
        pruning.trace(model, pictures(1, 8), on_unsupported="ignore")


def test_a_traced_model_is_traced_once():
    model = build("residual")
    runs = []
    model.register_forward_hook(lambda *_: runs.append(1))
    traced = pruning.trace(model, pictures(1))
    seen = len(runs)
    plan = pruning.plan(traced, criterion="l1", target={"channels": 0.5})
    pruned = pruning.apply(traced, plan)
    assert len(runs) == seen
    assert pruning.verify(traced, plan, pruned) < 1e-12
    evidence = pruning.calibrate(traced, [pictures(2)], loss=lambda m, x: m(x).square().mean())
    assert set(pruning.scores(traced, None, "taylor", evidence)) == {group.name for group in traced}
    assert set(pruning.scores(traced, None, "l1", keep=["a"])) == {"stem"}


def test_keep_is_a_list():
    with pytest.raises(ValueError, match=r"keep must be a list of layers, such as \['0'\], got the text '0'"):
        pruning.trace(build("chain"), pictures(1), keep="0")
    with pytest.raises(ValueError, match="keep must be a list of layers, got None"):
        pruning.trace(build("chain"), pictures(1), keep=None)


def test_keep_is_the_way_past_a_refusal():
    model = Net(lambda m, x: m.b(F.relu(m.a(x)).softmax(1)))
    assert groups_of(model, keep=["a"]) == {}
    with pytest.raises(ValueError, match=r"keep names \['z'\].*valid: a, b"):
        groups_of(model, keep=["z"])


def test_layers_that_never_run_are_named():
    with pytest.warns(UserWarning, match="the example never runs c; they keep"):
        groups_of(Net(lambda m, x: m.b(F.relu(m.a(x))), c=conv(8, 2)))


def test_empty_examples_are_refused():
    with pytest.raises(ValueError, match=r"example is empty, of shapes \[\(0, 3, 8, 8\)\]"):
        pruning.trace(build("chain"), pictures(0, 8))


@pytest.mark.parametrize("example", [[], {}, "x", ("x",), (None, 1.0), object()])
def test_unusable_examples_are_refused(example):
    with pytest.raises(ValueError, match=r"example must be a float tensor.*and at least one tensor; got"):
        pruning.trace(build("chain"), example)


@pytest.mark.parametrize(
    "example", [torch.zeros(1, 3, 8, 8).long(), torch.zeros(3), torch.zeros(1, 4, 8, 8), (1, torch.zeros(1))]
)
def test_errors_of_the_forward_are_shown(example):
    with pytest.raises(ValueError, match=r"the model does not run on the example: \w+Error: "):
        pruning.trace(build("chain"), example)


def test_networks_without_layers_are_refused():
    with pytest.raises(ValueError, match="the model runs no layer on the example"):
        pruning.trace(Net(lambda m, x: x + 1), pictures(1, 8))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_tracing_leaves_the_model_as_it_is(pattern):
    model = build(pattern).train()
    next(model.children()).eval().requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    flags = [(p.requires_grad, p.grad) for p in model.parameters()]
    modes = [module.training for module in model.modules()]
    with torch.no_grad():
        pruning.trace(model, pictures(1))
    assert [(p.requires_grad, p.grad) for p in model.parameters()] == flags
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_frozen_layers_are_traced():
    model = Residual().requires_grad_(False)
    assert [group.name for group in pruning.trace(model, pictures(1, 8))] == ["stem", "a"]
