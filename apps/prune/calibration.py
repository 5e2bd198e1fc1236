"""Recording what a network does on pictures, with a progress bar."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from apps.prune.networks import Subject

if TYPE_CHECKING:
    from torch import Tensor, nn
    from tqdm import tqdm

    import pruning


def progress_bar(what: str, total: int | None = None) -> "tqdm":
    """A bar on stderr; none where that is no terminal."""
    from tqdm import tqdm

    return tqdm(total=total, disable=None, desc=what, unit="step")


def reach(bar: "tqdm") -> Callable[[int], None]:
    """What is told how many steps are done, and shows it."""

    def show(done: int) -> None:
        bar.update(done - bar.n)

    return show


def record(
    subject: Subject, batches: "Iterable[Any]", count: int, loss: "Callable[[nn.Module, Any], Tensor] | None" = None
) -> "pruning.Evidence":
    """Activations and gradients of a loss over `count` batches; None takes the subject's own, which needs no labels."""
    import pruning

    with progress_bar("watching channels", count) as bar:
        return pruning.record(subject.model, subject.example(), batches, loss=loss or subject.loss, progress=reach(bar))


def record_gates(subject: Subject, labelled: "Iterable[tuple[Tensor, Tensor]]", count: int) -> "pruning.Evidence":
    """The channel gates of a classifier over `count` pictures, each class the same."""
    from pruning.attention import gate_evidence

    with progress_bar("watching gates", count) as bar:
        return gate_evidence(subject.model, subject.example(), labelled, progress=reach(bar))
