"""Indicators against removal, the regularisers against closed forms, the budget, and whole searches."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import pruning
from pruning.planning.removal import removal_plan
from pruning.search import Dais, Indicators, Options, search
from pruning.search.indicators import stages
from pruning.zoo import data, networks

EXAMPLE = torch.zeros(1, 3, 8, 8)
MODELS = {
    "resnet8": lambda: networks.resnet(8, 3, widths=(6, 8, 10)),
    "bottleneck": lambda: networks.resnet(11, 3, widths=(4, 8, 8), bottleneck=True),
    "densenet": lambda: networks.densenet(10, 3, growth=4),
    "vgg": lambda: networks.VGG(((8, 8), (8,)), 3, 3),
    "flatten": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 64, 8), nn.ReLU(), nn.Linear(8, 3)
    ),
}


def pictures(count=4):
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def choose(indicators, removed):
    for name, alpha in indicators.values().items():
        alpha.fill_(1.0)
        alpha[removed.get(name, [])] = -1.0


@pytest.mark.parametrize("name", MODELS)
def test_indicators_at_zero_and_one_are_the_removal(name):
    torch.manual_seed(0)
    model = MODELS[name]().eval()
    for norm in (m for m in model.modules() if isinstance(m, nn.BatchNorm2d)):
        nn.init.normal_(norm.bias)
        nn.init.normal_(norm.running_mean)
    traced = pruning.trace(model, EXAMPLE)
    removed = {g: list(range(0, size, 3)) for g, size in traced.network.sizes.items()}
    indicators = Indicators(traced, 0.5)
    choose(indicators, removed)
    indicators.sharpness = 1e4
    gated, macs = model(pictures()), indicators.macs(indicators()).item()
    indicators.release()
    plan = removal_plan(traced, removed, {"macs": 0.5}, "test")
    pruned = pruning.apply(model, plan)
    pruning.verify(model, plan, pruned, EXAMPLE)
    assert torch.allclose(gated, pruned(pictures()), atol=1e-4)
    assert macs == plan.after["macs"]


def test_indicators_are_annealed_sigmoids():
    indicators = Indicators(pruning.trace(MODELS["vgg"](), EXAMPLE), 0.5)
    gate = next(iter(indicators().values()))
    assert torch.allclose(gate, torch.full((8,), 1 / (1 + math.exp(-0.5))))
    indicators.sharpness = 50.0
    gate = next(iter(indicators().values()))
    assert torch.allclose(gate, torch.full((8,), 1 / (1 + math.exp(-25))))


def test_expected_macs_of_a_chain():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 5, 3, padding=1), nn.Flatten(),
                          nn.Linear(5 * 64, 2))  # fmt: skip
    indicators = Indicators(pruning.trace(model, EXAMPLE), 0.5)
    with torch.no_grad():
        indicators.alphas[0].copy_(torch.tensor([0.3, -1.0, 2.0, 0.0]))
    first, second = (gate.sum().item() for gate in indicators().values())
    expected = 9 * 64 * 3 * first + 9 * 64 * first * second + 64 * second * 2
    assert indicators.macs(indicators()).item() == pytest.approx(expected, rel=1e-5)


def dais_of(model, fraction=0.5, epochs=4, **options):
    return Dais(model, EXAMPLE, target={"macs": fraction}, epochs=epochs, options=Options(**options))


@pytest.mark.parametrize(("alpha", "sign"), [(1.0, 1), (-1.0, -1)])
def test_cost_pulls_towards_the_budget(alpha, sign):
    dais = dais_of(MODELS["vgg"]())
    with torch.no_grad():
        for a in dais.indicators.alphas:
            a.fill_(alpha)
    gates = dais.indicators()
    expected = sign * 2 * dais.indicators.macs(gates).log()
    assert dais.regulariser(gates).item() == pytest.approx(expected.item())


def test_no_pull_within_the_budget():
    dais = dais_of(networks.VGG(((40,), (8,)), 3, 3), fraction=0.5)
    alphas = dais.indicators.alphas
    with torch.no_grad():
        alphas[0][19:] = -1.0  # 19 / 40 of all MACs but the 24 of the linear layer are left
    assert 0.475 <= dais.kept_macs() <= 0.5
    assert dais.regulariser(dais.indicators()).item() == 0


def test_lasso_and_symmetry():
    model = networks.resnet(14, 3, widths=(4, 6, 8))
    assert stages(pruning.trace(model, EXAMPLE)) == [
        [f"stages.{stage}.{block}.conv1" for block in range(2)] for stage in range(3)
    ]
    dais = dais_of(model, cost=0.0, lasso=0.1)
    total = sum(dais.traced.network.sizes.values())
    gates = dais.indicators()
    assert dais.regulariser(gates).item() == pytest.approx(0.1 * total / (1 + math.exp(-0.5)), rel=1e-5)
    dais.indicators.release()
    dais = dais_of(model, cost=0.0, symmetry=1.0)
    assert dais.regulariser(dais.indicators()).item() == 0
    gates = {name: torch.full((size,), 0.5) for name, size in dais.traced.network.sizes.items()}
    gates["stages.1.0.conv1"] = torch.ones(6)
    gates["stages.1.1.conv1"] = torch.tensor([1.0, 1, 1, 0, 0, 0])
    assert dais.regulariser(gates).item() == pytest.approx(2 * 0.25**2)


def test_step_moves_indicators_and_not_weights():
    model = MODELS["resnet8"]()
    dais = dais_of(model)
    before = [p.clone() for p in model.parameters()]
    dais.step(F.cross_entropy(model(pictures()), torch.tensor([0, 1, 2, 0])))
    assert all(torch.equal(p, q) and p.grad is None for p, q in zip(model.parameters(), before, strict=True))
    assert all((alpha != 0.5).any() for alpha in dais.indicators.alphas)


def test_useless_channels_are_found():
    """Without any cost, an indicator falls where its channel does harm and rises where it helps."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))
    with torch.no_grad():
        model[0].weight.zero_()
        model[0].bias.fill_(1.0)
        model[3].weight.copy_(torch.tensor([[1.0, -1.0], [0.0, 0.0]]))
        model[3].bias.zero_()
    dais = dais_of(model, cost=0.0)
    for _ in range(30):
        dais.step(F.cross_entropy(model(pictures()), torch.zeros(4, dtype=torch.long)))
    [alpha] = dais.indicators.alphas
    assert alpha[0] > 0.5 > 0 > alpha[1]


