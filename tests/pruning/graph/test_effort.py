"""How often a network runs for its pruning: a run of a large one takes seconds."""

import pytest
import torch
from pruning_nets import conv, pictures
from torch import nn

import pruning


class Counted(nn.Sequential):
    """Counts the runs of all its copies."""

    runs = 0

    def forward(self, x):
        type(self).runs += 1
        return super().forward(x)


@pytest.fixture
def model():
    torch.manual_seed(0)
    Counted.runs = 0
    return Counted(conv(3, 8), nn.ReLU(), conv(8, 8), nn.ReLU(), conv(8, 2))


def test_a_traced_network_is_run_once_to_follow_it_and_thrice_to_try_a_removal(model):
    traced = pruning.trace(model, pictures(1))
    assert Counted.runs == 4  # followed; random numbers tried; with channels unread; without them
    plan = pruning.plan(traced, criterion="l1", target={"macs": 0.5})
    pruned = pruning.apply(traced, plan)
    assert Counted.runs == 4
    pruning.verify(traced, plan, pruned)
    assert Counted.runs == 8  # both networks, on the example and on random numbers


def test_a_costly_network_is_verified_on_the_example_alone(model, monkeypatch):
    monkeypatch.setattr("pruning.graph.comparison.COSTLY", 1)
    traced = pruning.trace(model, pictures(1))
    plan = pruning.plan(traced, criterion="l1", target={"macs": 0.5})
    pruned = pruning.apply(traced, plan)
    Counted.runs = 0
    assert pruning.verify(traced, plan, pruned) < 1e-4
    assert Counted.runs == 2


class Stubborn(nn.Module):
    """A block that asserts the width of its first layer."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)

    def forward(self, x):
        h = self.first(x)
        assert h.shape[1] == 4
        return self.second(h)


def skipped_of_many_blocks():
    torch.manual_seed(0)
    Counted.runs = 0
    model = Counted(conv(3, 4), *[Stubborn() for _ in range(24)], conv(4, 2))
    return set(pruning.trace(model, pictures(1), on_unsupported="skip").skipped), Counted.runs


def test_what_fails_in_some_blocks_is_not_tried_in_all(monkeypatch):
    skipped, runs = skipped_of_many_blocks()
    assert skipped == {f"{block}.first" for block in range(1, 25)}
    monkeypatch.setattr("pruning.graph.trial.PATIENCE", (1000, 1000))
    exhaustive, most = skipped_of_many_blocks()
    assert exhaustive == skipped
    assert runs < 0.7 * most


def test_what_differs_by_rounding_in_a_costly_network_is_compared_in_float64(monkeypatch):
    torch.manual_seed(0)
    model = nn.Sequential(conv(3, 64), nn.ReLU(), conv(64, 2))
    traced = pruning.trace(model, pictures(1))
    plan = pruning.plan(traced, criterion="l1", target={"channels": 0.5})
    pruned = pruning.apply(traced, plan)
    monkeypatch.setattr("pruning.graph.comparison.COSTLY", 1)
    monkeypatch.setattr("pruning.graph.comparison.TOLERANCES", {torch.float64: 1e-9, torch.float32: 1e-12})
    assert pruning.verify(traced, plan, pruned) < 1e-9
    with torch.no_grad():
        pruned[2].weight += 0.01
    with pytest.raises(ValueError, match="2 is the first layer that differs"):
        pruning.verify(traced, plan, pruned)
