"""`artnet prune` on a tiny network with channels that were emptied."""

import json

import pytest
import torch
from tiny import tiny_config

import pruning
from apps.cli import main
from artnet.checkpoint import load_checkpoint, save_checkpoint
from artnet.network import ArtNet
from artnet.shrinking import painting_batches, record, shrink
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
