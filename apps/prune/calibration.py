"""Recording what a network does on pictures, with a progress bar."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from apps.prune.networks import Subject

if TYPE_CHECKING:
    from torch import Tensor
    from tqdm import tqdm

    import pruning
    from pruning.zoo.data import Splits


def progress_bar(what: str, total: int | None = None) -> "tqdm":
    """A bar on stderr; none where that is no terminal."""
    from tqdm import tqdm

    return tqdm(total=total, disable=None, desc=what, unit="step")


def reach(bar: "tqdm") -> Callable[[int], None]:
    """What is told how many steps are done, and shows it."""

    def show(done: int) -> None:
        bar.update(done - bar.n)

    return show


def record(subject: Subject, batches: "Iterable[Tensor]", count: int) -> "pruning.Evidence":
    """Activations and gradients of the subject's loss over `count` batches."""
    import pruning

    with progress_bar("watching channels", count) as bar:
        return pruning.record(subject.model, subject.example(), batches, loss=subject.loss, progress=reach(bar))


def record_gates(
    subject: Subject, pictures: "Iterable[Tensor]", classes: "Splits | None", count: int, batch: int
) -> "pruning.Evidence":
    """The channel gates of a classifier over `count` pictures: labelled ones, each class the same, or any."""
    from itertools import islice

    import torch

    from pruning.attention import gate_evidence
    from pruning.zoo.data import batches

    labelled = ((x, torch.zeros(len(x), dtype=torch.long)) for x in pictures)
    chosen = islice(batches(classes.train, batch, shuffle=True), -(-count // batch)) if classes else labelled
    with progress_bar("watching gates", count) as bar:
        return gate_evidence(subject.model, subject.example(), chosen, progress=reach(bar))
