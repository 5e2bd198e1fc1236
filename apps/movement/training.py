"""Training one network, and leave-one-subject-out over a data set.

Nothing of a held-out subject is ever looked at before its prediction: the scale is fitted and the number of epochs is
fixed beforehand, or chosen on an inner split of the training subjects.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from apps.movement.cleaning import Cleaning, prepare
from apps.movement.clips import augment, cut_clips
from apps.movement.dataset import Example, labels_of
from apps.movement.explanation import ablation_drops
from apps.movement.network import MovementNet, NetworkConfig


@dataclass(frozen=True)
class TrainingOptions:
    """How networks are trained.

    Attributes:
        clip: frames of a clip.
        epochs: passes over the training clips, or the most of them with inner_split.
        inner_split: choose the epochs with one training subject of each class set aside, then train on all of them.
        batch, rate, decay: clips a step, largest learning rate (one cosine down to 0) and weight decay of AdamW.
        attention, posture: of the network (see `NetworkConfig`).
        cleaning: of the tracks.
    """

    clip: int = 100
    epochs: int = 20
    inner_split: bool = False
    batch: int = 32
    rate: float = 5e-3
    decay: float = 1e-2
    attention: bool = True
    posture: bool = False
    cleaning: Cleaning = field(default_factory=Cleaning)


@dataclass(frozen=True)
class ClipSet:
    """All clips of a data set.

    Attributes:
        clips: (B, J, D, T).
        labels: (B,) int64.
        owner: (B,) index of each clip's example.
        subjects: the subject of each example.
    """

    clips: Tensor
    labels: Tensor
    owner: np.ndarray
    subjects: tuple[str, ...]

    def of(self, subjects: Sequence[str], *, inside: bool = True) -> np.ndarray:
        """Indices of the clips whose subject is, or with inside=False is not, among the given ones."""
        chosen = np.array([(subject in subjects) == inside for subject in self.subjects])
        return np.flatnonzero(chosen[self.owner])


def make_clips(examples: Sequence[Example], options: TrainingOptions) -> ClipSet:
    """Clean and cut all recordings, once for all folds and seeds."""
    parts = [cut_clips(prepare(e.recording, options.cleaning), options.clip, e.recording.source) for e in examples]
    owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    labels = torch.from_numpy(labels_of(examples)[owner])
    return ClipSet(torch.cat(parts), labels, owner, tuple(e.subject for e in examples))


def train(clips: Tensor, labels: Tensor, seed: int, options: TrainingOptions) -> MovementNet:
    """Train one network, the rarer class weighted up.

    Args:
        clips: (B, J, D, T).
        labels: (B,) int64, both classes.
        seed: of the weights, the order and the augmentation; torch's own state stays as it is.
        options: how.

    Returns:
        The network in evaluation mode.
    """
    with torch.random.fork_rng(devices=[]):
        *_, network = epochs_of(clips, labels, seed, options)
    return network.eval()


def epochs_of(clips: Tensor, labels: Tensor, seed: int, options: TrainingOptions) -> Iterator[MovementNet]:
    """The network after each epoch; seeds torch."""
    torch.manual_seed(seed)
    joints, dimensions = clips.shape[1:3]
    config = NetworkConfig(joints, dimensions, attention=options.attention, posture=options.posture)
    network = MovementNet(config)
    network.fit_scale(clips)
    weights = len(labels) / (2 * torch.bincount(labels, minlength=2).clamp(min=1))
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=options.decay, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, options.epochs)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(options.epochs):
        network.train()
        order = torch.randperm(len(clips), generator=generator)
        for chosen in order.tensor_split(max(1, round(len(clips) / options.batch))):
            logits, _ = network(augment(clips[chosen], generator))
            loss = F.cross_entropy(logits, labels[chosen], weight=weights)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
        yield network


@torch.no_grad()
def probabilities(network: MovementNet, clips: Tensor) -> tuple[Tensor, Tensor]:
    """(B, J, D, T) -> probability of atypical (B,) and gates (B, J), in evaluation mode."""
    logits, gates = network.eval()(clips)
    return logits.softmax(1)[:, 1], gates


@dataclass(frozen=True)
class Validation:
    """What networks say of examples whose subject they never saw; S seeds, n examples.

    Attributes:
        scores: (S, n) probability of atypical, the mean over the example's clips.
        gates: (S, n, J) mean attention.
        drops: (S, n, J) fall of the true class's log-odds without one joint.
    """

    scores: np.ndarray
    gates: np.ndarray
    drops: np.ndarray


def cross_validate(
    data: ClipSet, seeds: Sequence[int], options: TrainingOptions, progress: Callable[[], object] | None = None
) -> Validation:
    """Leave one subject out, for every seed.

    Args:
        data: from `make_clips`.
        seeds: one whole cross-validation each.
        options: how each network is trained.
        progress: called after each network.
    """
    size = (len(seeds), len(data.subjects))
    scores, gates, drops = np.empty(size), *np.empty((2, *size, data.clips.shape[1]))
    for row, seed in enumerate(seeds):
        for subject in dict.fromkeys(data.subjects):
            network = train_on(data, data.of([subject], inside=False), seed, options)
            for example in [i for i, owner in enumerate(data.subjects) if owner == subject]:
                held = np.flatnonzero(data.owner == example)
                found, attention = probabilities(network, data.clips[held])
                scores[row, example], gates[row, example] = found.mean(), attention.mean(0)
                drops[row, example] = ablation_drops(network, data.clips[held], int(data.labels[held[0]]))
            if progress is not None:
                progress()
    return Validation(scores, gates, drops)


def train_on(data: ClipSet, inside: np.ndarray, seed: int, options: TrainingOptions) -> MovementNet:
    """Train on some of the clips, with the epochs chosen on an inner split where the options say so."""
    if options.inner_split:
        epochs = choose_epochs(data, inside, seed, options)
        options = replace(options, epochs=epochs)
    return train(data.clips[inside], data.labels[inside], seed, options)


def choose_epochs(data: ClipSet, inside: np.ndarray, seed: int, options: TrainingOptions) -> int:
    """The epoch of the lowest loss on one subject of each class, set aside from the training clips by the seed."""
    draw = np.random.default_rng(seed)
    aside = []
    for label in (0, 1):
        owners = np.unique(data.owner[inside][data.labels[inside] == label])
        aside.append(data.subjects[draw.choice(owners)])
    fitted = np.intersect1d(inside, data.of(aside, inside=False))
    if len(data.labels[fitted].unique()) < 2:
        raise ValueError("the inner split leaves one class empty; it needs 3 subjects of each, else fix the epochs")
    test = np.intersect1d(inside, data.of(aside))
    losses = []
    with torch.random.fork_rng(devices=[]):
        for network in epochs_of(data.clips[fitted], data.labels[fitted], seed, options):
            with torch.no_grad():
                losses.append(F.cross_entropy(network.eval()(data.clips[test])[0], data.labels[test]).item())
    return int(np.argmin(losses)) + 1
