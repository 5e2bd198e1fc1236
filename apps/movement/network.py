"""The network: every joint by itself first, then attention over joints, then all joints together.

Up to the attention, channel group j is joint j and nothing else, which is what makes a gate the weight of a joint.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pruning.attention import SqueezeExcitation


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network.

    Attributes:
        joints: J.
        dimensions: D, 2 or 3.
        features: channels that each joint has in the stem.
        width: channels of the body.
        attention: gate the joints; False is the control without attention.
        posture: also show the network where a joint is on average. Without, a clip is only its motion: with few
            subjects a network learns their postures by heart instead.
    """

    joints: int = 14
    dimensions: int = 2
    features: int = 4
    width: int = 32
    attention: bool = True
    posture: bool = False

    def __post_init__(self) -> None:
        sizes = (self.joints, self.dimensions, self.features, self.width)
        if not all(type(size) is int and 1 <= size <= 4096 for size in sizes):
            raise ValueError(f"joints, dimensions, features and width must be from 1 to 4096, got {sizes}")


class MovementNet(nn.Module):
    """(B, J, D, T) clips -> logits (B, 2) of typical and atypical, and gates (B, J) in (0, 1)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        joints, features, width = config.joints, config.joints * config.features, config.width
        # Mean and spread of the training clips, per joint and coordinate.
        self.register_buffer("mean", torch.zeros(joints, config.dimensions, 1))
        self.register_buffer("spread", torch.ones(joints, config.dimensions, 1))
        self.stem = nn.Sequential(
            nn.Conv1d(joints * config.dimensions, features, 7, stride=2, padding=3, groups=joints, bias=False),
            nn.BatchNorm1d(features),
            nn.ReLU(),
        )
        self.attention = _even_attention(joints) if config.attention else None
        self.body = nn.Sequential(
            nn.Conv1d(features, width, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Conv1d(width, width, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
        )
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(width, 2))

    def fit_scale(self, clips: Tensor) -> None:
        """Take mean and spread from the training clips."""
        clips = self.visible(clips)
        self.mean = clips.mean((0, 3)).unsqueeze(2)
        self.spread = clips.std((0, 3)).unsqueeze(2).clamp(min=1e-3)

    def visible(self, clips: Tensor) -> Tensor:
        """What of the clips the network looks at: all, or only the motion around each joint's mean place."""
        return clips if self.config.posture else clips - clips.mean(3, keepdim=True)

    def forward(self, clips: Tensor, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """kept: (J,) 0 for joints that are put to their training mean, else 1."""
        x = (self.visible(clips) - self.mean) / self.spread  # (B, J, D, T)
        if kept is not None:
            x = x * kept.view(-1, 1, 1)
        x = self.stem(x.flatten(1, 2)).unflatten(1, (self.config.joints, -1))  # (B, J, F, T)
        gates = x.new_ones(x.shape[:2]) if self.attention is None else self.attention.gates(x)
        x = x * gates[:, :, None, None]
        x = self.body(x.flatten(1, 2)).mean(2)  # (B, width)
        return self.head(x), gates


def _even_attention(joints: int) -> SqueezeExcitation:
    """Attention that starts at 0.5 for every joint.

    From a random start the gates would mostly show that start: training moves them no farther than chance spreads them.
    """
    attention = SqueezeExcitation(joints, reduction=2)
    for parameter in attention.mlp[-1].parameters():
        nn.init.zeros_(parameter)
    return attention
