"""Recording what a network does on pictures, with a progress bar."""

import argparse
from collections.abc import Iterable
from dataclasses import replace
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


def record(subject: Subject, batches: "Iterable[Tensor]", count: int) -> "pruning.Evidence":
    """Activations and gradients of the subject's loss over `count` batches."""
    import pruning

    with progress_bar("watching channels", count) as bar:
        return pruning.record(
            subject.model, subject.example(), batches, loss=subject.loss, progress=lambda done: bar.update(done - bar.n)
        )


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
        return gate_evidence(subject.model, subject.example(), chosen, progress=lambda seen: bar.update(seen - bar.n))


def record_painting(args: argparse.Namespace, subject: Subject, *, gradients: bool) -> "pruning.Evidence":
    """What an ArtNet does while it paints --content like --style; gradients of repainting the photos as they are."""
    import pruning
    from artnet.pruning import painting_batches
    from artnet.training.data import PictureFolder

    if args.pictures < 1 or not 64 <= subject.size <= 2048:
        raise ValueError("--pictures must be at least 1 and --size between 64 and 2048")
    folders = PictureFolder(args.content), PictureFolder(args.style)

    def batches() -> "Iterable[tuple[Tensor, Tensor]]":
        return painting_batches(*folders, pictures=args.pictures, size=subject.size, seed=args.seed)

    example = subject.example()[..., :64, :64]
    with progress_bar("watching channels", -(-args.pictures // 4) * (1 + gradients)) as bar:
        found = pruning.record(subject.model, example, batches(), progress=lambda _: bar.update())
        if not gradients:
            return found
        photos = (photo for photo, _ in batches())
        slopes = pruning.record(
            subject.model, example, photos, loss=subject.loss, progress=lambda _: bar.update()
        ).gradients
    return replace(found, gradients=slopes)
