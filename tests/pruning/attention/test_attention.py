"""Channel gates: known values, every kind of feature, statistics, the polarising loss, and removal by folding."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pruning.attention import (
    CBAMChannel,
    ChannelGate,
    EfficientChannelAttention,
    SqueezeExcitation,
    channel_scores,
    polarising_loss,
    record_gates,
    remove_gates,
    watch_gates,
)
from pruning.attention.gates import eca_kernel

GATES = [partial(SqueezeExcitation, reduction=0.5), partial(CBAMChannel, reduction=0.5), EfficientChannelAttention]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("shape", [(3, 8), (3, 8, 11), (3, 8, 5, 6)])
def test_gates_are_between_0_and_1_and_multiply_channels(kind, shape):
    gate, x = kind(8), torch.randn(shape)
    gates = gate.gates(x)
    assert gates.shape == (3, 8)
    assert ((gates > 0) & (gates < 1)).all()
    assert gates.std() > 1e-4
    torch.testing.assert_close(gate(x), x * gates.view(3, 8, *[1] * (len(shape) - 2)))
    gate(x).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in gate.parameters())


def test_squeeze_excitation_by_hand():
    gate = SqueezeExcitation(2, reduction=1)
    with torch.no_grad():
        gate.mlp[0].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, -1.0]]))
        gate.mlp[2].weight.copy_(torch.tensor([[2.0, 0.0], [0.0, 2.0]]))
        gate.mlp[0].bias.zero_()
        gate.mlp[2].bias.zero_()
    x = torch.tensor([[[1.0, 3.0], [5.0, 5.0]]])  # means 2 and 5; the second is shut off by the ReLU
    torch.testing.assert_close(gate.gates(x), torch.tensor([[4.0, 0.0]]).sigmoid())


def test_cbam_adds_mean_and_maximum():
    gate = CBAMChannel(4, reduction=2)
    x = torch.randn(2, 4, 9)
    expected = (gate.mlp(x.mean(2)) + gate.mlp(x.amax(2))).sigmoid()
    torch.testing.assert_close(gate.gates(x), expected)
    assert not torch.allclose(expected, (2 * gate.mlp(x.mean(2))).sigmoid())


def test_eca_reads_neighbours_only():
    gate, x = EfficientChannelAttention(9, kernel=3), torch.randn(1, 9, 4)
    moved = x.clone()
    moved[:, 4] += 1
    changed = (gate.gates(x) != gate.gates(moved))[0].nonzero().flatten().tolist()
    assert changed == [3, 4, 5]


@pytest.mark.parametrize(("channels", "size"), [(1, 3), (14, 3), (25, 3), (64, 3), (256, 5), (2048, 7)])
def test_eca_kernel(channels, size):
    assert eca_kernel(channels) == size


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SqueezeExcitation(0), "at least one channel, got 0"),
        (lambda: SqueezeExcitation(4, reduction=0), "above 0, got 0"),
        (lambda: EfficientChannelAttention(4, kernel=2), "odd number from 1 on, got 2"),
        (lambda: SqueezeExcitation(4)(torch.zeros(1, 5, 3)), r"made for \(N, 4, ...\)"),
        (lambda: polarising_loss([]), "no gates"),
        (lambda: polarising_loss([torch.zeros(1)], sparsity=-1), "at least 0"),
        (lambda: record_gates(nn.Linear(2, 2), []), "no channel gates"),
        (lambda: record_gates(gated(), []), "batches is empty"),
        (lambda: record_gates(gated(), [(torch.rand(4, 3, 8), torch.zeros(3, dtype=torch.long))]), "must be 4 whole"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def gated() -> nn.Sequential:
    stem = nn.Sequential(nn.Conv1d(3, 8, 3), nn.BatchNorm1d(8), nn.ReLU(), SqueezeExcitation(8, reduction=2))
    return nn.Sequential(*stem, nn.Dropout(), nn.Conv1d(8, 4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))


def test_statistics_against_all_gates_at_once():
    model = gated()
    x, y = torch.randn(12, 3, 10), torch.tensor([0] * 9 + [2] * 3)
    x[9:] += 3
    model(x)
    model.train()
    seen: list[int] = []
    batches = [(x[:5], y[:5]), (x[5:], y[5:])]
    statistics = record_gates(model, batches, progress=seen.append)["3"]
    assert model.training
    assert seen == [5, 12]
    model.eval()
    gates = model[3].gates(model[:3](x)).detach()
    torch.testing.assert_close(statistics.mean, gates.mean(0))
    torch.testing.assert_close(statistics.variance, gates.var(0, correction=0))
    torch.testing.assert_close(statistics.class_means[2], gates[9:].mean(0))
    assert statistics.class_means[1].isnan().all()
    torch.testing.assert_close(statistics.balanced_mean, (gates[:9].mean(0) + gates[9:].mean(0)) / 2)
    assert statistics.samples == 12
    assert not torch.allclose(statistics.balanced_mean, statistics.mean, atol=1e-4)
    scores = channel_scores({"3": statistics}, balanced=True)["3"]
    torch.testing.assert_close(scores, statistics.balanced_mean / statistics.balanced_mean.mean())


def test_polarising_loss_pushes_gates_apart():
    assert polarising_loss([torch.tensor([0.0, 1.0])]) == 0
    assert polarising_loss([torch.tensor([0.5])]).item() == pytest.approx(0.25)
    assert polarising_loss([torch.tensor([1.0])], sparsity=0.2).item() == pytest.approx(0.2)
    model, x = gated(), torch.randn(16, 3, 10)
    model(x)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    values = []
    for _ in range(60):
        with watch_gates(model) as gates:
            model(x)
            loss = polarising_loss(gates.values())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        values.append(loss.item())
    assert values[-1] < 0.2 * values[0]


class Branches(nn.Module):
    """2-D features; the gate feeds a grouped, a depthwise and a transposed convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.gate = nn.Conv2d(3, 8, 3), CBAMChannel(8, reduction=2)
        self.grouped, self.up = nn.Conv2d(8, 6, 3, groups=2), nn.ConvTranspose2d(8, 6, 3)
        self.depthwise, self.head = nn.Conv2d(8, 8, 1, groups=8), nn.Conv2d(8, 6, 1)

    def forward(self, x):
        x = self.gate(F.relu(self.stem(x)))
        down, up = self.grouped(F.max_pool2d(x, 2)), self.up(x)
        return down.mean((2, 3)), up.mean((2, 3)), self.head(self.depthwise(x))


