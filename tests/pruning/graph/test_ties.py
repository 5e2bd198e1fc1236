"""A tensor or layer of several names: it is cut once, counted once, and one thing afterwards, also from a file."""

import pytest
import torch
import torch.nn.functional as F
from pruning_nets import Net, conv, pictures
from torch import Tensor, nn

import pruning


class Language(nn.Module):
    """A table of words that is the weight of the last layer too."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.up, self.down = nn.Embedding(20, 8), nn.Linear(8, 24), nn.Linear(24, 8)
        self.head = nn.Linear(8, 20, bias=False)
        self.head.weight = self.words.weight

    def forward(self, x: Tensor) -> Tensor:
        h = self.words(x)
        return self.head(h + self.down(F.gelu(self.up(h))))


class Scaled(nn.Module):
    def __init__(self, scale: nn.Parameter) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


def scaled_twice() -> nn.Module:
    scale = nn.Parameter(torch.rand(8, 1, 1))
    return Net(lambda m, x: m.b(m.d(m.c(m.a(x)))), c=Scaled(scale), d=Scaled(scale))


def repeated(layer: nn.Module) -> nn.Module:
    return nn.Sequential(conv(3, 8), layer, nn.ReLU(), conv(8, 8), layer, nn.ReLU(), conv(8, 2))


CASES = {
    "words": (Language, torch.tensor([[1, 2, 3]])),
    "scale": (scaled_twice, pictures(2)),
    "convolution": (lambda: repeated(conv(8, 8)), pictures(2)),
    "normalisation": (lambda: repeated(nn.BatchNorm2d(8)), pictures(2)),
    "PReLU": (lambda: repeated(nn.PReLU(8)), pictures(2)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_has_two_names_is_cut_once_and_stays_one(name, tmp_path):
    torch.manual_seed(0)
    make, example = CASES[name]
    model = make().eval()
    plan = pruning.plan(model, example, criterion="l1", target={"channels": 0.5})
    pruned = pruning.apply(model, plan, example)
    pruning.verify(model, plan, pruned, example)
    assert sum(p.numel() for p in model.parameters()) == plan.before["params"]
    assert sum(p.numel() for p in pruned.parameters()) == plan.after["params"] < plan.before["params"]
    pruning.save(pruned, tmp_path / "net.safetensors")
    loaded = pruning.load(tmp_path / "net.safetensors", like=model)
    assert len(list(loaded.parameters())) == len(list(pruned.parameters())) == len(list(model.parameters()))
    assert torch.equal(loaded(example), pruned(example))


def test_words_and_head_are_one_parameter():
    torch.manual_seed(0)
    model, example = Language(), torch.tensor([[1, 2, 3]])
    plan = pruning.plan(model, example, criterion="l1", target={"channels": 0.5})
    assert plan.removed["down"]
    pruned = pruning.apply(model, plan, example)
    assert pruned.head.weight is pruned.words.weight
    assert pruned.head.weight.shape == (20, 8 - len(plan.removed["down"]))
