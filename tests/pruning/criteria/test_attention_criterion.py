"""Criterion 'attention' against gates computed by hand, on networks whose gates sit in different places."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops.misc import SqueezeExcitation as TorchvisionGate

import pruning
from pruning.attention import (
    CBAMChannel,
    EfficientChannelAttention,
    SqueezeExcitation,
    gate_evidence,
    record_gates,
    remove_gates,
)
from pruning.attention.evidence import gated_layers

X = torch.randn(12, 3, 9, 9, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0] * 9 + [2] * 3)  # no picture of class 1


class Residual(nn.Module):
    """Two gates on one stream, one of them in front of the sum; the stream is read through a flattening too."""

    def __init__(self, gate):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)
        self.body, self.gate, self.last = nn.Conv2d(6, 6, 3, padding=1), gate(6), gate(6)
        self.plain, self.head = nn.Conv2d(6, 4, 3), nn.Linear(4 * 25, 5)

    def forward(self, x):
        x = F.relu_(self.norm(self.stem(x)))
        x = self.last(F.relu(x + self.gate(self.body(x))))
        return self.head(self.plain(x).flatten(1))


GATES = [partial(SqueezeExcitation, reduction=2), partial(CBAMChannel, reduction=2), lambda c: TorchvisionGate(c, 2)]


def network(gate):
    torch.manual_seed(1)
    model = Residual(gate)
    for parameter in [*model.gate.parameters(), *model.last.parameters()]:
        nn.init.normal_(parameter)
    return model.eval()


def batches():
    return [(X[:5], LABELS[:5]), (X[5:] * 2, LABELS[5:])]


def gates_by_hand(gate, x):
    gates = gate.gates(x) if hasattr(gate, "gates") else gate._scale(x).flatten(1)
    return (gates[:9].mean(0) + gates[9:].mean(0)) / 2


@torch.no_grad()
def expected(model):
    x = torch.cat([x for x, _ in batches()])
    stem = F.relu(model.norm(model.stem(x)))
    body = model.body(stem)
    summed = F.relu(stem + model.gate(body))
    return (gates_by_hand(model.gate, body) + gates_by_hand(model.last, summed)) / 2


@pytest.mark.parametrize("gate", GATES)
def test_mean_over_classes_and_gates_of_the_group(gate):
    model = network(gate)
    evidence = gate_evidence(model, X[:1], batches())
    scores = pruning.scores(model, X[:1], "attention", evidence)
    assert list(scores) == ["stem"]  # neither the hidden layers of the gates nor the layer without a gate
    torch.testing.assert_close(scores["stem"].float(), expected(model))


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.filterwarnings("ignore:the criterion cannot score")
def test_least_attended_channels_go(gate):
    model = network(gate)
    evidence = gate_evidence(model, X[:1], batches())
    plan = pruning.plan(model, X[:1], criterion="attention", statistics=evidence, target={"params": 0.8})
    assert plan.removed["stem"] == sorted(expected(model).argsort()[: len(plan.removed["stem"])].tolist())
    assert pruning.verify(model, plan, pruning.apply(model, plan), X[:2]) < 1e-6


def test_gates_that_read_neighbours_are_folded_first():
    torch.manual_seed(2)
    gated = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), EfficientChannelAttention(8), nn.Conv2d(8, 2, 3)
    ).eval()
    with pytest.raises(ValueError, match="channels of 0 cannot be pruned: it meets a convolution across its channels"):
        pruning.plan(gated, X[:2], criterion="l1", target={"macs": 0.5})
    evidence = gate_evidence(gated, X[:2], batches())
    plain = remove_gates(gated, {"3": record_gates(gated, batches())["3"].mean}, X[:2])
    plan = pruning.plan(plain, X[:2], criterion="attention", statistics=evidence, target={"macs": 0.5})
    with torch.no_grad():
        means = gates_by_hand(gated[3], gated[:3](torch.cat([x for x, _ in batches()])))
    assert plan.removed == {"0": sorted(means.argsort()[:4].tolist())}
    assert pruning.verify(plain, plan, pruning.apply(plain, plan), X[:2]) < 1e-6


class Concatenated(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.gate = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3), SqueezeExcitation(8, reduction=2)
        self.own, self.c = SqueezeExcitation(4, reduction=2), nn.Conv2d(8, 2, 3)

    def forward(self, x):
        return self.c(self.gate(torch.cat([self.own(self.a(x)), self.b(x)], 1)))


def test_gates_on_a_concatenation_are_left_out():
    with pytest.warns(UserWarning, match="^gate: gates whose channels are not those of one layer"):
        assert gated_layers(Concatenated(), X[:1]) == {"own": "a"}


def test_errors():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3))
    with pytest.raises(ValueError, match="no channel gates"):
        gate_evidence(model, X[:1], batches())
    with pytest.raises(ValueError, match=r"make them with pruning.attention.gate_evidence"):
        pruning.plan(model, X[:1], criterion="attention", target={"macs": 0.5})
