"""Clips: pieces of equal length cut from recordings, and their random variations for training."""

import math

import numpy as np
import torch
from torch import Tensor

from apps.movement.skeletons import COMMON

MIRROR = torch.tensor(COMMON.mirror)


def cut_clips(tracks: np.ndarray, length: int, source: str) -> Tensor:
    """Overlapping clips, each half a length after the one before; the last one ends with the recording.

    Args:
        tracks: (T, J, D) from `prepare`.
        length: frames of a clip.
        source: for the message.

    Returns:
        (B, J, D, length) float32.

    Raises:
        ValueError: the recording is shorter than a clip.
    """
    if len(tracks) < length:
        raise ValueError(f"{source} has {len(tracks)} frames; a clip needs {length}, give longer tracks or --clip")
    clips = np.stack([tracks[start : start + length] for start in clip_starts(len(tracks), length)])
    return torch.from_numpy(clips.astype(np.float32)).permute(0, 2, 3, 1).contiguous()


def clip_starts(frames: int, length: int) -> list[int]:
    """The first frame of each clip of a recording."""
    return [*range(0, frames - length, max(1, length // 2)), frames - length]


def mirror(clips: Tensor) -> Tensor:
    """The clips of the mirrored body: x changes sign, left and right joints change places."""
    flipped = clips[:, MIRROR].clone()
    flipped[:, :, 0] *= -1
    return flipped


def augment(clips: Tensor, generator: torch.Generator) -> Tensor:
    """Vary clips at random, (B, J, D, T) -> the same.

    Half of them are mirrored; each is turned by up to 10 degrees, scaled by up to 10 %, and shifted by up to a tenth of
    the trunk.
    """
    count = len(clips)
    chosen = torch.rand(count, generator=generator) < 0.5
    clips = torch.where(chosen.view(-1, 1, 1, 1), mirror(clips), clips)
    turn, scale, *shift = (2 * torch.rand(2 + clips.shape[2], count, generator=generator) - 1).unbind()
    angle = turn * math.radians(10)
    x, y = clips[:, :, 0], clips[:, :, 1]
    cos, sin = angle.cos().view(-1, 1, 1), angle.sin().view(-1, 1, 1)
    turned = torch.stack([cos * x - sin * y, sin * x + cos * y, *clips[:, :, 2:].unbind(2)], 2)
    return turned * (1 + 0.1 * scale).view(-1, 1, 1, 1) + 0.1 * torch.stack(shift, 1).view(count, 1, -1, 1)
