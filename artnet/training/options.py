"""What a training run is told, and how its learning rate follows from it."""

import json
import math
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class LossWeights:
    """Weight of each term of the training loss."""

    content: float = 1.0
    style: float = 8.0
    gram: float = 0.5
    texture: float = 1.5
    cross: float = 0.5
    emd: float = 0.0
    similarity: float = 0.0
    tone: float = 0.0
    flat: float = 0.0
    lattice: float = 0.0
    steady: float = 0.0
    distillation: float = 0.0
    pixel: float = 10.0
    perceptual: float = 0.5
    variation: float = 0.1
    sparsity: float = 0.0


@dataclass(frozen=True)
class TrainOptions:
    """Options of a run; the command line takes its defaults from here.

    Attributes:
        size: side of the square crops, pixels.
        short_side: pictures are cut as if their short side had about so many pixels; 0 for crops of half of the short
            side to all of it. A draft that is painted at 256 pixels learns from crops of such pictures.
        batch: photos and paintings drawn in a step (as many of each).
        pairs: paintings that each photo of the batch is painted like, in one step; VGG targets are shared between them.
        auxiliary_every: a photo or a painting is rebuilt, and sparsity measured, in every so many steps.
        swap_share: share of the steps that transfer with S2, the others with AdaIN.
        skip_dropout: share of the steps in which the decoder gets no skips. Without it the decoder learns to paint from
            the skips alone within a few hundred steps, its first layer dies, and S2 changes nothing.
        scales: the losses see every step at so many sizes, 1, 1/2, 1/4, and their mean counts: larger textures and
            shapes under the same trunk, for a quarter of its cost each.
        learning_rate: AdamW's highest, reached after `warmup` steps, then a cosine to a hundredth of it.
        steps, minutes: the budget; where both are given, whichever ends first.
        bfloat16: run network and trunk under bfloat16 autocast, where the hardware multiplies it.
    """

    size: int = 128
    short_side: int = 0
    batch: int = 3
    pairs: int = 2
    auxiliary_every: int = 2
    swap_share: float = 0.5
    skip_dropout: float = 0.5
    scales: int = 2
    learning_rate: float = 1e-3
    warmup: int = 200
    clip: float = 1.0
    weight_decay: float = 1e-4
    steps: int | None = None
    minutes: float | None = None
    seed: int = 0
    bfloat16: bool = True
    checkpoint_minutes: float = 3.0
    preview_every: int = 500
    log_every: int = 20
    weights: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        if self.steps is None and self.minutes is None:
            raise ValueError("training needs a budget: give --steps, --minutes, or both")
        for name in ("size", "batch", "pairs", "scales", "auxiliary_every", "log_every", "learning_rate", "clip"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        if self.pairs > self.batch:
            raise ValueError(f"pairs ({self.pairs}) must not exceed the batch ({self.batch})")
        if self.size < 32 << self.scales:
            raise ValueError(f"crops must be at least {32 << self.scales} pixels for the VGG trunk, got {self.size}")
        if self.short_side and self.short_side < self.size:
            raise ValueError(f"short_side must be 0 or at least the crops' {self.size}, got {self.short_side}")
        for name in ("swap_share", "skip_dropout"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be between 0 and 1, got {getattr(self, name)}")

    def progress(self, step: int, seconds: float) -> float:
        """How much of the budget is used, 0 to 1."""
        used = [0.0]
        if self.steps is not None:
            used.append(step / max(1, self.steps))
        if self.minutes is not None:
            used.append(seconds / (60 * self.minutes))
        return min(1.0, max(used))

    def rate(self, step: int, seconds: float) -> float:
        """Learning rate of a step."""
        cosine = 0.5 * (1 + math.cos(math.pi * self.progress(step, seconds)))
        return self.learning_rate * min(1.0, (step + 1) / max(1, self.warmup)) * (0.01 + 0.99 * cosine)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "TrainOptions":
        values = json.loads(text)
        values["weights"] = LossWeights(**values["weights"])
        return cls(**values)
