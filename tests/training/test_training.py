"""Data, losses and the trainer: known values, exact resume, and a run that learns."""

import csv
import random
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from safetensors.torch import save_file
from tiny import tiny_config

from apps.cli import main
from artnet.checkpoint import load_checkpoint
from artnet.encoder import fold_batchnorm
from artnet.network import ArtNet
from artnet.training import losses
from artnet.training.data import Batches, PictureFolder, source_of
from artnet.training.options import LossWeights, TrainOptions
from artnet.training.state import load_state
from artnet.training.trainer import COLUMNS, FULL_RATE_FAN_IN, Trainer, pair_up, scaled_groups


@pytest.fixture(scope="module")
def trunk(trunk_file):
    return losses.VGGTrunk(trunk_file)


def build(folders, trunk, folder, **options):
    torch.manual_seed(0)
    options = TrainOptions(**{"size": 64, "batch": 2, "bfloat16": False, "warmup": 2, "log_every": 2, **options})
    batches = Batches(*map(PictureFolder, folders), batch=options.batch, size=options.size, seed=options.seed)
    return Trainer(ArtNet(tiny_config()), trunk, batches, options, folder)


def test_trunk_taps(trunk):
    x = torch.rand(1, 3, 64, 64)
    taps = trunk(x)
    assert [t.shape[1] for t in taps] == [64, 128, 256, 512]
    assert [t.shape[2] for t in taps] == [64, 32, 16, 8]
    normal = (x - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(
        1, 3, 1, 1
    )
    torch.testing.assert_close(taps[0], F.relu(trunk.layers[0](normal)))
    assert not any(p.requires_grad for p in trunk.parameters())


def test_trunk_in_caffes_convention(trunk_file, tmp_path):
    from safetensors.torch import load_file

    save_file(load_file(trunk_file), tmp_path / "b.safetensors", metadata={"input": "BGR 0-255 minus the means"})
    trunk, x = losses.VGGTrunk(tmp_path / "b.safetensors"), torch.rand(1, 3, 64, 64)
    bgr = x[:, [2, 1, 0]] * 255 - torch.tensor([104.00699, 116.66877, 122.67892]).view(1, 3, 1, 1)
    torch.testing.assert_close(trunk(x)[0], F.relu(trunk.layers[0](bgr)), atol=1e-2, rtol=1e-4)


def test_trunk_with_a_missing_layer(tmp_path):
    save_file({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "v.safetensors")
    with pytest.raises(ValueError, match=r"features\.\S+ is missing"):
        losses.VGGTrunk(tmp_path / "v.safetensors")


def test_statistics_against_brute_force():
    x = torch.randn(2, 5, 6, 7)
    got = losses.statistics(x)
    torch.testing.assert_close(got.mean, x.mean((2, 3)))
    torch.testing.assert_close(got.std, (x.var((2, 3), correction=0) + 1e-5).sqrt(), atol=1e-5, rtol=1e-4)
    flat = x.flatten(2)
    torch.testing.assert_close(got.gram, torch.einsum("ncl,ndl->ncd", flat, flat) / 42)


def test_losses_are_zero_for_the_target_itself():
    maps = [torch.rand(2, c, 8, 8) for c in (4, 8, 16, 32)]
    stats = [losses.statistics(x) for x in maps]
    assert losses.moment_loss(stats, stats).item() == 0
    assert losses.gram_loss(stats, stats).item() < 1e-3
    assert losses.texture_loss(maps[2], maps[2]).item() == 0
    assert losses.content_loss(maps, maps).item() == pytest.approx(0, abs=1e-5)
    assert losses.perceptual_loss(maps, maps).item() == 0


def test_content_loss_ignores_moments_and_style_losses_ignore_places():
    maps = [torch.rand(1, c, 8, 8) for c in (4, 8, 16, 32)]
    moved = [x * 3 + 1 for x in maps]
    assert losses.content_loss(moved, maps).item() == pytest.approx(0, abs=1e-3)
    shuffled = [x.flatten(2)[..., torch.randperm(64)].view_as(x) for x in maps]
    a, b = ([losses.statistics(x) for x in side] for side in (shuffled, maps))
    assert losses.moment_loss(a, b).item() < 1e-6
    assert losses.texture_loss(shuffled[2], maps[2]).item() < 1e-5
    assert losses.content_loss(shuffled, maps).item() > 0.3


def test_variation_of_a_ramp():
    ramp = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 3, 4, 4)
    assert losses.variation_loss(ramp).item() == pytest.approx(1.0)
    assert losses.variation_loss(torch.ones(1, 3, 4, 4)).item() == 0


def test_sparsity_is_scale_free_and_lower_for_fewer_channels(tiny):
    meter = losses.SparsityMeter(tiny)
    with pytest.raises(ValueError, match="nothing was recorded"):
        meter.loss()
    from artnet.encoder import ConvReLU

    layer = ConvReLU(1, 4, 1)
    meter = losses.SparsityMeter(layer)

    def of(gains):
        layer.conv.weight.data = torch.tensor(gains).view(4, 1, 1, 1)
        with meter.watching():
            layer(torch.ones(1, 1, 2, 2))
        return meter.loss().item()

    assert of([1.0, 1.0, 1.0, 1.0]) == pytest.approx(1.0, abs=1e-3)
    assert of([7.0, 7.0, 7.0, 7.0]) == pytest.approx(1.0, abs=1e-3)
    assert of([1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.5, abs=1e-3)
    assert not layer._forward_hooks


def test_sources_are_drawn_evenly(tmp_path):
    for i in range(20):
        Image.new("RGB", (8, 8)).save(tmp_path / f"big__{i}.png")
    (tmp_path / "small").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "small" / "one.png")
    folder = PictureFolder(tmp_path)
    assert len(folder) == 21
    assert source_of(tmp_path / "small" / "one.png", tmp_path) == "small"
    assert source_of(tmp_path / "plain.png", tmp_path) == ""
    rng = random.Random(0)
    drawn = [p.parent.name for p in rng.choices(folder.paths, cum_weights=folder.cumulative, k=2000)]
    assert drawn.count("small") / 2000 == pytest.approx(1 / (1 + 20**0.5), abs=0.04)


def test_batches_are_a_function_of_the_step(picture_folders):
    photos, paintings = map(PictureFolder, picture_folders)
    batches = Batches(photos, paintings, batch=2, size=32, seed=5)
    for a, b in zip(batches.at(3), batches.at(3), strict=True):
        assert a.shape == (2, 3, 32, 32)
        assert 0 <= a.min() <= a.max() <= 1
        assert torch.equal(a, b)
    assert not torch.equal(batches.at(3)[0], batches.at(4)[0])
    other = Batches(photos, paintings, batch=2, size=32, seed=5, rank=1)
    assert not torch.equal(batches.at(3)[0], other.at(3)[0])


def test_bad_pictures_are_passed_over_until_there_are_too_many(picture_folders, tmp_path):
    photos = picture_folders[0]
    (photos / "bad.jpg").write_bytes(b"not a picture")
    assert PictureFolder(photos).draw(8, 32, random.Random(0)).shape[0] == 8
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "bad.jpg").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match="20 unreadable pictures in a row"):
        PictureFolder(tmp_path / "broken").draw(1, 32, random.Random(0))


