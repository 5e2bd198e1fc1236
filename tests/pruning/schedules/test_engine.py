"""Soft and hard pruning on dependency groups: what is masked, what comes back, and that the end can be removed."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import pruning
from pruning.criteria.view import group_views
from pruning.planning.removal import part_left
from pruning.schedules import SCHEDULES, Schedule, SoftHardPruner, constant, exponential
from pruning.schedules.shares import uniform_share
from pruning.zoo import networks

EXAMPLE = torch.zeros(1, 3, 8, 8)


def conv(into, out, **options):
    return nn.Conv2d(into, out, 3, padding=1, **options)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.stem_norm = conv(3, 8, bias=False), nn.BatchNorm2d(8)
        self.a, self.norm_a = conv(8, 6, bias=False), nn.BatchNorm2d(6)
        self.b, self.norm_b = conv(6, 8, bias=False), nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = F.relu(self.stem_norm(self.stem(x)))
        x = F.relu(x + self.norm_b(self.b(F.relu(self.norm_a(self.a(x))))))
        return self.head(x.mean((2, 3)))


class Concat(nn.Module):
    """Both branches are read together; the depthwise layer and the normalisation see the concatenation."""

    def __init__(self):
        super().__init__()
        self.a, self.b = conv(3, 4), conv(3, 6)
        self.norm, self.depthwise = nn.BatchNorm2d(10), conv(10, 10, groups=10)
        self.hidden, self.head = nn.Linear(10 * 16, 8), nn.Linear(8, 3)

    def forward(self, x):
        x = self.depthwise(F.relu(self.norm(torch.cat([self.a(x), self.b(x)], 1))))
        x = F.max_pool2d(F.relu(x), 2)
        return self.head(F.relu(self.hidden(x.flatten(1))))


class ConcatSum(nn.Module):
    """One layer's channels lie in two groups."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.head = conv(3, 4), conv(3, 6), conv(3, 10), conv(10, 3)

    def forward(self, x):
        x = torch.cat([F.relu(self.a(x)), F.relu(self.b(x))], 1) + F.relu(self.c(x))
        return self.head(x).mean((2, 3))


def transposed():
    return nn.Sequential(
        conv(3, 6), nn.PReLU(6), nn.ConvTranspose2d(6, 8, 2, stride=2), nn.ReLU(), conv(8, 3), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )  # fmt: skip


MODELS = {
    "residual": Residual,
    "concat": Concat,
    "concat_sum": ConcatSum,
    "transposed": transposed,
    "resnet8": lambda: networks.build("resnet8", classes=3),
    "bottleneck": lambda: networks.resnet(11, 3, widths=(4, 8, 8), bottleneck=True),
    "densenet": lambda: networks.densenet(10, 3, growth=4),
    "vgg": lambda: networks.VGG(((8, 8), (8,)), 3, 3),
}


def train(model, pruner, epochs, steps=2, lr=0.05):
    """A few steps of training per epoch on random pictures; the labels depend on the pictures."""
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
    pruner.attach(optimizer)
    for _ in range(epochs):
        for _ in range(steps):
            x = torch.randn(8, 3, 8, 8, generator=generator)
            y = (x.mean((1, 2, 3)) > 0).long()
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        pruner.end_epoch()


