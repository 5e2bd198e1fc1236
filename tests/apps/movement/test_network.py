"""The network keeps joints apart up to its attention; scores against known values; training, ablation, the file."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from apps.movement.explanation import ablation_drops, explain, faithfulness, removal_curve
from apps.movement.models import Ensemble, load_ensemble, save_ensemble
from apps.movement.network import MovementNet, NetworkConfig
from apps.movement.scores import baselines, fit_stump, rank_correlation, rates, summary, wilson
from apps.movement.skeletons import COMMON
from apps.movement.synthetic import PLANTED, make_subjects
from apps.movement.training import TrainingOptions, choose_epochs, cross_validate, make_clips, probabilities, train


@pytest.fixture(scope="module")
def data():
    return make_clips(make_subjects(6, 0, frames=120), TrainingOptions(clip=60))


@pytest.mark.parametrize("dimensions", [2, 3])
def test_one_channel_group_stays_one_joint(dimensions):
    torch.manual_seed(0)
    network = MovementNet(NetworkConfig(dimensions=dimensions)).eval()
    clips = torch.randn(2, 14, dimensions, 40)
    moved = clips.clone()
    moved[:, 5] += torch.randn(dimensions, 40)
    before, after = (network.stem(network.visible(x).flatten(1, 2)).unflatten(1, (14, -1)) for x in (clips, moved))
    assert (before != after).any((0, 2, 3)).nonzero().flatten().tolist() == [5]
    logits, gates = network(clips)
    assert logits.shape == (2, 2)
    assert gates.shape == (2, 14)
    assert (gates == 0.5).all()  # before training, so that no joint is ahead by chance
    logits[:, 0].sum().backward()
    assert network.stem[0].weight.grad.abs().sum() > 0
    assert network.attention.mlp[-1].weight.grad.abs().sum() > 0


def test_motion_only_and_posture():
    torch.manual_seed(0)
    clips = torch.randn(2, 14, 2, 40)
    for posture in (False, True):
        network = MovementNet(NetworkConfig(posture=posture)).eval()
        same = torch.allclose(network(clips)[0], network(clips + torch.randn(14, 2, 1))[0], atol=1e-5)
        assert same is not posture
    assert (MovementNet(NetworkConfig(attention=False))(clips)[1] == 1).all()


def test_wilson_and_rates():
    assert wilson(11, 12) == pytest.approx((0.646, 0.985), abs=5e-4)
    labels = np.array([0, 0, 0, 1])
    assert rates(np.array([0, 0, 1, 1]), labels) == {"accuracy": 0.75, "sensitivity": 1.0, "specificity": 2 / 3}
    found = summary(np.array([[0.1, 0.2, 0.3, 0.9], [0.9, 0.2, 0.1, 0.2]]), labels)
    assert found["accuracy_per_seed"] == [1.0, 0.5]
    assert found["mean"]["accuracy"] == 0.75
    assert found["sd"]["sensitivity"] == pytest.approx(np.std([1, 0], ddof=1))
    assert found["vote"]["correct"] == 4  # the mean probabilities are .5 (not above), .2, .2, .55


def test_rank_correlation_and_stump():
    assert rank_correlation(np.array([1, 2, 3, 4]), np.array([10, 20, 30, 99])) == pytest.approx(1)
    assert rank_correlation(np.array([1, 2, 2, 4]), np.array([4, 2, 2, 1])) == pytest.approx(-1)
    assert rank_correlation(np.ones(3), np.arange(3)) == 0
    assert fit_stump(np.array([1.0, 2, 8, 9]), np.array([0, 0, 1, 1])) == (5.0, 1)
    assert fit_stump(np.array([1.0, 2, 8, 9]), np.array([1, 1, 0, 0])) == (5.0, -1)
    found = baselines(make_subjects(6, 0, frames=30))
    assert found["majority"]["accuracy"] == 0.5


def test_training_repeats_and_leaves_torch_alone(data):
    options = TrainingOptions(clip=60, epochs=1)
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    first, again, other = (train(data.clips, data.labels, seed, options) for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not first.training
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    assert not torch.equal(first.stem[0].weight, other.stem[0].weight)


def test_nothing_of_the_held_out_subject_is_seen(data, monkeypatch):
    seen = []

    def watch(clips, labels, seed, options):
        seen.append(clips)
        return MovementNet(NetworkConfig()).eval()

    monkeypatch.setattr("apps.movement.training.train", watch)
    validation = cross_validate(data, [0], TrainingOptions(clip=60))
    assert validation.scores.shape == (1, 6)
    assert validation.gates.shape == validation.drops.shape == (1, 6, 14)
    for subject, clips in zip(data.subjects, seen, strict=True):
        for held in data.clips[data.of([subject])]:
            assert not (clips == held).all((1, 2, 3)).any()


def test_inner_split_sets_training_subjects_aside(data, monkeypatch):
    seen = []

    def watch(clips, labels, seed, options):
        for epoch in range(4):
            network = MovementNet(NetworkConfig())
            network.head[1].bias.data[:] = 100.0 * abs(epoch - 2)  # equal logits either way: all losses the same
            network.head[1].bias.data[0] += 5 * abs(epoch - 2)
            seen.append(len(clips))
            yield network

    monkeypatch.setattr("apps.movement.training.epochs_of", watch)
    inside = data.of(["s00"], inside=False)
    assert choose_epochs(data, inside, 0, TrainingOptions(clip=60)) == 3
    assert seen[0] == len(inside) - 2 * len(data.of(["s00"]))
    few = data.of(["s00", "s02"], inside=False)
    with pytest.raises(ValueError, match="inner split leaves one class empty"):
        choose_epochs(data, few, 0, TrainingOptions(clip=60))


def test_planted_joints_are_found():
    options = TrainingOptions(epochs=12)
    data = make_clips(make_subjects(16, 0, strength=0.1), options)
    held = ["s00", "s01", "s02", "s03"]
    network = train(data.clips[inside := data.of(held, inside=False)], data.labels[inside], 0, options)
    clips, labels = data.clips[data.of(held)], data.labels[data.of(held)]
    found, _ = probabilities(network, clips)
    assert ((found > 0.5) == (labels == 1)).float().mean() >= 0.9
    drops = ablation_drops(network, clips[labels == 1], 1)
    top = {COMMON.joints[j] for j in np.argsort(-drops)[:4]}
    assert len(top & set(PLANTED)) >= 3
    curve = removal_curve(network, clips[labels == 1], 1, np.argsort(-drops).tolist())
    assert len(curve) == 15
    assert curve[4] < curve[0] - 0.3


def test_faithfulness():
    drops = np.stack([np.arange(14.0), np.arange(14.0) + 0.1])
    found = faithfulness(drops / 20, drops)
    assert found["rank_correlation"] == pytest.approx(1)
    assert found["per_seed"] == pytest.approx([1, 1])
    assert found["seed_agreement"] == pytest.approx(1)
    low, high = found["random_gates"]["range"]
    assert -0.65 < low < -0.4 < 0.4 < high < 0.65
    assert abs(found["random_gates"]["mean"]) < 0.05
    assert faithfulness(drops[:1], drops[:1])["seed_agreement"] is None


def test_file_round_trip_and_explanation(data, tmp_path):
    torch.manual_seed(0)
    networks = tuple(MovementNet(NetworkConfig(posture=True)).eval() for _ in range(2))
    options = replace(TrainingOptions(), clip=60)
    save_ensemble(Ensemble(networks, options.clip, options.cleaning), tmp_path / "m.safetensors")
    loaded = load_ensemble(tmp_path / "m.safetensors")
    assert (loaded.clip, loaded.cleaning, loaded.networks[0].config) == (60, options.cleaning, networks[0].config)
    clips = data.clips[:3]
    for a, b in zip(networks, loaded.networks, strict=True):
        torch.testing.assert_close(a(clips), b(clips))
    explanation = explain(loaded.networks, clips)
    assert explanation.scores.shape == (2, 3)
    assert explanation.gates.shape == (2, 3, 14)
    ends = {name: (curve[0], curve[-1]) for name, curve in explanation.curves.items()}
    assert len({round(float(v), 5) for v, _ in ends.values()}) == 1  # all orders start and end alike
    assert len({round(float(v), 5) for _, v in ends.values()}) == 1
    for content, message in ((b"hello", "is not a file of artnet movement train"), (None, "is no file")):
        path = tmp_path / "bad.safetensors"
        path.unlink(missing_ok=True)
        if content:
            path.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            load_ensemble(path)