def test_pairing():
    assert pair_up(torch.tensor([1, 2, 3]), 2).tolist() == [1, 2, 3, 3, 1, 2]


def test_rate_warms_up_and_falls():
    options = TrainOptions(steps=100, warmup=10, learning_rate=1.0)
    rates = [options.rate(step, 0) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(rates[9], abs=0.05)
    assert rates[100] == pytest.approx(0.01)
    assert TrainOptions(minutes=1).progress(0, 30) == 0.5
    assert TrainOptions.from_json(options.to_json()) == options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs a budget"),
        ({"steps": 1, "size": 32}, "at least 64 pixels"),
        ({"steps": 1, "batch": 1}, r"pairs \(2\) must not exceed"),
        ({"steps": 1, "swap_share": 2}, "swap_share must be between"),
        ({"steps": 1, "skip_dropout": -1}, "skip_dropout must be between"),
        ({"steps": 1, "learning_rate": -1}, "learning_rate must be positive"),
    ],
)
def test_option_errors(options, message):
    with pytest.raises(ValueError, match=message):
        TrainOptions(**options)


def test_a_run_learns_logs_and_leaves_a_network(picture_folders, trunk, tmp_path):
    trainer = build(picture_folders, trunk, tmp_path / "run", steps=16, learning_rate=3e-3)
    rows = []
    trainer.run(lambda counters, row: rows.append(row["total"]))
    assert len(rows) == 16
    assert sum(rows[-4:]) < sum(rows[:4])
    with (tmp_path / "run" / "log.csv").open() as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == ["step", "seconds", *COLUMNS]
    assert [int(row["step"]) for row in table] == list(range(2, 17, 2))
    network = load_checkpoint(tmp_path / "run" / "artnet.safetensors")
    assert network.config.levels == trainer.network.config.levels


