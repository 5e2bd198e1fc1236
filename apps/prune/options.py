"""What `artnet prune` is told, as plain data."""

from dataclasses import dataclass
from pathlib import Path

WITHOUT_PICTURES = "or a criterion that needs none, as --criterion l1-dependency"


@dataclass(frozen=True)
class Ranking:
    """How channels are ranked, as `pruning.plan` takes it; no use to a schedule or search, which rank by themselves."""

    criterion: str | None = None
    scope: str = "global"
    normalise: str | None = None
    eps: float = 0.0
    round_to: int = 1
    max_per_layer: float = 1.0


@dataclass(frozen=True)
class Pictures:
    """What the channels are watched on.

    Attributes:
        data: of a classifier: a folder of pictures, or one with train/CLASS/.
        content, style: of an ArtNet: folders of photos and of paintings.
        pictures: how many to use.
        batch: how many at once.
        seed: of the crops.
    """

    data: Path | None = None
    content: Path | None = None
    style: Path | None = None
    pictures: int = 200
    batch: int = 8
    seed: int = 0


@dataclass(frozen=True)
class Training:
    """How the network is trained, while it is pruned or afterwards.

    Attributes:
        schedule, search: by which of these channels are chosen in the course of a training; at most one.
        epochs: length of that training.
        finetune: minutes of training after the removal.
        lr: first learning rate of a classifier.
        batch, seed: of a classifier's training.
        vgg: file of the loss network of an ArtNet, None for torchvision's.
    """

    schedule: str | None = None
    search: str | None = None
    epochs: int = 10
    finetune: float | None = None
    lr: float = 0.01
    batch: int = 8
    seed: int = 0
    vgg: Path | None = None

    @property
    def taught(self) -> str | None:
        """The option that lets a training choose the channels."""
        return "--schedule" if self.schedule is not None else "--search" if self.search is not None else None

    @property
    def wanted(self) -> str | None:
        """The option that asks for a training, of whatever kind."""
        return self.taught or ("--finetune" if self.finetune is not None else None)


@dataclass(frozen=True)
class PruneOptions:
    """A run of `artnet prune`.

    Attributes:
        model, weights, size: see `apps.prune.networks.load_subject`.
        output: folder of the results.
        resume, overwrite: what to do about an earlier result in it.
        target, min_channels, keep, seed, on_unsupported: see `pruning.plan`.
    """

    model: str
    weights: Path | None
    size: int | None
    output: Path
    resume: bool
    overwrite: bool
    target: dict[str, float] | None
    min_channels: int
    keep: list[str]
    seed: int
    on_unsupported: str
    ranking: Ranking
    watched: Pictures
    training: Training


def check(options: PruneOptions) -> None:
    """Refuse options that do not go together, before any work.

    Raises:
        ValueError: saying what to do instead.
    """
    training = options.training
    if training.schedule and training.search:
        raise ValueError("give one of --schedule and --search")
    if options.resume and not training.taught:
        raise ValueError("--resume goes with --schedule or --search")
    if training.wanted and training.batch < 2:
        raise ValueError(f"--batch must be at least 2 for training, got {training.batch}")
    for name in ("finetune", "lr", "epochs"):
        if (value := getattr(training, name)) is not None and not value > 0:
            raise ValueError(f"--{name} must be above 0, got {value}")
    if training.taught:
        _check_taught(training, options.target, options.ranking)


def _check_taught(training: Training, target: dict[str, float] | None, ranking: Ranking) -> None:
    if training.search and list(target or ()) != ["macs"]:
        raise ValueError("--search needs --target macs= (the share to keep)")
    if target is None or "latency_ms" in target:
        raise ValueError("--schedule needs --target macs=, params= or channels= (the share to keep)")
    for name, default in vars(Ranking()).items():
        if getattr(ranking, name) != default:
            raise ValueError(f"--{name.replace('_', '-')} has no use with {training.taught}, which ranks by itself")
