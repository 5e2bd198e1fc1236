"""Random scores: the baseline that any criterion has to beat."""

import zlib

import torch
from torch import Tensor

from pruning.criteria.registry import register
from pruning.criteria.view import GroupView


@register("random")
def random(view: GroupView) -> Tensor:
    """Uniform in [0, 1), (C,); the same for the same seed and group name on every machine."""
    generator = torch.Generator().manual_seed(zlib.crc32(f"{view.seed} {view.group.name}".encode()))
    return torch.rand(view.group.channels, generator=generator)
