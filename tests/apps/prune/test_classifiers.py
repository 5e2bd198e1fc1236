"""`artnet prune` on a classifier with a folder of classes: accuracy, fine-tuning, schedules, channel attention."""

import json
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from torch import nn

import pruning
from apps.cli import main
from apps.prune.networks import load_subject
from apps.prune.options import Pictures
from apps.prune.tasks import task_of
from pruning.attention import SqueezeExcitation
from pruning.zoo.data import batches

COLORS = {"blue": (40, 60, 200), "red": (200, 60, 40)}
SCHEDULES = ["hfp", "sfp", "asfp", "srfp", "asrfp", "ghfp", "pgmpf"]


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2),
    )  # fmt: skip


def gated():
    torch.manual_seed(0)
    layers = list(network())
    return nn.Sequential(*layers[:6], SqueezeExcitation(8, reduction=2), *layers[6:])


class TwoAnswers(nn.Module):
    """Answers twice while training, as GoogLeNet with its auxiliary classifiers does."""

    def __init__(self):
        super().__init__()
        self.net = network()

    def forward(self, x):
        answer = self.net(x)
        return (answer, answer) if self.training else answer


@pytest.fixture(scope="module")
def flowers(tmp_path_factory):
    """train/ and test/ with red and blue pictures of 24 x 24 pixels."""
    folder, rng = tmp_path_factory.mktemp("flowers"), np.random.default_rng(0)
    for part, count in {"train": 12, "test": 5}.items():
        for name, color in COLORS.items():
            (folder / part / name).mkdir(parents=True)
            for i in range(count):
                pixels = np.clip(rng.normal(color, 40, (24, 24, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / part / name / f"{i}.png")
    return folder


@pytest.fixture
def command(flowers, tmp_path):
    def build(*words, make="network"):
        start = ["prune", f"{__name__}:{make}", "--size", "16", "--data", str(flowers), "--pictures", "16"]
        return [*start, "--target", "macs=0.5", "--lr", "0.05", *words, "-o", str(tmp_path / "out")]

    return build


def results(tmp_path):
    out = tmp_path / "out"
    plan = pruning.Plan.load(out / "plan.json")
    return json.loads((out / "summary.json").read_text()), plan, out / "net.safetensors"


def test_accuracy_and_latency_without_training(command, tmp_path, capsys):
    dense = network()
    with torch.no_grad():  # by the colours alone, whatever the other layers do
        dense[-1].weight.zero_()
        dense[-1].bias.copy_(torch.tensor([1.0, 0.0]))
    save_file(dense.state_dict(), tmp_path / "net.safetensors")
    weights = ["--weights", str(tmp_path / "net.safetensors")]
    assert main(command("--criterion", "l1", *weights)) == 0
    summary, _, _ = results(tmp_path)
    assert summary["accuracy"] == {"before": 50.0, "after": 50.0}  # everything is blue
    assert summary["latency_ms_batch16"]["before"] > summary["latency_ms"]["before"] > 0
    assert set(summary) == {"macs", "params", "channels", "latency_ms", "latency_ms_batch16", "accuracy"}
    assert "accuracy" in capsys.readouterr().out


def test_warnings_are_single_lines(command, capsys):
    assert main(command("--criterion", "l1", "--round-to", "100")) == 0
    errors = capsys.readouterr().err
    assert re.search(r"^artnet: warning: the target is missed: macs can be brought to 1.000.*$", errors, re.MULTILINE)
    assert "UserWarning" not in errors


class Named(nn.Module):
    """Answers a dict."""

    def __init__(self):
        super().__init__()
        self.net = network()

    def forward(self, x):
        return {"scores": self.net(x)}


@pytest.mark.parametrize("folder", [".", "test"])
def test_networks_of_other_answers_are_refused(folder, command, flowers, capsys):
    words = command("--criterion", "taylor", make="Named")
    words[words.index("--data") + 1] = str(flowers / folder)
    assert main(words) == 2
    assert "the network answers dict, and with --data only a single tensor can be judged" in capsys.readouterr().err


@pytest.mark.parametrize("deeper", ["", "further"])
def test_results_below_a_file_are_refused_at_once(deeper, command, tmp_path, capsys):
    (tmp_path / "out").write_text("a file")
    words = command("--criterion", "l1")
    words[-1] = str(tmp_path / "out" / deeper)
    assert main(words) == 2
    assert "out is a file, and cannot be a folder for the results" in capsys.readouterr().err


def test_finetuning(command, tmp_path):
    assert main(command("--criterion", "l1-dependency", "--finetune", "0.04")) == 0
    summary, plan, file = results(tmp_path)
    assert summary["accuracy_finetuned"]["before"] == summary["accuracy"]["before"]
    assert summary["accuracy_finetuned"]["after"] == 100
    tuned, dense = pruning.load(file, like=network()), network()
    kept = plan.groups[0].kept
    assert tuned[0].weight.shape == dense[0].weight[kept].shape
    assert not torch.equal(tuned[0].weight, dense[0].weight[kept])


@pytest.mark.filterwarnings("ignore:the target of")
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name, command, tmp_path):
    assert main(command("--schedule", name, "--epochs", "2", "--batch", "6")) == 0
    summary, plan, file = results(tmp_path)
    assert plan.provenance == f"schedule {name}"
    assert summary["macs"]["after"] <= 0.5 * summary["macs"]["before"]
    pruned, dense = pruning.load(file, like=network()), network()
    assert pruned[0].out_channels == len(plan.groups[0].kept) < 8
    assert not torch.equal(pruned[0].weight, dense[0].weight[plan.groups[0].kept])  # trained


@pytest.mark.filterwarnings("ignore:the target of", "ignore:.*of the MACs are left")
@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["--schedule", "hfp"], [" 50% of the training: accuracy", "100% of the training: accuracy"]),
        (["--search", "dais"], ["epoch 1: ", "epoch 2: "]),
        (["--criterion", "l1", "--finetune", "0.02"], ["% of the training: accuracy"]),
    ],
)
def test_accuracy_is_said_on_the_way(words, lines, command, capsys):
    assert main(command(*words, "--epochs", "2", "--batch", "6")) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "on pictures held back" in line]
    assert len(told) <= 21
    for line in lines:
        assert any(line in some for some in told), told