def test_resume_is_exact(picture_folders, trunk, tmp_path):
    options = {"weights": LossWeights(sparsity=0.1)}
    whole = build(picture_folders, trunk, tmp_path / "whole", steps=6, **options)
    whole.run()

    class StopError(Exception):
        pass

    def stop_at_three(counters, row):
        if counters.step == 3:
            raise StopError

    first = build(picture_folders, trunk, tmp_path / "parts", steps=6, **options)
    with pytest.raises(StopError):
        first.run(stop_at_three)
    assert load_state(tmp_path / "parts" / "state.safetensors")[2].step == 3
    second = build(picture_folders, trunk, tmp_path / "parts", steps=6, **options)
    assert second.resume()
    second.run()
    for (name, a), b in zip(whole.network.state_dict().items(), second.network.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def test_skips_are_dropped_in_training_only(picture_folders, trunk, tmp_path):
    trainer = build(picture_folders, trunk, tmp_path, steps=1, skip_dropout=1.0)
    photos, paintings = trainer.batches.at(0)
    seen = []
    trainer.network.decoder.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    trainer.paint(photos, paintings, "adain", photos[:0])
    trainer.network.eval()
    trainer.paint(photos, paintings, "adain", photos[:0])
    assert [features["conv3"].detach().abs().max().item() > 0 for features in seen] == [False, True]
    assert all(features["inception3b"].abs().max() > 0 for features in seen)


def test_wide_layers_get_a_lower_rate():
    scales = {tuple(g["params"][0].shape): g["scale"] for g in scaled_groups(ArtNet())}
    assert scales[(64, 3, 7, 7)] == 1
    assert scales[(128, 480, 3, 3)] == pytest.approx(FULL_RATE_FAN_IN / 4320)
    assert scales[(128,)] == 1


def test_not_finite_stops_without_harm(picture_folders, trunk, tmp_path):
    trainer = build(picture_folders, trunk, tmp_path / "run", steps=4)
    with torch.no_grad():
        trainer.network.decoder.output.bias.fill_(float("nan"))
    with pytest.raises(ValueError, match="not finite at step 0"):
        trainer.run()


def test_resume_needs_a_training_checkpoint(picture_folders, trunk, tmp_path):
    trainer = build(picture_folders, trunk, tmp_path, steps=2)
    assert not trainer.resume()
    save_file({"a": torch.zeros(1)}, tmp_path / "state.safetensors")
    with pytest.raises(ValueError, match="not a training checkpoint"):
        trainer.resume()


def test_command_end_to_end(picture_folders, trunk_file, tmp_path, capsys):
    photos, paintings = map(str, picture_folders)
    config = tmp_path / "config.json"
    config.write_text(tiny_config().to_json())
    command = ["train", photos, paintings, "-o", str(tmp_path / "run"), "--vgg", str(trunk_file)]
    command += ["--size", "64", "--batch", "2", "--config", str(config), "--device", "cpu", "--preview-every", "2"]
    assert main([*command, "--steps", "2"]) == 0
    assert (tmp_path / "run" / "preview-000002.png").exists()
    assert main([*command, "--steps", "2"]) == 2
    assert "already holds a run: give --resume" in capsys.readouterr().err
    assert main([*command, "--steps", "3", "--resume"]) == 0
    assert load_state(tmp_path / "run" / "state.safetensors")[2].step == 3
    tuned = ["train", photos, paintings, "-o", str(tmp_path / "b"), "--vgg", str(trunk_file), "--size", "64"]
    assert main([*tuned, "--batch", "2", "--steps", "1", "--init", str(tmp_path / "run" / "artnet.safetensors")]) == 0


def test_torchrun_trains_with_two_processes(picture_folders, trunk_file, tmp_path):
    photos, paintings = map(str, picture_folders)
    config = tmp_path / "config.json"
    config.write_text(tiny_config().to_json())
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "apps.cli"]
    command = ["train", photos, paintings, "-o", str(tmp_path / "run"), "--vgg", str(trunk_file), "--size", "64"]
    command += ["--batch", "2", "--config", str(config), "--device", "cpu", "--steps", "2"]
    run = subprocess.run([*launch, *command], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert load_state(tmp_path / "run" / "state.safetensors")[2].step == 2


def test_imagenet_backbone_starts_from_torchvisions_googlenet(picture_folders, trunk_file, tmp_path, monkeypatch):
    torch.manual_seed(0)
    downloaded = torchvision.models.googlenet(weights=None, init_weights=False, aux_logits=False)
    asked = []
    monkeypatch.setattr("torchvision.models.googlenet", lambda weights: asked.append(weights) or downloaded)
    photos, paintings = map(str, picture_folders)
    command = [
        "train",
        photos,
        paintings,
        "-o",
        str(tmp_path / "r"),
        "--vgg",
        str(trunk_file),
        "--backbone",
        "imagenet",
    ]
    assert main([*command, "--size", "64", "--batch", "2", "--steps", "0"]) == 0
    assert asked == [torchvision.models.GoogLeNet_Weights.IMAGENET1K_V1]
    weight = load_checkpoint(tmp_path / "r" / "artnet.safetensors").encoder.conv1.conv.weight
    folded = fold_batchnorm(downloaded.state_dict())["conv1.conv.weight"]
    torch.testing.assert_close(weight, folded, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--steps", "0", "--resume"], "nothing to resume"),
        ([], "needs a budget"),
        (["--steps", "1", "--init", "missing.safetensors"], "no weights at missing.safetensors"),
        (["--steps", "x"], "invalid int value: 'x'"),
    ],
)
def test_command_errors(change, message, picture_folders, trunk_file, tmp_path, capsys):
    photos, paintings = map(str, picture_folders)
    assert main(["train", photos, paintings, "-o", str(tmp_path / "r"), "--vgg", str(trunk_file), *change]) == 2
    assert message in capsys.readouterr().err


def test_command_with_an_empty_folder(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["train", str(tmp_path / "empty"), str(tmp_path), "-o", str(tmp_path / "r"), "--steps", "1"]) == 2
    assert "no pictures" in capsys.readouterr().err