def pruner_of(model, schedule, epochs=4, **options):
    return SoftHardPruner(model, EXAMPLE, schedule, epochs=epochs, **{"target": {"channels": 0.5}, **options})


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", MODELS)
def test_removal_equals_masking(name, schedule):
    torch.manual_seed(0)
    model = MODELS[name]()
    pruner = pruner_of(model, schedule, epochs=3)
    train(model, pruner, 3)
    plan = pruner.finish()
    assert all(len(g.removed) == g.channels // 2 for g in plan.groups)
    pruned = pruning.apply(model, plan)
    pruning.verify(model, plan, pruned, EXAMPLE)
    # The trained network itself is the masked one: nothing is lost by the removal.
    x = torch.randn(4, 3, 8, 8)
    assert torch.allclose(model.eval()(x), pruned.eval()(x), atol=1e-5)
    assert sum(p.numel() for p in pruned.parameters()) == plan.after["params"]


def test_norm_of_a_residual_channel_is_over_all_its_filters():
    model = Residual()
    stream = torch.cat([model.stem.weight.flatten(1), model.b.weight.flatten(1)], 1)
    assert torch.allclose(norms(model, "stem"), stream.norm(dim=1))
    assert torch.allclose(norms(model, "a"), model.a.weight.flatten(1).norm(dim=1))


def test_norms_behind_concatenations_and_of_transposed_convolutions():
    model = ConcatSum()
    for name, part in (("a", slice(0, 4)), ("b", slice(4, 10))):
        filters = [getattr(model, name).weight.flatten(1), model.c.weight[part].flatten(1)]
        assert torch.allclose(norms(model, name), torch.cat(filters, 1).norm(dim=1))
    model = Concat()
    assert torch.allclose(norms(model, "b"), model.b.weight.flatten(1).norm(dim=1))
    model = transposed()
    expected = model[2].weight.transpose(0, 1).flatten(1).norm(dim=1)
    assert torch.allclose(norms(model, "2"), expected)


@torch.no_grad()
def ordered(model):
    """Give the channels of the stream and of `a` norms that grow with their number."""
    for layer in (model.stem, model.a, model.b):
        layer.weight.copy_(torch.ones_like(layer.weight) * torch.arange(1.0, len(layer.weight) + 1).view(-1, 1, 1, 1))
    return model


def norms(model, group):
    return group_views(model, pruning.trace(model, EXAMPLE).network)[group].filter_norms()


def zero_filters(layer):
    return np.flatnonzero(layer.weight.detach().flatten(1).abs().sum(1) == 0).tolist()


def test_soft_pruning_zeroes_the_lowest_filters_of_every_layer_and_no_shift():
    model = ordered(Residual())
    nn.init.ones_(model.norm_b.bias)
    pruner_of(model, "sfp").end_epoch()
    assert zero_filters(model.stem) == zero_filters(model.b) == [0, 1, 2, 3]
    assert zero_filters(model.a) == [0, 1, 2]
    assert (model.norm_b.bias == 1).all()
    assert (model.norm_b.weight == 1).all()


def test_soft_pruned_filters_come_back_and_hard_ones_do_not():
    x = torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for schedule, back in (("sfp", True), ("hfp", False)):
        torch.manual_seed(0)
        model = ordered(Residual())
        pruner = pruner_of(model, schedule)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        pruner.attach(optimizer)
        for epoch in range(2):
            for _ in range(3):
                optimizer.zero_grad()
                F.cross_entropy(model(x), torch.arange(8) % 3).backward()
                optimizer.step()
            if epoch == 0:
                pruner.end_epoch()
                assert zero_filters(model.stem) == [0, 1, 2, 3]
        assert (zero_filters(model.stem) == []) is back
        assert bool((model.norm_b.bias[:4] == 0).all()) is not back


@pytest.mark.parametrize("limit", [0.5, 1.0, 3.0])
def test_gradients_of_pruned_filters_are_limited_to_a_multiple_of_the_mean_of_the_kept(limit):
    model = ordered(Residual())
    pruner = pruner_of(model, "sfp", gradient_limit=limit)
    pruner.end_epoch()
    norms = torch.tensor([100.0, 1.0, 5.0, 0.0, 1.0, 2.0, 3.0, 4.0])
    model.stem.weight.grad = torch.ones_like(model.stem.weight) * norms.view(-1, 1, 1, 1) / 27**0.5
    pruner.before_step()
    found = model.stem.weight.grad.flatten(1).norm(dim=1)
    assert torch.allclose(found, torch.tensor([*np.minimum([100, 1, 5, 0], 2.5 * limit).tolist(), 1, 2, 3, 4]))


def test_momentum_of_pruned_filters_is_forgotten():
    model = ordered(Residual())
    pruner = pruner_of(model, "sfp")
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6, momentum=0.9)
    pruner.attach(optimizer)
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    pruner.end_epoch()
    buffer = optimizer.state[model.stem.weight]["momentum_buffer"]
    assert buffer[:, 0, 0, 0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_factor_fades_filters():
    model = ordered(Residual())
    before = model.stem.weight.clone()
    pruner_of(model, Schedule(factor=constant(0.25))).end_epoch()
    assert torch.allclose(model.stem.weight[:4], 0.25 * before[:4])
    assert torch.equal(model.stem.weight[4:], before[4:])


def test_share_and_hardness_over_the_epochs():
    model = ordered(Residual())
    pruner = pruner_of(model, Schedule(share=exponential, hardness=lambda e, n: (e + 1) / n), epochs=8)
    counts = []
    for _ in range(8):
        pruner.end_epoch()
        counts.append((len(pruner.pruned["stem"]), len(pruner.hard["stem"])))
        assert set(pruner.hard["stem"]) <= set(pruner.pruned["stem"])
    # 8 channels, goal 1/2: floor(4 (1 - 4^-e)) pruned, floor of that before rounding times (e + 1) / 8 hard; all of
    # them in the last quarter
    assert counts == [(0, 0), (3, 0), (3, 1), (3, 1), (3, 2), (3, 3), (3, 3), (4, 4)]


def test_hard_channels_stay_hard_when_others_are_zero_too():
    model = ordered(Residual())
    pruner = pruner_of(model, Schedule(hardness=constant(0.5)))
    pruner.end_epoch()
    assert pruner.hard["stem"] == [0, 1]
    with torch.no_grad():
        model.stem.weight[7] = model.b.weight[7] = 0  # as low as the hard ones, but not hard
        model.stem.weight[2], model.stem.weight[3] = 1.0, 1.0
    pruner.end_epoch()
    assert pruner.hard["stem"] == [0, 1]
    assert pruner.pruned["stem"] == [0, 1, 7, 2]


def test_thinned_gradients():
    model = ordered(Residual())
    pruner = pruner_of(model, Schedule(hardness=constant(0.5), thin_gradients=True))
    pruner.end_epoch()
    assert pruner.hard["stem"] == []
    passed = torch.zeros(8)
    for _ in range(400):
        model.stem.weight.grad = torch.ones_like(model.stem.weight)
        pruner.before_step()
        passed += model.stem.weight.grad[:, 0, 0, 0]
    assert torch.equal(passed[4:], torch.full((4,), 400.0))
    assert torch.allclose(passed[:4] / 400, torch.full((4,), 0.25), atol=0.05)  # (1 - 0.5) in half of the steps
    assert set((2 * model.stem.weight.grad[:4]).unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("kind", ["macs", "params"])
@pytest.mark.parametrize("fraction", [0.5, 0.25])
def test_cost_targets(kind, fraction):
    model = networks.build("resnet20")
    pruner = SoftHardPruner(model, torch.zeros(1, 3, 16, 16), "hfp", epochs=1, target={kind: fraction})
    pruner.end_epoch()
    plan = pruner.finish()
    assert fraction - 0.05 < plan.after[kind] / plan.before[kind] <= fraction
    shares = [len(g.removed) / g.channels for g in plan.groups]
    assert max(shares) - min(shares) < 1 / 16
    parameters = sum(p.numel() for p in pruning.apply(model, plan).parameters())
    assert parameters == plan.after["params"]


def test_min_channels_and_keep():
    pruner = pruner_of(Residual(), "hfp", epochs=1, target={"channels": 0.01}, min_channels=2, keep=["a"])
    pruner.end_epoch()
    assert {g.name: len(g.kept) for g in pruner.finish().groups} == {"stem": 2}


def test_plan_goes_through_a_file(tmp_path):
    model = ordered(Residual())
    pruner = pruner_of(model, "asfp", epochs=1)
    pruner.end_epoch()
    plan = pruner.finish()
    plan.save(tmp_path / "plan.json")
    assert pruning.Plan.load(tmp_path / "plan.json") == plan
    assert (plan.criterion, plan.provenance, plan.target) == (None, "schedule asfp", {"channels": 0.5})
    assert plan.removed == {"stem": [0, 1, 2, 3], "a": [0, 1, 2]}


def test_finished_pruner_leaves_the_optimizer():
    model = ordered(Residual())
    pruner = pruner_of(model, "hfp", epochs=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    pruner.attach(optimizer)
    pruner.end_epoch()
    pruner.finish()
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    assert zero_filters(model.stem) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs and min_channels must be at least 1, got 0 and 1"),
        ({"target": {"flops": 0.5}}, "target must have one key of macs, params, channels"),
        ({"target": {"macs": 1.5}}, "between 0 and 1"),
        ({"target": {"macs": 0.001}}, "can be brought to"),
        ({"schedule": "soft"}, "unknown schedule 'soft'"),
        ({"keep": ["stem", "a", "b"]}, "no group of channels can be pruned"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        pruner_of(Residual(), options.pop("schedule", "sfp"), **options)


def test_too_few_and_too_many_epochs():
    pruner = pruner_of(Residual(), "sfp", epochs=2)
    pruner.end_epoch()
    with pytest.raises(ValueError, match="for 2 epochs, of which 1 are over"):
        pruner.finish()
    pruner.end_epoch()
    with pytest.raises(ValueError, match="for 2 epochs, which are over"):
        pruner.end_epoch()


def test_uniform_share_is_the_smallest_that_fits():
    network = pruning.trace(Residual(), EXAMPLE).network
    share = uniform_share(network, {"params": 0.5}, 1)
    stem, a = (int(n * share + 1e-6) for n in (8, 6))

    def left(stem, a):
        return part_left(network, {"stem": range(stem), "a": range(a)}, "params")

    assert left(stem, a) <= 0.5 < max(left(stem - 1, a), left(stem, a - 1))


def returned(schedule, **options):
    """Channels that came back after each of six epochs of real training, at a usual rate."""
    torch.manual_seed(0)
    model = networks.resnet(8, 4, 1, widths=(8, 12, 16))
    x = torch.randn(64, 1, 8, 8)
    labels = (x.mean((1, 2, 3)) > 0).long() + 2 * (x[:, :, :4].mean((1, 2, 3)) > 0).long()
    pruner = SoftHardPruner(model, x[:1], schedule, epochs=6, target={"channels": 0.5}, **options)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, 0.9, nesterov=True, weight_decay=5e-4)
    pruner.attach(optimizer)
    for _ in range(6):
        for _ in range(30):
            optimizer.zero_grad()
            F.cross_entropy(model(x), labels).backward()
            optimizer.step()
        pruner.end_epoch()
    return pruner.returned


@pytest.mark.parametrize("schedule", ["sfp", "asfp", "srfp", "asrfp", "ghfp"])
def test_channels_come_back_from_soft_pruning(schedule):
    counts = returned(schedule)
    assert sum(counts) > 0
    assert counts[0] == counts[-1] == 0  # nothing was pruned before; the end is hard


def test_channels_do_not_come_back_from_hard_pruning():
    assert returned("hfp") == [0] * 6


def test_gradient_limit_is_above_0():
    with pytest.raises(ValueError, match="gradient_limit must be above 0, got 0"):
        pruner_of(Residual(), "sfp", gradient_limit=0)