def test_labels_of_the_folder_make_the_loss(flowers):
    subject = load_subject(f"{__name__}:network", size=16)
    task = task_of(subject, Pictures(data=flowers, pictures=24, batch=24))
    torch.manual_seed(3)  # of the crops
    [(x, y)] = batches(task.classes.train, 24, shuffle=True, seed=0)
    model = network().eval()
    F.cross_entropy(model(x), y).backward()
    torch.manual_seed(3)
    found = task.watch("taylor").gradients["3"].mean
    torch.testing.assert_close(found, model[3].weight.grad)


def test_a_schedule_learns(command, tmp_path):
    assert main(command("--schedule", "ghfp", "--epochs", "8", "--batch", "6")) == 0
    summary, _, _ = results(tmp_path)
    assert summary["accuracy"]["after"] == 100


@pytest.mark.filterwarnings("ignore:the criterion cannot score", "ignore:the target of")
def test_channel_attention(command, tmp_path):
    assert main(command("--criterion", "attention", "--max-per-layer", "0.9", make="gated")) == 0
    _, plan, _ = results(tmp_path)
    assert list(plan.removed) == ["3"]  # the only layer with a gate behind it


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--schedule", "slow"], "unknown schedule 'slow'; valid: hfp, sfp"),
        (["--schedule", "sfp", "--criterion", "l1"], "--criterion has no use with --schedule"),
        (["--schedule", "sfp", "--round-to", "8"], "--round-to has no use with --schedule"),
        (["--schedule", "sfp", "--target", "latency_ms=1"], "--schedule needs --target macs="),
        (["--schedule", "sfp", "--epochs", "0"], "--epochs must be above 0, got 0"),
        (["--finetune", "-1"], "--finetune must be above 0, got -1"),
        (["--finetune", "1", "--criterion", "l1", "--batch", "1"], "--batch must be at least 2 for training, got 1"),
        (["--criterion", "attention"], "the model has no channel gates"),
    ],
)
def test_wrong_combinations(words, message, command, capsys):
    assert main(command(*words)) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("artnet: error: ")
    assert message in error


