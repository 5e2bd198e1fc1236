"""Data, losses and the trainer: known values, exact resume, and a run that learns."""

import csv
import random
import struct
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
import torchvision
from helpers.interrupting import interrupt
from helpers.tiny import tiny_config
from PIL import Image
from safetensors.torch import save_file

from apps.cli import main
from artnet.model import drafts
from artnet.model.checkpoint import load_checkpoint
from artnet.model.encoder import fold_batchnorm
from artnet.model.network import ArtNet
from artnet.training import losses
from artnet.training.checkpoint import load_state
from artnet.training.data import Batches, PictureFolder, source_of
from artnet.training.options import LossWeights, TrainOptions
from artnet.training.trainer import COLUMNS, FULL_RATE_FAN_IN, Trainer, pair_up, scaled_groups

SMALL = ["--size", "64", "--scales", "1"]


@pytest.fixture(scope="module")
def trunk(trunk_file):
    return losses.VGGTrunk(trunk_file)


def build(folders, trunk, folder, passes=1, teacher=None, **options):
    torch.manual_seed(0)
    small = {"size": 64, "scales": 1, "batch": 2, "bfloat16": False, "warmup": 2, "log_every": 2}
    options = TrainOptions(**small | options)
    batches = Batches(*map(PictureFolder, folders), batch=options.batch, size=options.size, seed=options.seed)
    return Trainer(ArtNet(tiny_config(passes=passes)), trunk, batches, options, folder, teacher=teacher)


