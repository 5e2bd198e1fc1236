"""What comes after the cut: batch normalisation, speed, export; and the planner's limits and warnings."""

import subprocess
import sys

import pytest
import torch
from pruning_nets import build, conv, pictures
from torch import nn
from torchvision.models import resnet18

import pruning


def halved(model, example, **options):
    plan = pruning.plan(model, example, criterion="l1", target={"macs": 0.5}, **options)
    return pruning.apply(model, plan)


def test_recalibration_is_the_average_over_batches():
    model = build("bn_chain", emptied=False).train()
    model.append(nn.Dropout())
    batches = pictures(6, 8).split(2)
    weights = [p.clone() for p in model.parameters()]
    pruning.recalibrate(model, batches)
    with torch.no_grad():
        maps = [model[0](batch).transpose(0, 1).flatten(1) for batch in batches]
    torch.testing.assert_close(model[1].running_mean, torch.stack([m.mean(1) for m in maps]).mean(0))
    torch.testing.assert_close(model[1].running_var, torch.stack([m.var(1) for m in maps]).mean(0))
    assert all(module.training for module in model.modules())
    assert model[1].momentum == 0.1
    assert all(torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True))


def test_recalibration_without_batches_changes_nothing():
    model = build("bn_chain")
    before = model[1].running_mean.clone()
    with pytest.raises(ValueError, match="batches is empty"):
        pruning.recalibrate(model, [])
    assert torch.equal(model[1].running_mean, before)
    with pytest.raises(ValueError, match="no batch normalisation"):
        pruning.recalibrate(build("chain"), [pictures(1)])


def test_latency_target_is_met_as_measured(monkeypatch):
    """With a clock that counts the parameters of what it is given: real ones differ from run to run."""
    count = lambda model, example: sum(p.numel() for p in model.parameters())  # noqa: E731
    monkeypatch.setattr("pruning.planning.planner.latency_ms", count)
    torch.manual_seed(0)
    model = nn.Sequential(conv(3, 96), nn.ReLU(), conv(96, 96), nn.ReLU(), conv(96, 2)).train()
    dense = sum(p.numel() for p in model.parameters())
    plan = pruning.plan(model, pictures(1, 48), criterion="l1", target={"latency_ms": 0.6 * dense})
    assert model.training
    assert plan.before["latency_ms"] == dense
    assert 0.5 * dense < plan.after["latency_ms"] <= 0.6 * dense
    kept = sum(p.numel() for p in pruning.apply(model, plan).parameters())
    assert kept == plan.after["latency_ms"]


def test_latency_is_measured():
    model = nn.Sequential(conv(3, 8), nn.ReLU()).train()
    assert pruning.latency_ms(model, pictures(1, 16), seconds=0.01) > 0
    assert model.training


def test_share_of_a_layer_that_may_go():
    model = build("chain", emptied=False)
    plan = pruning.plan(model, pictures(1), criterion="random", target={"channels": 0.5}, max_per_layer=0.6)
    assert {g.name: len(g.removed) for g in plan.groups} == {"0": 4, "3": 3}
    with pytest.raises(ValueError, match="channels can be brought to"):
        pruning.plan(model, pictures(1), criterion="random", target={"channels": 0.3}, max_per_layer=0.6)


@pytest.mark.parametrize("normalise", ["mean", "l2", "max", "none", "global"])
def test_normalisations_compare_groups(normalise):
    """One group's scores are ten times the other's; only 'none' and 'global' keep that."""
    model = build("chain", emptied=False)
    with torch.no_grad():
        for layer, size in ((model[0], 10.0), (model[3], 1.0)):
            layer.weight.fill_(size)
            layer.weight[: layer.out_channels // 2] = size / 2
    plan = pruning.plan(model, pictures(1), criterion="l1", target={"channels": 0.7}, normalise=normalise)
    lost = {g.name: len(g.removed) for g in plan.groups}
    assert lost == ({"0": 0, "3": 5} if normalise in ("none", "global") else {"0": 4, "3": 1})


def test_frozen_layers_that_lose_channels_are_named():
    model = build("chain")
    model[3].requires_grad_(False)
    with pytest.warns(UserWarning, match="3: frozen"):
        halved(model, pictures(1))
    model.requires_grad_(False)  # a network for inference, nothing to warn of
    halved(model, pictures(1))


def test_network_without_removable_channels_is_refused():
    with pytest.raises(ValueError, match="no channels that can be removed"):
        pruning.plan(nn.Sequential(conv(3, 2)), pictures(1), criterion="l1", target={"macs": 0.5})


def test_pruned_network_can_be_exported():
    torch.manual_seed(0)
    pruned, example = halved(resnet18(weights=None).eval(), pictures(1)), pictures(1)
    program = torch.export.export(pruned, (example,))
    torch.testing.assert_close(program.module()(example), pruned(example))


def test_pruned_network_goes_to_onnx(tmp_path):
    pytest.importorskip("onnxscript", reason="torch.onnx needs onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    model = halved(build("residual"), pictures(1))
    torch.onnx.export(model, (pictures(1),), tmp_path / "net.onnx", dynamo=True)
    session = runtime.InferenceSession(tmp_path / "net.onnx")
    [found] = session.run(None, {session.get_inputs()[0].name: pictures(1).numpy()})
    torch.testing.assert_close(torch.from_numpy(found), model(pictures(1)).detach(), rtol=1e-4, atol=1e-4)


MEMORY = """
import torch
from torchvision.models import resnet50
import pruning
torch.set_num_threads(1)
model, example = resnet50(weights=None), torch.zeros(1, 3, 224, 224)
plan = pruning.plan(model, example, criterion="l1-dependency", target={"macs": 0.5})
assert 0.48 < plan.after["macs"] / plan.before["macs"] <= 0.5
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
assert int(status["VmHWM"].split()[0]) < 2e6, "kilobytes; getrusage would count the parent's too"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_planning_resnet50_stays_under_2_gb():
    subprocess.run([sys.executable, "-c", MEMORY], check=True, capture_output=True)
