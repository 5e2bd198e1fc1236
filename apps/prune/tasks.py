"""What `artnet prune` must know of a network beside its channels: how it is looked at, measured, trained and saved."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from apps.prune.networks import Subject
from apps.prune.options import Pictures, PruneOptions, Training

if TYPE_CHECKING:
    from torch import Tensor, nn

    import pruning
    from apps.prune.output_folder import Rows


class Task(Protocol):
    """What a kind of network is for."""

    @property
    def subject(self) -> Subject:
        """The dense network."""

    def check(self, training: Training) -> None:
        """Refuse a training that this network, or these pictures, cannot have.

        Raises:
            ValueError: saying what to do instead.
        """

    def watch(self, name: str) -> "pruning.Evidence | None":
        """What the criterion of this name needs of pictures; None where it judges by weights.

        Raises:
            ValueError: there are no pictures.
        """

    def teach(self, options: PruneOptions) -> "tuple[nn.Module, pruning.Plan]":
        """A copy of the network, trained by a schedule or search, and the plan that this ended with."""

    def proof(self) -> "Tensor":
        """What the removal is verified on."""

    def recalibrate(self, pruned: "nn.Module") -> None:
        """Adapt running statistics of the smaller network, in place, where there are any."""

    def measure(self, pruned: "nn.Module") -> "Rows":
        """Latency of both networks, and how good they are, where that can be said."""

    def save(self, pruned: "nn.Module", folder: Path) -> Path:
        """Write the smaller network; its file."""

    def finetune(self, pruned: "nn.Module", training: Training, folder: Path) -> "Rows":
        """Train the smaller network; how good it is then."""


def task_of(subject: Subject, watched: Pictures) -> Task:
    """The task of a network."""
    from apps.prune.artnet_task import ArtNetTask
    from apps.prune.classifier_task import ClassifierTask
    from apps.prune.classifier_training import classes_of
    from artnet.model.network import ArtNet

    if isinstance(subject.model, ArtNet):
        return ArtNetTask(subject, watched)
    return ClassifierTask(subject, watched, classes_of(watched.data, subject))