@pytest.mark.parametrize(
    ("asked", "multiplied", "used"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_bfloat16_where_it_is_multiplied(asked, multiplied, used, picture_folders, trunk, tmp_path, monkeypatch):
    dtype = torch.bfloat16 if multiplied else torch.float32
    monkeypatch.setattr("artnet.training.trainer.pick_dtype", lambda device: (dtype, "as said"))
    trainer = build(picture_folders, trunk, tmp_path / "run", steps=1, bfloat16=asked)
    with trainer.autocast():
        assert (torch.nn.Conv2d(3, 4, 3)(torch.rand(1, 3, 8, 8)).dtype == torch.bfloat16) == used


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
    maps[2] = torch.rand(2, 16, 16, 16)  # a layer is half as large as the one before it
    assert losses.cross_gram_loss(maps, maps).item() < 1e-3
    assert losses.relaxed_emd_loss(maps, maps).item() == pytest.approx(0, abs=1e-5)
    assert losses.self_similarity_loss(maps, maps).item() == pytest.approx(0, abs=1e-5)


def test_content_loss_ignores_moments_and_style_losses_ignore_places():
    maps = [torch.rand(1, c, 8, 8) for c in (4, 8, 16, 32)]
    moved = [x * 3 + 1 for x in maps]
    assert losses.content_loss(moved, maps).item() == pytest.approx(0, abs=1e-3)
    shuffled = [x.flatten(2)[..., torch.randperm(64)].view_as(x) for x in maps]
    a, b = ([losses.statistics(x) for x in side] for side in (shuffled, maps))
    assert losses.moment_loss(a, b).item() < 1e-6
    assert losses.texture_loss(shuffled[2], maps[2]).item() < 1e-5
    assert losses.content_loss(shuffled, maps).item() > 0.3


def test_cross_gram_against_brute_force():
    fine, coarse = torch.randn(2, 3, 8, 6), torch.randn(2, 5, 4, 3)
    pooled = F.avg_pool2d(fine, 2)
    torch.testing.assert_close(losses.cross_gram(fine, coarse), torch.einsum("nchw,ndhw->ncd", pooled, coarse) / 12)


def one_hot_map(channels):
    """(1, 4, 1, L): position i has only the given channel."""
    return F.one_hot(torch.tensor(channels), 4).float().T[None, :, None]


def test_relaxed_emd_wants_all_of_the_style_and_nothing_else():
    style = one_hot_map([0, 1, 2, 3])
    distance = lambda channels: losses.relaxed_emd_loss([style] * 2 + [one_hot_map(channels)] * 2, [style] * 4).item()  # noqa: E731
    assert distance([3, 2, 1, 0]) == pytest.approx(0, abs=1e-5)
    # Centred at the style's mean, two different channels have the cosine -1/3: a distance of 4/3 for each one missing.
    assert distance([0, 0, 1, 2]) == pytest.approx(1 / 3, abs=1e-5)
    assert distance([0, 0, 0, 0]) == pytest.approx(1.0, abs=1e-5)


def test_steady_is_what_only_moves_along():
    painted, move = torch.rand(1, 3, 40, 48), (3, -5)
    along = painted.roll(move, (2, 3))
    assert losses.steady_loss(painted, along, move).item() == 0
    assert losses.steady_loss(painted, painted, move).item() > 0.1
    along[..., : losses.FARTHEST, :] = 0  # where the photo has come in from the other side
    assert losses.steady_loss(painted, along, move).item() == 0


def test_the_next_frame_is_moved_and_noisy():
    photo, move = torch.full((1, 3, 32, 32), 0.5), (2, 7)
    photo[..., 4, 4] = 1.0
    frame = losses.moved_and_noisy(photo, move)
    assert frame[0, 0].argmax().item() == 6 * 32 + 11
    assert (frame - photo.roll(move, (2, 3))).std().item() == pytest.approx(losses.NOISE, rel=0.2)
    for _ in range(50):
        assert all(abs(step) <= losses.FARTHEST for step in losses.draw_move())


def test_flat_positions_are_those_where_light_does_not_change():
    photo = torch.full((1, 3, 64, 64), 0.5)
    photo[:, :, :, 32:] = torch.rand(1, 1, 64, 32)
    columns = losses.flat_positions(photo, (16, 16)) % 16
    assert columns.shape == (1, int(losses.FLAT_SHARE * 256))
    assert columns.max() < 8


def test_flat_loss_sees_marks_only_where_the_photo_is_flat():
    photo = torch.full((1, 3, 64, 64), 0.5)
    photo[:, :, :, 32:] = torch.rand(1, 1, 64, 32)
    style = torch.randn(1, 8, 16, 16)
    flat, marked = style.mean((2, 3), keepdim=True).expand(-1, -1, 16, 16).clone(), style.clone()
    marked[:, :, :, 8:] = 0
    beside = flat.clone()
    beside[:, :, :, 10:] = style[:, :, :, 10:]
    losing = losses.flat_loss(flat, style, photo).item()
    assert losses.flat_loss(marked, style, photo).item() < losing / 2
    assert losses.flat_loss(beside, style, photo).item() > losing / 2


def test_tone_is_lost_where_light_and_dark_change_places_and_not_by_contrast_or_fine_detail():
    content = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    blocks = torch.nn.functional.avg_pool2d(content, losses.TONE_BLOCK)
    coarse = torch.nn.functional.interpolate(blocks, scale_factor=losses.TONE_BLOCK)
    assert losses.tone_loss(0.2 + 0.5 * coarse, content).item() == pytest.approx(0, abs=1e-5)
    assert losses.tone_loss(1 - content, content).item() == pytest.approx(2, abs=1e-5)
    assert losses.tone_loss(torch.full_like(content, 0.5), content).item() == pytest.approx(1, abs=1e-3)


def test_a_lattice_is_what_stands_in_the_same_place_of_every_block():
    block = torch.rand(1, 3, losses.LATTICE, losses.LATTICE, generator=torch.Generator().manual_seed(0))
    lattice = block.repeat(1, 1, 16, 16)
    noise = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    assert losses.lattice_loss(lattice).item() == pytest.approx(1, abs=1e-3)
    assert losses.lattice_loss(noise).item() == pytest.approx(1 / 16**2, rel=0.6)  # by chance, of so many blocks
    assert losses.lattice_loss(torch.full((1, 3, 64, 64), 0.4)).item() == pytest.approx(0, abs=1e-6)
    both = torch.cat([lattice, noise])
    assert losses.lattice_loss(both).item() == pytest.approx(0.5, abs=0.01)


def test_self_similarity_sees_layout_only():
    content = one_hot_map([0, 0, 1, 2])
    loss = lambda x: losses.self_similarity_loss([x] * 4, [content] * 4).item()  # noqa: E731
    assert loss(3 * one_hot_map([3, 3, 0, 1]) + 1) == pytest.approx(0, abs=1e-4)
    assert loss(one_hot_map([0, 1, 1, 2])) > 0.1


def test_at_most_so_many_positions_are_compared(monkeypatch):
    monkeypatch.setattr(losses, "POSITIONS", 5)
    x = torch.rand(2, 3, 4, 4)
    a, b = losses.sample_positions(x, x)
    assert a.shape == (2, 5, 3)
    assert torch.equal(a, b)


def test_variation_of_a_ramp():
    ramp = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 3, 4, 4)
    assert losses.variation_loss(ramp).item() == pytest.approx(1.0)
    assert losses.variation_loss(torch.ones(1, 3, 4, 4)).item() == 0


def test_sparsity_is_scale_free_and_lower_for_fewer_channels(tiny):
    meter = losses.SparsityMeter(tiny)
    with pytest.raises(ValueError, match="nothing was recorded"):
        meter.loss()
    from artnet.model.encoder import ConvReLU

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


def raise_next(errors):
    error = next(errors, None)
    if error:
        raise error


def test_crops_show_pictures_at_the_given_short_side(tmp_path):
    ramp = Image.linear_gradient("L").resize((512, 256)).convert("RGB")  # 256 levels from top to bottom
    ramp.save(tmp_path / "ramp.png")
    rng = random.Random(0)
    for short_side, low, high in ((256, 0.8 / 4, 1.2 / 4), (128, 0.8 / 2, 1.2 / 2), (64, 0.8, 1.0)):
        crops = PictureFolder(tmp_path).draw(20, 64, rng, short_side)
        shown = (crops[:, 0, -1, 0] - crops[:, 0, 0, 0]) / (1 - 1 / 64)
        assert low - 0.02 <= shown.min()
        assert shown.max() <= high + 0.02


def test_bad_pictures_are_passed_over_until_there_are_too_many(picture_folders, tmp_path):
    photos = picture_folders[0]
    (photos / "bad.jpg").write_bytes(b"not a picture")
    assert PictureFolder(photos).draw(8, 32, random.Random(0)).shape[0] == 8
    with pytest.MonkeyPatch.context() as patch:  # as decoders do on mutated files
        errors = iter([struct.error("unpack"), SyntaxError("broken"), TypeError("None"), MemoryError()])
        real = Image.Image.convert
        patch.setattr(Image.Image, "convert", lambda *args: raise_next(errors) or real(*args))
        assert PictureFolder(photos).draw(8, 32, random.Random(0)).shape[0] == 8
    assert next(errors, None) is None
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
        ({"steps": 1, "size": 32, "scales": 1}, "at least 64 pixels"),
        ({"steps": 1, "size": 64, "scales": 2}, "at least 128 pixels"),
        ({"steps": 1, "size": 160, "short_side": 128}, "short_side must be 0 or at least the crops' 160"),
        ({"steps": 1, "scales": 0}, "scales must be positive"),
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


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_inside_the_optimiser_loses_nothing(picture_folders, trunk, tmp_path):
    whole = build(picture_folders, trunk, tmp_path / "whole", steps=3)
    whole.run()
    first = build(picture_folders, trunk, tmp_path / "parts", steps=3)
    change = first.optimizer.step

    def stopped_half_way():
        if first.counters.step == 1:
            interrupt()  # before all weights are changed
        change()

    first.optimizer.step = stopped_half_way
    with pytest.raises(KeyboardInterrupt):
        first.run()
    second = build(picture_folders, trunk, tmp_path / "parts", steps=3)
    assert second.resume()
    assert second.counters.step == 2
    second.run()
    for (name, a), b in zip(whole.network.state_dict().items(), second.network.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


@pytest.mark.parametrize("content", [b"step,total\n\xff\xfe", b"step,total\nx,1\n", b"step\n" + b"9" * 5000])
def test_a_damaged_log_is_refused_by_name(content, picture_folders, trunk, tmp_path):
    (tmp_path / "log.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"log\.csv is not a log of training"):
        build(picture_folders, trunk, tmp_path, steps=1).run()
    assert (tmp_path / "log.csv").read_bytes() == content


def test_an_empty_log_is_gone_on_with(picture_folders, trunk, tmp_path):
    (tmp_path / "log.csv").touch()
    build(picture_folders, trunk, tmp_path, steps=2).run()
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["step", "2"]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_skips_are_dropped(share, picture_folders, trunk, tmp_path):
    trainer = build(picture_folders, trunk, tmp_path, steps=1, skip_dropout=share, weights=LossWeights(steady=1.0))
    photos, paintings = trainer.batches.at(0)
    seen = []
    trainer.network.decoder.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    trainer.terms(photos, paintings, "adain", photos[:0])
    # Both paintings that are compared are made from the same levels.
    assert [features["conv3"].detach().abs().max().item() > 0 for features in seen] == [share == 0] * 2
    assert all(features["inception3b"].abs().max() > 0 for features in seen)


def test_drafts_are_painted_again_at_full_size(picture_folders, trunk, tmp_path):
    trainer = build(picture_folders, trunk, tmp_path, passes=2, steps=1)
    trainer.network.eval()
    trainer.ground = []
    photos, paintings = trainer.batches.at(0)
    painted = trainer.paint(trainer.network, photos, paintings, "s2", photos[:1])
    assert len(painted) == 5  # two photos in two manners each, and one rebuilt
    network, pair = trainer.network, (photos[1:], paintings[:1])  # the second pairing is the photos and the other style
    torch.testing.assert_close(painted[3:4], network(*pair), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(painted[4:], network(photos[:1]), rtol=1e-3, atol=1e-4)


def contents_seen(trainer):
    """What the encoder of a network of one pass sees in one step: batches of photos, paintings and rebuilt pictures."""
    seen = []
    trainer.network.encoder.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    photos, paintings = trainer.batches.at(0)
    trainer.terms(photos, paintings, "adain", photos[:1])
    return photos, paintings, seen


def test_photos_are_made_clear_and_lie_on_a_ground(picture_folders, trunk, tmp_path):
    trainer = build(picture_folders, trunk, tmp_path, steps=1)
    photos, paintings, (seen,) = contents_seen(trainer)
    change = 255 * (seen - torch.cat([drafts.clarified(photos), paintings, photos[:1]]))
    assert 4 < change[:2].std() < 12
    assert not torch.equal(change[0], change[1])
    assert not change[2:].any()


def test_the_ground_moves_with_a_photo(picture_folders, trunk, tmp_path, monkeypatch):
    monkeypatch.setattr(losses, "draw_move", lambda: (3, -2))
    monkeypatch.setattr(losses, "NOISE", 0.0)
    trainer = build(picture_folders, trunk, tmp_path, steps=1, weights=LossWeights(steady=1.0))
    photos, _, (frames, moved) = contents_seen(trainer)
    count = len(photos)
    torch.testing.assert_close(moved[:count, :, 3:, :-2], frames[:count, :, :-3, 2:])


@pytest.mark.parametrize(("passes", "taught_in"), [(1, 1), (2, 2), (1, 2)])
def test_distillation_is_the_distance_from_what_the_teacher_paints(passes, taught_in, picture_folders, trunk, tmp_path):
    torch.manual_seed(1)
    teacher, weights = ArtNet(tiny_config(passes=taught_in)), LossWeights(distillation=1.0)
    trainer = build(picture_folders, trunk, tmp_path, passes, teacher, steps=1, weights=weights, skip_dropout=0.0)
    photos, paintings = trainer.batches.at(0)

    def distance():
        torch.manual_seed(3)
        return trainer.terms(photos, paintings, "s2", photos[:1])["distillation"].item()

    assert distance() > 1e-3
    if passes == taught_in:
        trainer.network.load_state_dict(teacher.state_dict())
        assert distance() == pytest.approx(0, abs=1e-6)


def test_a_network_comes_nearer_to_its_teacher_which_stays_as_it_is(picture_folders, trunk, tmp_path):
    torch.manual_seed(1)
    teacher = ArtNet(tiny_config())
    before = {name: tensor.clone() for name, tensor in teacher.state_dict().items()}
    nothing = dict.fromkeys(("content", "style", "gram", "texture", "cross", "pixel", "perceptual", "variation"), 0.0)
    weights = LossWeights(**nothing, distillation=1.0)
    trainer = build(
        picture_folders, trunk, tmp_path / "run", teacher=teacher, steps=16, weights=weights, learning_rate=3e-3,
        skip_dropout=0.0,
    )  # fmt: skip
    distances = []
    trainer.run(lambda counters, row: distances.append(row["distillation"]))
    assert sum(distances[-4:]) < 0.9 * sum(distances[:4])
    assert all(torch.equal(tensor, before[name]) for name, tensor in teacher.state_dict().items())


def test_without_skips_nothing_is_taught(picture_folders, trunk, tmp_path):
    weights = LossWeights(distillation=1.0)
    trainer = build(
        picture_folders, trunk, tmp_path, teacher=ArtNet(tiny_config()), steps=1, weights=weights, skip_dropout=1.0
    )
    photos, paintings = trainer.batches.at(0)
    assert "distillation" not in trainer.terms(photos, paintings, "s2", photos[:1])


def test_the_teachers_crops_must_fit_too(picture_folders, trunk, tmp_path):
    weights = LossWeights(distillation=1.0)
    with pytest.raises(ValueError, match="must be multiples of 16 pixels, got 72"):
        build(picture_folders, trunk, tmp_path, 1, ArtNet(tiny_config(passes=2)), steps=1, size=72, weights=weights)


def test_crops_must_fit_the_drafts(picture_folders, trunk, tmp_path):
    with pytest.raises(ValueError, match="must be multiples of 16 pixels, got 72"):
        build(picture_folders, trunk, tmp_path, passes=2, steps=1, size=72)


def test_wide_layers_get_a_lower_rate():
    scales = {tuple(g["params"][0].shape): g["scale"] for g in scaled_groups(ArtNet())}
    assert scales[(64, 3, 7, 7)] == 1
    assert scales[(128, 480, 3, 3)] == pytest.approx(FULL_RATE_FAN_IN / 4320)
    assert scales[(128,)] == 1


def test_every_size_has_a_share_in_every_term(picture_folders, trunk, tmp_path):
    weights = LossWeights(emd=1.0, similarity=1.0, tone=1.0, flat=1.0, lattice=1.0, steady=1.0, distillation=1.0)
    options = {"steps": 1, "size": 128, "scales": 2, "weights": weights, "skip_dropout": 0.0}
    trainer = build(picture_folders, trunk, tmp_path, teacher=ArtNet(tiny_config()), **options)
    photos, paintings = trainer.batches.at(0)
    seen = []
    trainer.compare = lambda *pictures: seen.append(pictures) or Trainer.compare(trainer, *pictures)
    torch.manual_seed(3)
    terms = trainer.terms(photos, paintings, "s2", photos[:1])
    assert set(terms) == set(COLUMNS) - {"total", "sparsity"}
    assert [x[0].shape[2] for x in seen] == [128, 64]
    for small, large in zip(seen[1], seen[0], strict=True):
        torch.testing.assert_close(small, F.avg_pool2d(large, 2))
    for name in ("style", "pixel"):
        each = [Trainer.compare(trainer, *pictures)[name] for pictures in seen]
        torch.testing.assert_close(terms[name], torch.stack(each).mean())


def test_a_run_that_is_not_finite_stops_without_harm(picture_folders, trunk, tmp_path):
    folder = tmp_path / "run"
    build(picture_folders, trunk, folder, steps=2).run()
    good = (folder / "state.safetensors").read_bytes()
    trainer = build(picture_folders, trunk, folder, steps=40)
    assert trainer.resume()
    with torch.no_grad():
        trainer.network.decoder.output.bias.fill_(float("nan"))
    with pytest.raises(ValueError, match=r"not finite in 10 steps.*/state.safetensors is from before: go on from it"):
        trainer.run()
    assert (folder / "state.safetensors").read_bytes() == good
    unsaved = build(picture_folders, trunk, tmp_path / "new", steps=40)
    unsaved.network.load_state_dict(trainer.network.state_dict())
    with pytest.raises(ValueError, match="no checkpoint was written yet"):
        unsaved.run()


def test_a_step_that_is_not_finite_is_passed_over(picture_folders, trunk, tmp_path, monkeypatch):
    trainer = build(picture_folders, trunk, tmp_path / "run", steps=3)
    real, calls = Trainer.terms, []

    def terms(self, *args):
        calls.append({name: value.clone() for name, value in self.network.state_dict().items()})
        return {name: value * float("nan") if len(calls) == 2 else value for name, value in real(self, *args).items()}

    monkeypatch.setattr(Trainer, "terms", terms)
    trainer.run()
    assert trainer.counters.step == 3
    name = "decoder.output.weight"
    assert not torch.equal(calls[0][name], calls[1][name])
    assert torch.equal(calls[1][name], calls[2][name])


def test_an_exploded_network_does_not_replace_the_last_checkpoint(picture_folders, trunk, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    trainer = build(picture_folders, trunk, folder, steps=60, checkpoint_minutes=0)
    monkeypatch.setattr("artnet.training.trainer.JUDGED_STEPS", 5)
    sizes = iter([1.0] * 10 + [8.0] * 50)
    monkeypatch.setattr(trainer, "step", lambda *_: advance(trainer, next(sizes)))
    with pytest.raises(ValueError, match=r"the loss grew from 1 to 8 up to step 15.*go on from it with --resume"):
        trainer.run()
    assert load_state(folder / "state.safetensors")[2].step < 15


def advance(trainer, total):
    trainer.counters.step += 1
    return dict.fromkeys(COLUMNS, total)


def test_an_interrupted_run_is_saved(picture_folders, trunk, tmp_path):
    trainer = build(picture_folders, trunk, tmp_path / "run", steps=9)

    def interrupt(counters, row):
        if counters.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer.run(interrupt)
    assert load_state(tmp_path / "run" / "state.safetensors")[2].step == 2


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
    command += [*SMALL, "--batch", "2", "--config", str(config), "--device", "cpu", "--preview-every", "2"]
    assert main([*command, "--steps", "2"]) == 0
    assert (tmp_path / "run" / "preview-000002.png").exists()
    assert main([*command, "--steps", "2"]) == 2
    assert "already holds a run: give --resume" in capsys.readouterr().err
    assert main([*command, "--steps", "3", "--resume"]) == 0
    assert load_state(tmp_path / "run" / "state.safetensors")[2].step == 3
    tuned = ["train", photos, paintings, "-o", str(tmp_path / "b"), "--vgg", str(trunk_file), *SMALL]
    assert main([*tuned, "--batch", "2", "--steps", "1", "--init", str(tmp_path / "run" / "artnet.safetensors")]) == 0
    assert main([*tuned, "--batch", "2", "--steps", "2", "--resume"]) == 0  # with the run's own network
    assert load_checkpoint(tmp_path / "b" / "artnet.safetensors").config == tiny_config()
    teaching = ["--teacher", str(tmp_path / "run" / "artnet.safetensors"), "--distillation-weight", "5"]
    command[command.index("-o") + 1] = str(tmp_path / "taught")
    assert main([*command, *teaching, "--skip-dropout", "0", "--log-every", "1", "--steps", "1"]) == 0
    assert main([*command, *teaching, "--skip-dropout", "0", "--log-every", "1", "--steps", "2", "--resume"]) == 0
    with (tmp_path / "taught" / "log.csv").open() as file:
        assert all(float(row["distillation"]) > 0 for row in csv.DictReader(file))


def test_torchrun_trains_with_two_processes(picture_folders, trunk_file, tmp_path):
    photos, paintings = map(str, picture_folders)
    config = tmp_path / "config.json"
    config.write_text(tiny_config().to_json())
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "apps.cli"]
    command = ["train", photos, paintings, "-o", str(tmp_path / "run"), "--vgg", str(trunk_file), *SMALL]
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
    assert main([*command, *SMALL, "--batch", "2", "--steps", "0"]) == 0
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
        (["--steps", "1", "--teacher", "artnet"], "give --teacher and --distillation-weight, or neither"),
        (["--steps", "1", "--distillation-weight", "1"], "give --teacher and --distillation-weight, or neither"),
        (["--steps", "1", "--teacher", "missing.safetensors"], "no weights at missing.safetensors"),
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