def test_training_needs_classes_that_fit(command, flowers, tmp_path, capsys):
    plain = ["--data", str(flowers / "train" / "red")]
    for training in (["--finetune", "1"], ["--schedule", "sfp"]):
        assert main(command(*training, *plain)) == 2
        assert re.search(r"--data FOLDER with pictures in FOLDER/train/CLASS/", capsys.readouterr().err)
    assert main(["prune", "resnet18", "--size", "32", "--data", str(flowers), "-o", str(tmp_path / "out")]) == 2
    assert "has 2 classes, the network answers (1, 1000)" in capsys.readouterr().err
    assert main(["prune", "artnet", "--schedule", "sfp", "-o", str(tmp_path / "out")]) == 2
    assert "--schedule trains classifiers only" in capsys.readouterr().err


def test_divergence_is_one_line(command, capsys):
    assert main(command("--criterion", "l1", "--finetune", "0.1", "--lr", "1e30")) == 2
    assert "try a lower --lr" in capsys.readouterr().err


def test_auxiliary_answers_are_one_line(command, capsys):
    assert main(command("--criterion", "l1", "--finetune", "0.1", make="TwoAnswers")) == 2
    assert "aux_logits=False" in capsys.readouterr().err


def test_a_trained_network_is_saved_first_and_resumed(command, tmp_path, monkeypatch, capsys):
    words = ["--schedule", "hfp", "--epochs", "1", "--batch", "6"]

    def broken(*args, **options):
        raise ValueError("no verification today")

    with monkeypatch.context() as patch:
        patch.setattr(pruning, "verify", broken)
        assert main(command(*words)) == 2
    out = tmp_path / "out"
    assert {file.name for file in out.iterdir()} == {"trained.safetensors", "plan.json"}
    trained = pruning.load(out / "trained.safetensors", like=network())
    assert main(command(*words)) == 2
    assert "holds plan.json, trained.safetensors of an earlier run" in capsys.readouterr().err
    assert main(command(*words, "--resume")) == 0
    _, plan, file = results(tmp_path)
    pruned = pruning.load(file, like=network())
    torch.testing.assert_close(pruned[0].weight, trained[0].weight[plan.groups[0].kept])
    assert main(command("--criterion", "l1", "--overwrite")) == 0


def test_nothing_to_resume(command, capsys):
    assert main(command("--schedule", "hfp", "--resume")) == 2
    assert "holds no trained.safetensors of a training to resume" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:.*of the MACs are left")
def test_search(command, tmp_path):
    assert main(command("--search", "dais", "--epochs", "2", "--batch", "6")) == 0
    summary, plan, _ = results(tmp_path)
    assert plan.provenance == "search dais"
    assert summary["macs"]["after"] <= 0.5 * summary["macs"]["before"]


def normalised():
    """A layer whose channels cannot be removed, between others whose can."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.Softmax(1), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 2),
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:the target")
def test_what_cannot_be_pruned_is_listed(command, tmp_path, capsys):
    assert main(command("--criterion", "l1", make="normalised")) == 0
    assert "left whole: 0, it meets softmax over its channels" in capsys.readouterr().err
    assert set(results(tmp_path)[1].skipped) == {"0"}
    assert main(command("--criterion", "l1", "--overwrite", "--on-unsupported", "raise", make="normalised")) == 2
    assert "the channels of 0 cannot be pruned" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--criterion", "luck"], "unknown criterion 'luck'"),
        (["--schedule", "late"], "unknown schedule 'late'"),
        (["--search", "gold"], "unknown search 'gold'; valid: dais"),
        (["--normalise", "sum"], "normalise must be one of"),
    ],
)
def test_names_are_checked_before_anything_is_loaded(words, message, tmp_path, capsys):
    assert main(["prune", "no_such_package:net", *words, "--target", "macs=0.5", "-o", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err


def test_help_lists_every_name(capsys):
    with pytest.raises(SystemExit):
        main(["prune", "--help"])
    text = capsys.readouterr().out
    for name in [*pruning.criteria.names(), *SCHEDULES, "ghfp-asrfp", "dais"]:
        assert re.search(rf"^  {name} +\S", text, re.MULTILINE), name


def test_pickled_weights_are_refused(command, tmp_path, capsys):
    torch.save(network().state_dict(), tmp_path / "net.pth")
    assert main(command("--criterion", "l1", "--weights", str(tmp_path / "net.pth"))) == 2
    assert "is a pickled file" in capsys.readouterr().err
