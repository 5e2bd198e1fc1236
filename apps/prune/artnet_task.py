"""Pruning an ArtNet: its channels are watched while it paints photos in the style of paintings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from apps.prune.calibration import progress_bar, reach
from apps.prune.networks import Subject
from apps.prune.options import WITHOUT_PICTURES, Pictures, PruneOptions, Training

if TYPE_CHECKING:
    from torch import Tensor, nn

    import pruning
    from apps.prune.output_folder import Rows
    from artnet.model.network import ArtNet
    from artnet.training.data import PictureFolder

PROOF_SIZE = 64
LEARNING_RATE = 3e-4
"""Of fine-tuning: below that of a training from scratch."""


@dataclass(frozen=True)
class ArtNetTask:
    """An ArtNet, and folders of photos and paintings; see `apps.prune.tasks.Task`."""

    subject: Subject
    watched: Pictures

    def check(self, training: Training) -> None:
        if training.taught:
            raise ValueError(f"{training.taught} trains classifiers only; --finetune trains a pruned ArtNet")
        if training.wanted and (self.watched.content is None or self.watched.style is None):
            raise ValueError("--finetune needs --content and --style")

    def watch(self, name: str) -> "pruning.Evidence | None":
        from pruning import criteria

        criterion = criteria.get(name)
        if not criterion.needs and not criterion.uses:
            return None
        if self.watched.content is None or self.watched.style is None:
            raise ValueError(f"criterion {name!r} looks at pictures: give --content and --style, {WITHOUT_PICTURES}")
        return self.record(gradients="gradients" in criterion.needs)

    def record(self, *, gradients: bool) -> "pruning.Evidence":
        """What the channels do while photos are painted like paintings; gradients of repainting photos as they are."""
        import pruning

        if self.watched.pictures < 1 or not 64 <= self.subject.size <= 2048:
            raise ValueError("--pictures must be at least 1 and --size between 64 and 2048")
        model, example = self.subject.model, self.subject.example()[..., :64, :64]
        with progress_bar("watching channels", -(-self.watched.pictures // 4)) as bar:
            found = pruning.record(model, example, self._batches(), progress=reach(bar))
        if not gradients:
            return found
        photos = (photo for photo, _ in self._batches())
        with progress_bar("watching gradients", -(-self.watched.pictures // 4)) as bar:
            slopes = pruning.record(model, example, photos, loss=self.subject.loss, progress=reach(bar)).gradients
        return replace(found, gradients=slopes)

    def _folders(self) -> "tuple[PictureFolder, PictureFolder]":
        """Photos and paintings.

        Raises:
            ValueError: one of them is not given.
        """
        from artnet.training.data import PictureFolder

        if self.watched.content is None or self.watched.style is None:
            raise ValueError("give --content and --style")
        return PictureFolder(self.watched.content), PictureFolder(self.watched.style)

    def _batches(self) -> "Iterator[tuple[Tensor, Tensor]]":
        from artnet.pruning import painting_batches

        watched = self.watched
        return painting_batches(*self._folders(), pictures=watched.pictures, size=self.subject.size, seed=watched.seed)

    def teach(self, options: PruneOptions) -> "tuple[nn.Module, pruning.Plan]":
        raise NotImplementedError("an ArtNet is not pruned while it is trained, which `check` says")

    def proof(self) -> "Tensor":
        import torch

        return torch.rand(1, 3, PROOF_SIZE, PROOF_SIZE, generator=torch.Generator().manual_seed(0))

    def recalibrate(self, pruned: "nn.Module") -> None:
        """Nothing: its normalisation is folded into its convolutions."""

    def measure(self, pruned: "nn.Module") -> "Rows":
        import pruning

        before, after = pruning.latencies_ms((self.subject.model, pruned), self.subject.example())
        return {"latency_ms": (round(before, 2), round(after, 2))}

    def save(self, pruned: "nn.Module", folder: Path) -> Path:
        from artnet.model.checkpoint import save_checkpoint

        save_checkpoint(cast("ArtNet", pruned), folder / "artnet.safetensors")
        return folder / "artnet.safetensors"

    def finetune(self, pruned: "nn.Module", training: Training, folder: Path) -> "Rows":
        """Train the network in folder/finetuned, as `artnet train --init` would."""
        import torch

        from apps.common.allocator import keep_freed_memory
        from artnet.engines.torch_engine import pick_device
        from artnet.pruning import rebuilt
        from artnet.training.data import Batches
        from artnet.training.losses import VGGTrunk
        from artnet.training.options import TrainOptions
        from artnet.training.trainer import Trainer

        keep_freed_memory()
        options = TrainOptions(learning_rate=LEARNING_RATE, minutes=training.finetune, seed=training.seed)
        torch.manual_seed(options.seed)
        batches = Batches(*self._folders(), batch=options.batch, size=options.size, seed=options.seed)
        network, trunk, device = rebuilt(pruned), VGGTrunk(training.vgg), pick_device("auto").type
        trainer = Trainer(network, trunk, batches, options, folder / "finetuned", device)
        with progress_bar("training", 100) as bar:
            show = reach(bar)
            trainer.run(lambda at, row: show(min(100, round(100 * options.progress(at.step, at.seconds)))))
        return {}
