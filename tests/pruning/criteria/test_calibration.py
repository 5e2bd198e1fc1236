"""Recorded statistics against brute force, and which layers are recorded at all."""

import pytest
import torch
import torch.nn.functional as F
from pruning_nets import build, pictures
from torch import nn
from torchvision.models import googlenet

import pruning
from pruning.graph import trace_network


def conv(into=3, out=4):
    return nn.Conv2d(into, out, 3, padding=1)


def test_known_values_of_functional_and_module_relus():
    model = nn.Sequential(conv(), nn.BatchNorm2d(4), nn.ReLU(inplace=True), conv(4, 5), nn.ReLU(), conv(5, 2)).eval()
    nn.init.normal_(model[1].bias)
    batches = pictures(5, 8).split(2)
    found = pruning.record(model, batches[0], batches).outputs
    with torch.no_grad():
        first = model[:3](pictures(5, 8))
        second = model[:5](pictures(5, 8))
    for statistics, brute in ((found["0"], first), (found["3"], second)):
        assert statistics.pictures == 5
        torch.testing.assert_close(statistics.maximum, brute.amax((0, 2, 3)))
        torch.testing.assert_close(statistics.mean, brute.mean((0, 2, 3)))
    assert list(found) == ["0", "3"]


def test_googlenet_matches_hooks_on_its_functional_relus(monkeypatch):
    torch.manual_seed(0)
    model = googlenet(weights=None, init_weights=False, aux_logits=False).eval()
    found = pruning.record(model, pictures(1, 64), [pictures(2, 64)]).outputs
    maxima, relu = [], F.relu

    def spy(x, inplace=False):
        maxima.append(relu(x).amax((0, 2, 3)))
        return relu(x, inplace=inplace)

    monkeypatch.setattr(F, "relu", spy)
    with torch.no_grad():
        model(pictures(2, 64))
    assert len(found) == len(maxima) == 57
    for statistics, brute in zip(found.values(), maxima, strict=True):
        torch.testing.assert_close(statistics.maximum, brute)


def test_linear_layers_count_features():
    model = build("flatten", emptied=False)
    found = pruning.record(model, pictures(1), [pictures(3)]).outputs["hidden"]
    seen = {}
    model.hidden.register_forward_hook(lambda m, a, out: seen.update(out=out.detach().clone().relu()))
    model(pictures(3))
    torch.testing.assert_close(found.maximum, seen["out"].amax(0))
    torch.testing.assert_close(found.mean, seen["out"].mean(0))


def test_progress_is_told_after_every_batch():
    seen = []
    pruning.record(build("chain"), pictures(1), pictures(5).split(2), progress=seen.append)
    assert seen == [1, 2, 3]


def test_not_a_number_is_not_empty():
    batch = pictures(2)
    batch[1, 0, 4, 4] = float("nan")
    found = pruning.record(build("chain"), pictures(1), [batch])
    assert found.outputs["0"].maximum.isnan().any()
    assert found.inputs["0"].entropy.isnan().tolist() == [True, False, False]


class Named(nn.Module):
    """Gives its layers their input by name."""

    def __init__(self):
        super().__init__()
        self.a, self.b = conv(), conv(4, 2)

    def forward(self, x):
        return self.b(input=F.relu(self.a(input=x)))


def test_inputs_may_be_given_by_name():
    torch.manual_seed(0)
    model = Named().eval()
    plain = nn.Sequential(model.a, nn.ReLU(), model.b)
    loss = lambda m, x: m(x).square().sum()  # noqa: E731
    named, positional = (pruning.record(m, pictures(1), pictures(4).split(2), loss=loss) for m in (model, plain))
    torch.testing.assert_close(named.outputs["a"].maximum, positional.outputs["0"].maximum)
    torch.testing.assert_close(named.inputs["b"].magnitude, positional.inputs["2"].magnitude)
    torch.testing.assert_close(named.gradients["b"].inputs, positional.gradients["2"].inputs)


class Path(nn.Module):
    def __init__(self, between):
        super().__init__()
        self.a, self.b, self.between, self.norm = conv(), conv(4, 2), between, nn.BatchNorm2d(4)

    def forward(self, x):
        return self.b(self.between(self, self.a(x)))


@pytest.mark.parametrize(
    ("between", "recorded"),
    [
        (lambda m, x: F.relu(x), True),
        (lambda m, x: F.interpolate(F.max_pool2d(F.relu(x), 2), scale_factor=2), True),
        (lambda m, x: F.relu(F.avg_pool2d(x, 3, 1, 1)), True),
        (lambda m, x: F.relu(x) * torch.sigmoid(x.mean((2, 3), keepdim=True)), False),
        (lambda m, x: x, False),
        (lambda m, x: F.leaky_relu(x), False),
        (lambda m, x: F.relu(x) + 1, False),
        (lambda m, x: F.relu(1 - x), False),
        (lambda m, x: F.relu(-x), False),
        (lambda m, x: F.relu(torch.add(x, x, alpha=-2)), False),
        (lambda m, x: m.norm(F.relu(x)), False),
        (lambda m, x: torch.sigmoid(F.relu(x)), False),
        (lambda m, x: F.relu(x) + x, False),
    ],
)
@pytest.mark.filterwarnings("ignore:the example never runs norm")
def test_only_layers_whose_zeros_stay_zeros_are_recorded(between, recorded):
    assert ("a" in trace_network(Path(between).eval(), pictures(1, 8)).observed) == recorded


def test_mode_statistics_and_gradients_stay():
    model = build("bn_chain").train()
    model[3].eval().requires_grad_(False)
    model[0].weight.grad = torch.ones_like(model[0].weight)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    pruning.record(model, pictures(1), [pictures(2)])
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert [p.requires_grad for p in model[3].parameters()] == [False, False]
    assert torch.equal(model[0].weight.grad, torch.ones_like(model[0].weight))
    assert not any(module._forward_hooks for module in model.modules())


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="a model that is not traced needs an example"):
        pruning.record(build("chain"), None, [pictures(1)])
    with pytest.raises(ValueError, match="the model does not run on the example"):
        pruning.record(build("chain"), pictures(1).byte(), [pictures(1)])
