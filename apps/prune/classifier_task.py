"""Pruning a classifier: it is watched on a folder of pictures, and trained and judged where that has classes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from apps.prune.calibration import record, record_gates
from apps.prune.classifier_training import (
    accuracy,
    fit,
    loss_of_labels,
    minutes,
    prune_while_training,
    search_while_training,
    telling,
)
from apps.prune.networks import Subject, picture_batches
from apps.prune.options import WITHOUT_PICTURES, Pictures, PruneOptions, Training

if TYPE_CHECKING:
    from torch import Tensor, nn

    import pruning
    from apps.prune.output_folder import Rows
    from pruning.zoo.data import Splits

MANY = 16
"""Pictures at once, besides one, for which latency is measured."""


@dataclass(frozen=True)
class ClassifierTask:
    """A classifier, and pictures for it, labelled where there are classes; see `apps.prune.tasks.Task`."""

    subject: Subject
    watched: Pictures
    classes: "Splits | None"

    def check(self, training: Training) -> None:
        if training.wanted and self.classes is None:
            raise ValueError(
                f"{training.wanted} trains a classifier: give --data FOLDER with pictures in FOLDER/train/CLASS/"
            )

    def watch(self, name: str) -> "pruning.Evidence | None":
        from pruning import criteria

        criterion, watched = criteria.get(name), self.watched
        if not criterion.needs and not criterion.uses:
            return None
        if watched.data is None:
            if criterion.needs:
                raise ValueError(f"criterion {name!r} looks at pictures: give --data FOLDER, {WITHOUT_PICTURES}")
            return None
        if "gates" in criterion.needs:
            return record_gates(self.subject, self._labelled(), watched.pictures)
        count = -(-watched.pictures // watched.batch)
        if self.classes is None:
            return record(self.subject, self._pictures(), count)
        return record(self.subject, self._labelled(), count, loss_of_labels)

    def _labelled(self) -> "Iterator[tuple[Tensor, Tensor]]":
        """Batches with labels, which are all 0 where there are no classes."""
        import torch

        from pruning.zoo.data import batches

        if self.classes is None:
            return ((x, torch.zeros(len(x), dtype=torch.long)) for x in self._pictures())
        watched = self.watched
        found = batches(self.classes.train, watched.batch, shuffle=True, seed=watched.seed)
        return islice(iter(found), -(-watched.pictures // watched.batch))

    def _pictures(self) -> "Iterator[Tensor]":
        """Batches of pictures to watch; of a folder with classes only those for training."""
        watched = self.watched
        assert watched.data is not None
        folder = watched.data / "train" if (watched.data / "train").is_dir() else watched.data
        return picture_batches(folder, self.subject, pictures=watched.pictures, batch=watched.batch, seed=watched.seed)

    def teach(self, options: PruneOptions) -> "tuple[nn.Module, pruning.Plan]":
        assert self.classes is not None  # which `check` saw to
        choosing = {name: getattr(options, name) for name in ("target", "keep", "on_unsupported")}
        if options.training.schedule is None:
            return search_while_training(self.subject, self.classes, options.training, **choosing)
        choosing["min_channels"] = options.min_channels
        return prune_while_training(self.subject, self.classes, options.training, **choosing)

    def proof(self) -> "Tensor":
        return self.subject.example()

    def recalibrate(self, pruned: "nn.Module") -> None:
        import pruning
        from pruning.surgery.recalibrate import norms_of

        if self.watched.data is not None and norms_of(pruned):
            pruning.recalibrate(pruned, self._pictures())

    def measure(self, pruned: "nn.Module") -> "Rows":
        """Latency at one picture and at many, and accuracy where there are classes."""
        import pruning

        pair, rows = (self.subject.model, pruned), {}
        for count in (1, MANY):
            before, after = pruning.latencies_ms(pair, self.subject.example().expand(count, -1, -1, -1))
            rows["latency_ms" if count == 1 else f"latency_ms_batch{count}"] = (round(before, 2), round(after, 2))
        if self.classes is not None:
            rows["accuracy"] = (self._accuracy(pair[0]), self._accuracy(pair[1]))
        return rows

    def _accuracy(self, model: "nn.Module") -> float:
        assert self.classes is not None
        return accuracy(model, self.classes.test, self.watched.batch)

    def save(self, pruned: "nn.Module", folder: Path) -> Path:
        import pruning

        pruning.save(pruned, folder / "net.safetensors")
        return folder / "net.safetensors"

    def finetune(self, pruned: "nn.Module", training: Training, folder: Path) -> "Rows":
        """Train the network in place, and save it again."""
        assert self.classes is not None  # which `check` saw to
        assert training.finetune is not None
        before = self._accuracy(self.subject.model)
        fit(
            pruned, self.classes.train, minutes(training.finetune),
            rate=training.lr, batch=training.batch, seed=training.seed,
            end_epoch=telling(pruned, self.classes.validation, training.batch),
        )  # fmt: skip
        self.save(pruned, folder)
        return {"accuracy_finetuned": (before, self._accuracy(pruned))}