class Fixed(ChannelGate):
    """Gates that do not look at the data."""

    def __init__(self, channels):
        super().__init__(channels)
        self.values = nn.Parameter(torch.randn(channels))

    def logits(self, x):
        return self.values.expand(len(x), -1)


@pytest.mark.parametrize(("make", "name", "shape"), [(gated, "3", (4, 3, 10)), (Branches, "gate", (4, 3, 12, 12))])
def test_constant_gates_fold_exactly(make, name, shape):
    model, x = make(), torch.randn(shape)
    model(x)
    model.eval().set_submodule(name, Fixed(8))
    before = model(x)
    plain = remove_gates(model, {name: model.get_submodule(name).values.detach().sigmoid()}, x)
    assert not any(isinstance(m, ChannelGate) for m in plain.modules())
    torch.testing.assert_close(plain(x), before)
    torch.testing.assert_close(model(x), before)
    identity = remove_gates(model, {name: torch.ones(8)}, x)
    assert not torch.allclose(nested(identity(x)), nested(before), atol=1e-3)


def nested(out):
    return out if isinstance(out, torch.Tensor) else out[0]


class Mixing(nn.Module):
    def __init__(self, operation):
        super().__init__()
        self.gate, self.head, self.operation = SqueezeExcitation(4), nn.Conv1d(4, 2, 1), operation

    def forward(self, x):
        return self.head(self.operation(self.gate(x)))


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (torch.sigmoid, "cannot pass 'sigmoid'"),
        (lambda x: x.flip(1), "cannot pass 'flip'"),
        (lambda x: x.mean(1, keepdim=True).expand(-1, 4, -1), "cannot pass 'expand'"),
        (lambda x: F.avg_pool1d(x.mT, 4).expand(-1, -1, 4).mT, "cannot pass"),
        (lambda x: torch.relu(x) if x.sum() > 0 else x, "torch.fx cannot trace"),
    ],
)
def test_operations_that_no_factor_passes(operation, message):
    with pytest.raises(ValueError, match=message):
        remove_gates(Mixing(operation), {"gate": torch.full((4,), 0.5)}, torch.rand(2, 4, 4))


def test_the_check_finds_mixed_channels():
    model = nn.Sequential(SqueezeExcitation(4), nn.Linear(4, 2))  # reads the last axis, not the channels
    with pytest.raises(ValueError, match="differs from the one with fixed gates"):
        remove_gates(model, {"0": torch.tensor([0.1, 0.2, 0.3, 0.4])}, torch.rand(2, 4, 4))


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ({"4": torch.ones(8)}, "'4' is no gate of the model; its gates: 3"),
        ({"3": torch.ones(7)}, "needs 8 factors"),
        ({"3": torch.zeros(8)}, "above 0"),
    ],
)
def test_bad_factors(factors, message):
    with pytest.raises(ValueError, match=message):
        remove_gates(gated(), factors, torch.rand(2, 3, 8))