@pytest.mark.parametrize("fraction", [0.5, 0.25])
@pytest.mark.parametrize("spread", ["all kept", "all removed", "mixed"])
def test_correction_meets_the_budget(fraction, spread):
    torch.manual_seed(0)
    dais = Dais(networks.build("resnet8", channels=1), torch.zeros(1, 1, 16, 16), target={"macs": fraction}, epochs=1)
    shift = {"all kept": 5, "all removed": -5, "mixed": 0}[spread]
    with torch.no_grad():
        for alpha in dais.indicators.alphas:
            alpha.copy_(torch.randn(len(alpha)) + shift)
    dais.end_epoch()
    plan = dais.finish()
    assert 0.95 * fraction <= plan.after["macs"] / plan.before["macs"] <= fraction
    assert all(group.kept for group in plan.groups)
    assert dais.corrected > 0
    for alpha, group in zip(dais.indicators.alphas, plan.groups, strict=True):
        assert alpha[group.kept].mean() > alpha[group.removed].mean()


def test_missed_budget_warns():
    dais = dais_of(networks.VGG(((2,), (2,)), 2, 3), fraction=0.7, epochs=1, tolerance=0.01)
    dais.end_epoch()
    with pytest.warns(UserWarning, match="of the MACs are left instead of 0.7"):
        dais.finish()


def run(target=0.4, epochs=6):
    torch.manual_seed(0)
    splits = data.digits()
    model = networks.resnet(8, 10, 1, widths=(6, 8, 12))
    seen = []
    plan = search(
        model,
        splits.example,
        data.batches(splits.train, 128, shuffle=True),
        data.batches(splits.validation, 64, shuffle=True, seed=1),
        loss=F.cross_entropy,
        optimizer=torch.optim.SGD(model.parameters(), 0.05, 0.9),
        target={"macs": target},
        epochs=epochs,
        progress=lambda epoch, macs: seen.append((epoch, macs)),
    )
    return model, plan, splits, seen


def test_search_meets_the_budget_and_its_removal_works():
    model, plan, splits, seen = run()
    assert 0.38 <= plan.after["macs"] / plan.before["macs"] <= 0.4
    assert [epoch for epoch, _ in seen] == list(range(6))
    assert seen[0][1] > 0.4 > 0.6 * seen[-1][1]
    pruned = pruning.apply(model, plan)
    pruning.verify(model, plan, pruned, splits.example)
    model(splits.example)  # its indicators are gone
    right = torch.cat([pruned.train()(x).argmax(1) == y for x, y in data.batches(splits.test, 180)])
    assert right.float().mean() > 0.7


def test_annealing_drives_indicators_to_zero_or_one():
    undecided = []
    for sharpness in (1.0, 50.0):
        torch.manual_seed(0)
        splits, model = data.digits(), networks.resnet(8, 10, 1, widths=(6, 8, 12))
        dais = Dais(model, splits.example, target={"macs": 0.4}, epochs=6, options=Options(sharpness=sharpness))
        optimizer = torch.optim.SGD(model.parameters(), 0.05, 0.9)
        for _ in range(6):
            for x, y in data.batches(splits.train, 128):
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
                dais.step(F.cross_entropy(model(x), y))
            dais.end_epoch()
        gates = torch.cat(list(dais.indicators().values()))
        undecided.append(float(((gates > 0.05) & (gates < 0.95)).float().mean()))
    assert undecided[0] > 0.9
    assert undecided[1] < 0.2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": {"params": 0.5}}, "budget of macs only"),
        ({"target": {"macs": 2}}, "between 0 and 1"),
        ({"target": {"macs": 1e-4}}, "macs can be brought to .* at the least, not 0.0001"),
        ({"epochs": 0}, "epochs and sharpness must be at least 1"),
        ({"options": Options(tolerance=0)}, "tolerance in \\(0, 1\\)"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        Dais(MODELS["vgg"](), EXAMPLE, **{"target": {"macs": 0.5}, "epochs": 2, **options})


def test_bad_use():
    dais = dais_of(MODELS["vgg"](), epochs=1)
    with pytest.raises(ValueError, match="for 1 epochs, of which 0 are over"):
        dais.finish()
    dais.end_epoch()
    with pytest.raises(ValueError, match="for 1 epochs, which are over"):
        dais.end_epoch()
    model = MODELS["vgg"]()
    batch = (pictures(), torch.tensor([0, 1, 2, 0]))
    given = {"loss": F.cross_entropy, "optimizer": torch.optim.SGD(model.parameters(), 0.1)}
    with pytest.raises(ValueError, match="validation has no batches"):
        search(model, EXAMPLE, [batch], [], target={"macs": 0.5}, epochs=1, **given)
    given["loss"] = lambda out, y: out.sum() * math.nan
    with pytest.raises(ValueError, match="the loss became nan in epoch 0"):
        search(model, EXAMPLE, [batch], [batch], target={"macs": 0.5}, epochs=1, **given)
