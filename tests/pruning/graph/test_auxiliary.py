"""Layers that run while training only, and networks whose state has versions."""

import copy

import pytest
import torch
import torch.nn.functional as F
from pruning_nets import conv, pictures
from torch import nn
from torchvision.models import googlenet, mnasnet0_5

import pruning


class WithHead(nn.Module):
    """An auxiliary head that reads the channels of `a` while training."""

    def __init__(self):
        super().__init__()
        self.a, self.norm, self.b, self.head = conv(3, 8), nn.BatchNorm2d(8), conv(8, 4), nn.Linear(8, 2)

    def forward(self, x):
        h = F.relu(self.norm(self.a(x)))
        return (self.b(h), self.head(h.mean((2, 3)))) if self.training else self.b(h)


class WithHungryHead(WithHead):
    """One whose head needs larger pictures than the rest."""

    def __init__(self):
        super().__init__()
        self.head = nn.Conv2d(8, 2, 12)

    def forward(self, x):
        h = F.relu(self.norm(self.a(x)))
        return (self.b(h), self.head(h)) if self.training else self.b(h)


def halved(model, example):
    plan = pruning.plan(model, example, criterion="l1", target={"channels": 0.5}, scope="layer")
    pruned = pruning.apply(model, plan)
    pruning.verify(model, plan, pruned, example)
    return pruned


def test_auxiliary_heads_are_cut_along():
    model = WithHead()
    before = copy.deepcopy(model.state_dict())
    [group] = pruning.trace(model, pictures(1, 8))
    assert group.consumers == ("b", "head")
    pruned = halved(model, pictures(1, 8))
    assert pruned.head.in_features == 4
    main, aux = pruned.train()(pictures(2, 8))
    (main.sum() + aux.sum()).backward()
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_heads_that_need_larger_pictures_are_cut_along():
    pruned = halved(WithHungryHead(), pictures(1, 8)).train()
    assert pruned.head.in_channels == 4
    pruned(pictures(2, 16))


@pytest.mark.filterwarnings("ignore:the target of")
def test_googlenet_with_auxiliary_classifiers_trains_afterwards():
    model = googlenet(weights=None, init_weights=False, aux_logits=True, num_classes=10).eval()
    pruned = halved(model, pictures(1, 64)).train()
    answers = pruned(pictures(2, 64))
    sum(F.cross_entropy(answer, torch.tensor([0, 1])) for answer in answers).backward()
    assert all(p.grad is not None for p in pruned.parameters())


def test_state_of_a_version_is_loaded(tmp_path):
    model = mnasnet0_5(weights=None, num_classes=4).eval()
    pruned = halved(model, pictures(1, 32))
    pruning.save(pruned, tmp_path / "net.safetensors")
    loaded = pruning.load(tmp_path / "net.safetensors", like=model)
    with torch.no_grad():
        torch.testing.assert_close(loaded(pictures(1)), pruned(pictures(1)))


def test_parameters_outside_layers_are_loaded_at_their_size(tmp_path):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.scale = conv(3, 8), conv(8, 2), nn.Parameter(torch.rand(8, 1, 1))

        def forward(self, x):
            return self.b(self.a(x) * self.scale)

    model = Scaled()
    pruned = halved(model, pictures(1, 8))
    pruning.save(pruned, tmp_path / "net.safetensors")
    loaded = pruning.load(tmp_path / "net.safetensors", like=model)
    assert loaded.scale.shape == (4, 1, 1)
    torch.testing.assert_close(loaded(pictures(1, 8)), pruned(pictures(1, 8)))
