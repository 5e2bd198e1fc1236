"""Training a classifier on a folder of classes: plain SGD with a cosine rate, for `artnet prune`."""

import copy
import math
import sys
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

    import pruning
    from apps.prune.networks import Subject
    from pruning.schedules import SoftHardPruner
    from pruning.zoo.data import Batches, Splits

MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4
LEAST_PART = 0.05
"""Of a training, after which accuracy is said again."""
Spent = Callable[[int, int], float]
"""(steps done, steps of an epoch) -> how much of the training is over, the end from 1 on."""


def classes_of(folder: Path | None, subject: "Subject") -> "Splits | None":
    """The labelled pictures of a folder with train/CLASS/; None without such a folder.

    Raises:
        ValueError: as `pruning.zoo.data.image_folder`, or the network tells another number of classes apart.
    """
    import torch

    from apps.prune.networks import single_answer
    from pruning.modes import evaluating
    from pruning.zoo.data import image_folder

    if folder is None or not (folder / "train").is_dir():
        return None
    splits = image_folder(folder, subject.size)
    with evaluating(subject.model), torch.inference_mode():
        answer = single_answer(subject.model, subject.example())
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


def loss_of_labels(model: "nn.Module", batch: "tuple[Tensor, Tensor]") -> "Tensor":
    """Cross-entropy of the model's answers to (pictures, labels)."""
    import torch.nn.functional as F

    return F.cross_entropy(model(batch[0]), batch[1])


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
    end_epoch: Callable[[float], None] = lambda part: None,
) -> None:
    """Train in place on (picture, label) items.

    Args:
        pruner: acts on every step and at the end of every epoch.
        end_epoch: called after that, with the part of the training that is over.

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
        for part, x, y in _until_spent(loader, -(-count // batch), spent):
            if x is None or y is None:
                if pruner is not None:
                    pruner.end_epoch()
                end_epoch(part)
                continue
            optimizer.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * part)) / 2
            if len(x) > 1:  # batch normalisation cannot be trained on one
                bar.set_postfix(loss=f"{_step(model, optimizer, x, y):.3f}")
            bar.update(round(100 * part) - bar.n)
    model.eval()


def _until_spent(loader: "Batches", epoch: int, spent: Spent) -> "Iterator[tuple[float, Tensor | None, Tensor | None]]":
    """(part of the training that is over, pictures, labels), epoch after epoch; None at the end of each."""
    steps = 0
    while True:
        for x, y in loader:
            if (part := spent(steps, epoch)) >= 1:
                return
            steps += 1
            yield part, x, y
        yield min(1.0, spent(steps, epoch)), None, None


def telling(model: "nn.Module", data: "Dataset", batch: int) -> Callable[[float], None]:
    """An `end_epoch` of `fit` that says the accuracy on stderr, a terminal or not, at most some twenty times."""
    last = 0.0

    def tell(part: float) -> None:
        nonlocal last
        if part < 1 and part - last < LEAST_PART:
            return
        last = part
        say(f"{part:4.0%} of the training: accuracy {accuracy(model, data, batch)} on pictures held back")

    return tell


def say(line: str) -> None:
    """A line on stderr that leaves a bar as it is."""
    from tqdm import tqdm

    tqdm.write(line, file=sys.stderr)


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
    fit(
        model, splits.train, epochs(training.epochs), rate=rate, batch=batch, seed=seed, pruner=pruner,
        end_epoch=telling(model, splits.validation, batch),
    )  # fmt: skip
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

        def told(epoch: int, macs: float) -> None:
            right = accuracy(model, splits.validation, training.batch)
            say(f"epoch {epoch + 1}: {macs:.3f} of the macs, accuracy {right} on pictures held back")
            bar.update()

        plan = search(
            model, subject.example(), train, validation, loss=F.cross_entropy, optimizer=optimizer,
            epochs=training.epochs, progress=told, **options,
        )  # fmt: skip
    return model.eval(), plan


def _pairs(part: "Dataset", training: Training) -> "list[tuple[Tensor, Tensor]]":
    """Batches of (pictures, labels) without those of one picture, which batch normalisation cannot be trained on."""
    from pruning.zoo.data import batches

    loader = batches(part, training.batch, shuffle=True, seed=training.seed)
    return [(x, y) for x, y in loader if len(x) > 1]
