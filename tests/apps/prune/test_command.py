"""`artnet prune` on a tiny network with channels that were emptied."""

import json
import re
from dataclasses import replace

import pytest
import torch
from helpers.tiny import tiny_config
from safetensors.torch import save_file
from torch import nn

import pruning
from apps.cli import main
from apps.prune.artnet_task import ArtNetTask
from apps.prune.networks import load_subject
from apps.prune.options import Pictures
from artnet.model.checkpoint import load_checkpoint, save_checkpoint
from artnet.model.network import ArtNet
from artnet.pruning import painting_batches, record, shrink
from artnet.training.data import PictureFolder

EMPTY = {"encoder.inception3a.branch2.1.conv": [0, 3], "encoder.conv3.conv": [5], "decoder.conv8.conv": [1, 2]}


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = ArtNet(tiny_config()).eval()
    for name, channels in EMPTY.items():
        layer = network.get_submodule(name)
        with torch.no_grad():
            layer.weight[channels] = 0
            layer.bias[channels] = -1
    return network


@pytest.fixture
def command(network, picture_folders, tmp_path):
    save_checkpoint(network, tmp_path / "dense.safetensors", half=False)
    photos, paintings = map(str, picture_folders)
    where = ["--content", photos, "--style", paintings, "-o", str(tmp_path / "out"), "--pictures", "4", "--size", "64"]
    return ["prune", str(tmp_path / "dense.safetensors"), *where]


def test_lossless_removal_of_empty_channels(network, picture_folders):
    folders = [PictureFolder(f) for f in picture_folders]
    statistics = record(network, painting_batches(*folders, pictures=6, size=64))
    pruned, plan = shrink(network, statistics)
    for name, channels in EMPTY.items():
        assert set(channels) <= set(plan.removed[name])
    photo, painting = next(painting_batches(*folders, pictures=1, size=64, seed=0))
    with torch.inference_mode():
        torch.testing.assert_close(pruned(photo, painting), network(photo, painting), atol=1e-4, rtol=1e-4)
    assert plan.after["macs"] < plan.before["macs"]
    assert pruned.decoder.conv8.conv.out_channels == network.decoder.conv8.conv.out_channels - len(
        plan.removed["decoder.conv8.conv"]
    )


def test_command_writes_plan_table_and_network(command, tmp_path, capsys):
    assert main(command) == 0
    assert "encoder.inception3b.branch1.conv" in capsys.readouterr().out
    out = tmp_path / "out"
    plan = pruning.Plan.load(out / "plan.json")
    assert plan.criterion == "zero"
    total = json.loads((out / "table.json").read_text())[-1]
    assert total["macs_after"] == plan.after["macs"] < total["macs_before"]
    pruned = load_checkpoint(out / "artnet.safetensors")
    assert sum(p.numel() for p in pruned.parameters()) == plan.after["params"]


def test_target(command, tmp_path):
    assert main([*command, "--target", "macs=0.5"]) == 0
    plan = pruning.Plan.load(tmp_path / "out" / "plan.json")
    assert plan.after["macs"] / plan.before["macs"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.filterwarnings("ignore:the target of", "ignore:the criterion cannot score")
def test_every_criterion_works_on_artnet(network, picture_folders):
    photos, paintings = picture_folders
    subject = replace(load_subject("artnet"), model=network, size=64)
    task = ArtNetTask(subject, Pictures(content=photos, style=paintings, pictures=2))
    statistics = task.record(gradients=True)
    example = torch.rand(1, 3, 64, 64)
    for name in sorted({*pruning.criteria.names()} - {"attention"}):  # an ArtNet has no gates
        plan = pruning.plan(network, example, criterion=name, statistics=statistics, target={"macs": 0.5})
        assert plan.after["macs"] <= 0.5 * plan.before["macs"], name
        assert pruning.verify(network, plan, pruning.apply(network, plan), example) < 1e-6, name


def own_network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(8, 4),
    )  # fmt: skip


def failing_network():
    return 1 / 0


def test_anybodys_network_with_weights_of_a_file(picture_folders, tmp_path, capsys):
    dense = own_network()
    with torch.no_grad():
        dense[0].weight.mul_(2)
    save_file(dense.state_dict(), tmp_path / "net.safetensors")
    command = ["prune", f"{__name__}:own_network", "--weights", str(tmp_path / "net.safetensors"), "--size", "32"]
    command += ["--data", str(picture_folders[0]), "--pictures", "6", "--criterion", "taylor-activation"]
    assert main([*command, "--target", "channels=0.5", "-o", str(tmp_path / "out")]) == 0
    assert "latency_ms" in capsys.readouterr().out
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["channels"] == {"before": 16, "after": 8}
    pruned = pruning.load(tmp_path / "out" / "net.safetensors", like=own_network())
    plan = pruning.Plan.load(tmp_path / "out" / "plan.json")
    assert pruned[0].weight.shape[0] == 8 - len(plan.removed.get("0", []))
    torch.testing.assert_close(pruned[0].weight, dense[0].weight[plan.groups[0].kept])
    kept_mean = dense[1].running_mean[plan.groups[0].kept]
    assert not torch.equal(pruned[1].running_mean, kept_mean)  # recalibrated on the pictures


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["resnet"], "unknown model 'resnet'.*resnet18"),
        (["no_such_package:net"], "cannot be imported"),
        (["json:dumps"], "cannot be called without arguments"),
        ([f"{__name__}:failing_network"], "failing_network' fails: ZeroDivisionError: division by zero"),
        (["resnet18", "--weights", "none.safetensors"], "no weights at none"),
        (["resnet18"], "'zero' looks at pictures: give --data FOLDER, or .* as --criterion l1-dependency"),
        (["resnet18", "--criterion", "l1", "--finetune", "1"], "FOLDER/train/CLASS/"),
        (["artnet", "--criterion", "apoz"], "give --content and --style, or .* as --criterion l1-dependency"),
        (["resnet18", "--size", "3"], "--size must be between 16 and 2048"),
    ],
)
def test_errors_of_other_networks(words, message, tmp_path, capsys):
    assert main(["prune", *words, "--target", "macs=0.5", "-o", str(tmp_path)]) == 2
    assert re.search(message, capsys.readouterr().err)


def test_finetuning(command, trunk_file, tmp_path):
    assert main([*command, "--finetune", "0.02", "--vgg", str(trunk_file)]) == 0
    load_checkpoint(tmp_path / "out" / "finetuned" / "artnet.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--criterion", "luck"], "luck"),
        (["--target", "half"], "'half' is not like macs=0.5"),
        (["--target", "latency=0.5"], "macs"),
        (["--eps", "-1"], "eps"),
        (["--pictures", "0"], "--pictures must be at least 1"),
    ],
)
def test_errors(command, change, message, capsys):
    assert main([*command, *change]) == 2
    assert message in capsys.readouterr().err
