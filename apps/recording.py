"""Recording what a network does on pictures, with a progress bar."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from apps.models import Subject

if TYPE_CHECKING:
    from torch import Tensor
    from tqdm import tqdm

    import pruning


def progress_bar(what: str, total: int | None = None) -> "tqdm":
    """A bar on stderr; none where that is no terminal."""
    from tqdm import tqdm

    return tqdm(total=total, disable=None, desc=what, unit="step")


def record(subject: Subject, batches: "Iterable[Tensor]", count: int) -> "pruning.Evidence":
    """Activations and gradients of the subject's loss over `count` batches."""
    import pruning

    with progress_bar("watching channels", count) as bar:
        return pruning.record(
            subject.model, subject.example(), batches, loss=subject.loss, progress=lambda done: bar.update(done - bar.n)
        )
