"""Training a classifier on a folder of classes: plain SGD with a cosine rate, for `artnet prune`."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.prune.calibration import progress_bar
from apps.prune.options import Training

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer
    from torch.utils.data import Dataset
    from tqdm import tqdm

    import pruning
    from apps.prune.networks import Subject
    from pruning.schedules import SoftHardPruner
    from pruning.zoo.data import Batches, Splits

MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4
Spent = Callable[[int, int], float]
"""(steps done, steps of an epoch) -> how much of the training is over, the end from 1 on."""


def classes_of(folder: Path | None, subject: "Subject") -> "Splits | None":
    """The labelled pictures of a folder with train/CLASS/; None without such a folder.

    Raises:
        ValueError: as `pruning.zoo.data.image_folder`, or the network tells another number of classes apart.
    """
    import torch

    from pruning.modes import evaluating
    from pruning.zoo.data import image_folder

    if folder is None or not (folder / "train").is_dir():
        return None
    splits = image_folder(folder, subject.size)
    with evaluating(subject.model), torch.inference_mode():
        answer = subject.model(subject.example())
    if answer.ndim != 2 or answer.shape[1] != splits.classes:
        raise ValueError(
            f"{folder / 'train'} has {splits.classes} classes, the network answers {tuple(answer.shape)}; build one "
            "with as many outputs (package.module:function), or give a folder of pictures without classes"
        )
    return splits


def accuracy(model: "nn.Module", data: "Dataset", batch: int) -> float:
    """Per cent of the pictures whose class is named, in evaluation mode."""
    import torch

    from pruning.modes import evaluating
    from pruning.zoo.data import batches

    with evaluating(model), torch.inference_mode():
        right = [model(x).argmax(1) == y for x, y in batches(data, batch)]
    return round(100 * float(torch.cat(right).float().mean()), 2)


def minutes(count: float) -> Spent:
    """Train for so long."""
    start = time.monotonic()
    return lambda steps, epoch: (time.monotonic() - start) / (60 * count)


def epochs(count: int) -> Spent:
    """Train for so many passes over the pictures."""
    return lambda steps, epoch: steps / (count * epoch)


def fit(
    model: "nn.Module",
    data: "Dataset",
    spent: Spent,
    *,
    rate: float,
    batch: int,
    seed: int = 0,
    pruner: "SoftHardPruner | None" = None,
) -> None:
    """Train in place on (picture, label) items; a pruner acts on every step and at the end of every epoch.

    Raises:
        ValueError: fewer than two pictures at once or in all, a network with more than one answer, or a loss that is no
            number any more.
    """
    import torch

    from pruning.zoo.data import batches

    count: int = len(data)  # type: ignore[arg-type]
    if batch < 2 or count < 2:
        raise ValueError(f"training needs two pictures at once, got {count} and batches of {batch}")
    optimizer = torch.optim.SGD(model.parameters(), rate, MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=True)
    if pruner is not None:
        pruner.attach(optimizer)
    torch.manual_seed(seed)  # of the crops
    model.train()
    loader = batches(data, batch, shuffle=True, seed=seed)
    with progress_bar("training", 100) as bar:
        for part, x, y in _until_spent(loader, -(-count // batch), spent, pruner.end_epoch if pruner else _nothing):
            optimizer.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * part)) / 2
            if len(x) > 1:  # batch normalisation cannot be trained on one
                bar.set_postfix(loss=f"{_step(model, optimizer, x, y):.3f}")
            bar.update(round(100 * part) - bar.n)
    model.eval()


def _until_spent(
    loader: "Batches", epoch: int, spent: Spent, end_epoch: Callable[[], None]
) -> "Iterator[tuple[float, Tensor, Tensor]]":
    """(part of the training that is over, pictures, labels), epoch after epoch."""
    steps = 0
    while True:
        for x, y in loader:
            if (part := spent(steps, epoch)) >= 1:
                return
            steps += 1
            yield part, x, y
        end_epoch()


def _step(model: "nn.Module", optimizer: "Optimizer", x: "Tensor", y: "Tensor") -> float:
    import torch
    import torch.nn.functional as F

    optimizer.zero_grad()
    answer = model(x)
    if not isinstance(answer, torch.Tensor):
        raise ValueError(
            f"while training the network answers {type(answer).__name__}, and only a single tensor can be trained "
            "here; build it without auxiliary classifiers (aux_logits=False)"
        )
    loss = F.cross_entropy(answer, y)
    if not loss.isfinite():
        raise ValueError(f"the training came apart: its loss is {loss.item()}; try a lower --lr")
    loss.backward()
    optimizer.step()
    return loss.item()


def _nothing() -> None:
    pass


def prune_while_training(
    subject: "Subject", splits: "Splits", training: Training, **options: Any
) -> "tuple[nn.Module, pruning.Plan]":
    """Train a copy of the network by a schedule of `pruning.schedules`; the trained copy, and the plan it ended with.

    Args:
        training: with a schedule.
        options: target, min_channels, keep and on_unsupported of `SoftHardPruner`.

    Raises:
        ValueError: as `SoftHardPruner` and `fit`.
    """
    from pruning.schedules import SoftHardPruner

    model, seed = copy.deepcopy(subject.model), training.seed
    assert training.schedule is not None
    pruner = SoftHardPruner(model, subject.example(), training.schedule, epochs=training.epochs, seed=seed, **options)
    rate, batch = training.lr, training.batch
    fit(model, splits.train, epochs(training.epochs), rate=rate, batch=batch, seed=seed, pruner=pruner)
    return model, pruner.finish()


def search_while_training(
    subject: "Subject", splits: "Splits", training: Training, **options: Any
) -> "tuple[nn.Module, pruning.Plan]":
    """Train a copy of the network by DAIS; the trained copy, and the plan it ended with.

    Args:
        training: with a search.
        options: target, keep and on_unsupported of `pruning.search.Dais`.

    Raises:
        ValueError: as `pruning.search.search`.
    """
    import torch
    import torch.nn.functional as F

    from pruning.search import search

    model = copy.deepcopy(subject.model)
    torch.manual_seed(training.seed)  # of the crops
    optimizer = torch.optim.SGD(model.parameters(), training.lr, MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=True)
    train, validation = (_pairs(part, training) for part in (splits.train, splits.validation))
    with progress_bar("searching", training.epochs) as bar:
        plan = search(
            model, subject.example(), train, validation, loss=F.cross_entropy, optimizer=optimizer,
            epochs=training.epochs, progress=lambda epoch, macs: _told(bar, macs), **options,
        )  # fmt: skip
    return model.eval(), plan


def _pairs(part: "Dataset", training: Training) -> "list[tuple[Tensor, Tensor]]":
    """Batches of (pictures, labels) without those of one picture, which batch normalisation cannot be trained on."""
    from pruning.zoo.data import batches

    loader = batches(part, training.batch, shuffle=True, seed=training.seed)
    return [(x, y) for x, y in loader if len(x) > 1]


def _told(bar: "tqdm", macs: float) -> None:
    bar.set_postfix(macs=f"{macs:.3f}")
    bar.update()
